using MathNet.Numerics.LinearAlgebra;
using Microsoft.ML.Continual.Methods;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Pgp.Tests.Projection;

[TestClass]
public sealed class DeviceProjectorTests
{
    private static (SubspaceBasis Basis, Parameter Parameter, Matrix<double> Gradient) Draw(int rank, int seed = 4)
    {
        var random = new Random(seed);
        SubspaceBasis basis = rank == 0 ? SubspaceBasis.Empty(6) : SubspaceBasis.Empty(6).Grow(Matrices.Gram(Matrices.Gaussian(random, rank, 6)), new SubspaceRule(1)).Basis;
        Matrix<double> gradient = Matrices.Gaussian(random, 4, 6);
        using DisposeScope scope = NewDisposeScope();
        Parameter parameter = TrainableTensor.Create(zeros(2, 2, 6), CPU);   // rows are the last axis, whatever stands before it
        (parameter * TensorMatrix.ToTensor(gradient.ToRowMajorArray(), 2, 2, 6).to(ScalarType.Float32)).sum().backward();
        return (basis, parameter, gradient);
    }

    private static ProjectionSite Site(Parameter parameter) => new("prompt", parameter, 6, protectsOwnRows: false);

    [TestMethod]
    [DataRow(0)]
    [DataRow(2)]
    [DataRow(6)]
    public void Gradients_are_projected_as_in_float64(int rank)
    {
        using DisposeScope scope = NewDisposeScope();
        (SubspaceBasis basis, Parameter parameter, Matrix<double> gradient) = Draw(rank);
        using (parameter)
        using (var projector = new DeviceProjector(basis, parameter))
        {
            projector.ProjectGradient(Site(parameter), null);
            Matrices.AreClose(basis.Apply(gradient), TensorMatrix.ToMatrix(parameter.grad!, 6), 1e-6);
            projector.ProjectGradient(Site(parameter), null);
            Matrices.AreClose(basis.Apply(gradient), TensorMatrix.ToMatrix(parameter.grad!, 6), 1e-6, "twice");
        }
    }

    [TestMethod]
    public void Only_the_marked_rows_are_projected()
    {
        using DisposeScope scope = NewDisposeScope();
        (SubspaceBasis basis, Parameter parameter, Matrix<double> gradient) = Draw(3);
        using (parameter)
        using (var projector = new DeviceProjector(basis, parameter))
        {
            projector.ProjectGradient(Site(parameter), tensor(new[] { true, false, false, true }));
            Matrix<double> expected = basis.Apply(gradient), found = TensorMatrix.ToMatrix(parameter.grad!, 6);
            for (int row = 0; row < 4; row++)
                for (int column = 0; column < 6; column++) Assert.AreEqual(row is 0 or 3 ? expected[row, column] : gradient[row, column], found[row, column], 1e-6);
        }
    }

    [TestMethod]
    public void A_parameter_without_gradient_is_left_alone()
    {
        using DisposeScope scope = NewDisposeScope();
        using Parameter parameter = TrainableTensor.Create(ones(1, 6), CPU);
        using var projector = new DeviceProjector(Draw(2).Basis, parameter);
        projector.ProjectGradient(Site(parameter), null);
        Assert.IsNull(parameter.grad);
    }

    [TestMethod]
    public void Rows_that_did_not_move_keep_their_bits()
    {
        using DisposeScope scope = NewDisposeScope();
        (SubspaceBasis basis, Parameter parameter, _) = Draw(2);
        using (parameter)
        using (var projector = new DeviceProjector(basis, parameter))
        using (no_grad())
        {
            parameter.copy_(arange(24, ScalarType.Float32).reshape(2, 2, 6) / 7);
            Tensor start = parameter.detach().clone();
            parameter.select(0, 1).add_(0.3);
            projector.ProjectDisplacement(Site(parameter), start, null);
            CollectionAssert.AreEqual(start.select(0, 0).contiguous().data<float>().ToArray(), parameter.detach().select(0, 0).contiguous().data<float>().ToArray());
            Assert.IsTrue((parameter - start).select(0, 1).norm().item<float>() > 0.01f);
        }
    }
}
