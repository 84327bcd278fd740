using Microsoft.ML.Continual.Methods;
using MathNet.Numerics.LinearAlgebra;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Pgp.Tests.NullSpace;

/// <summary>One step of Adam with two-sided projection, and the drift penalty, on numbers worked out by hand.</summary>
[TestClass]
public sealed class NullSpaceStepTests
{
    private static readonly Matrix<double> FirstAxis = Matrix<double>.Build.DenseOfRowArrays([[1.0], [0.0]]);
    private static readonly Matrix<double> AntiDiagonal = Matrix<double>.Build.DenseOfRowArrays([[Math.Sqrt(.5)], [-Math.Sqrt(.5)]]);

    private static Parameter Rows(params float[][] rows) => new(tensor((IList<float>)rows.SelectMany(r => r).ToArray(), new long[] { rows.Length, rows[0].Length }), true);

    private static void AssertValues(double[] expected, Tensor actual, double tolerance)
    {
        double[] found = TensorMatrix.ToArray(actual);
        for (int i = 0; i < expected.Length; i++) Assert.AreEqual(expected[i], found[i], tolerance, string.Join(", ", found));
    }

    [TestMethod]
    [DataRow(1.0, new[] { 0.0, 0, -.009999, -.009999 })]
    [DataRow(.97, new[] { -9.0e-6, 9.0e-6, -.00999897, -.00999903 })]
    public void A_step_is_turned_from_both_sides_and_the_gradient_is_left_alone(double eta, double[] expected)
    {
        using DisposeScope scope = NewDisposeScope();
        using Parameter rows = Rows([.5f, -.25f], [1, 0]);
        var site = new ProjectionSite("rows", rows, 2, protectsOwnRows: false);
        using var state = new NullSpaceSite(site);
        // Null directions: (1, 1)/√2 on the right, the second row on the left.
        state.Begin(site, new SiteNullSpaces(BlendedProjector.Create(AntiDiagonal, 2, eta, true), BlendedProjector.Create(FirstAxis, 2, eta, true), [1, 0], [1, 0]));
        using optim.Optimizer optimizer = optim.Adam([rows], 0.01, 0.9, 0.999, 1e-8, 5e-5);
        Tensor before = rows.detach().clone(), gradient = tensor((IList<float>)[.2f, -.1f, 0, .4f], new long[] { 2, 2 });
        (rows * gradient).sum().backward();
        state.BeforeStep();
        optimizer.step();
        AssertValues([-.01, .01, -.009998, -.01], rows - before, 1e-7);
        state.AfterStep();
        AssertValues(expected, rows - before, 1e-7);
        AssertValues([.2, -.1, 0, .4], rows.grad!, 0.5e-7);
    }

    [TestMethod]
    public void Without_relaxation_a_run_is_that_of_plain_Adam()
    {
        using DisposeScope scope = NewDisposeScope();
        using Parameter plain = Rows([.5f, -.25f], [1, 0]), projected = Rows([.5f, -.25f], [1, 0]);
        var site = new ProjectionSite("rows", projected, 2, protectsOwnRows: false);
        using var state = new NullSpaceSite(site);
        state.Begin(site, new SiteNullSpaces(BlendedProjector.Create(AntiDiagonal, 2, 0, true), BlendedProjector.Create(FirstAxis, 2, 0, true), [1, 0], [1, 0]));
        using optim.Optimizer one = optim.Adam([plain], 0.01), other = optim.Adam([projected], 0.01);
        for (int step = 0; step < 50; step++)
        {
            foreach ((Parameter rows, optim.Optimizer optimizer) in new[] { (plain, one), (projected, other) })
            {
                optimizer.zero_grad();
                (rows - 3).square().sum().backward();
                state.BeforeStep();
                optimizer.step();
                if (ReferenceEquals(rows, projected)) state.AfterStep();
            }
        }
        AssertValues(TensorMatrix.ToArray(plain), projected, 1e-6);
    }

    [TestMethod]
    public void Drift_counts_means_and_deviations_and_starts_flat()
    {
        using DisposeScope scope = NewDisposeScope();
        using Parameter rows = Rows([1, 2, 3, 4], [0, 0, 2, 2]);
        using var drift = new RowDrift([new ProjectionSite("rows", rows, 4, protectsOwnRows: false)]);
        (Tensor means, Tensor deviations) = drift.Terms(sumOverRows: false);
        Assert.AreEqual(0f, (means + deviations).item<float>());
        (means + deviations).backward();
        AssertValues(new double[8], rows.grad!, 0);
        using (no_grad()) rows.copy_(tensor((IList<float>)[1, 2, 3, 6, 0, 0, 4, 4], new long[] { 2, 4 }));
        (means, deviations) = drift.Terms(sumOverRows: false);
        Assert.AreEqual(.75, means.item<float>(), 1e-6);
        Assert.AreEqual(.8763974, deviations.item<float>(), 1e-6);
        (means, deviations) = drift.Terms(sumOverRows: true);
        Assert.AreEqual(3.2527947, (means + deviations).item<float>(), 1e-6);
    }
}
