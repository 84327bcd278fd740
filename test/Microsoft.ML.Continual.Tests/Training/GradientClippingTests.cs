using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Training;

[TestClass]
public sealed class GradientClippingTests
{
    [TestMethod]
    public void Gradients_of_all_parameters_are_scaled_by_one_coefficient()
    {
        using var scope = NewDisposeScope();
        Parameter a = WithGradient(3, 0), b = WithGradient(0, 4), without = new(zeros(2), true);
        GradientClipping.ClipGlobalNorm([a, without, b], 1);
        double coefficient = 1 / (5 + 1e-6);
        AssertGradient(a, 3 * coefficient, 0);
        AssertGradient(b, 0, 4 * coefficient);
        Assert.IsNull(without.grad);
    }

    [TestMethod]
    public void Small_gradients_keep_their_bits()
    {
        using var scope = NewDisposeScope();
        Parameter a = WithGradient(0.3f, -0.2f);
        GradientClipping.ClipGlobalNorm([a], 1);
        CollectionAssert.AreEqual(new[] { 0.3f, -0.2f }, a.grad!.data<float>().ToArray());
    }

    [TestMethod]
    public void No_gradient_at_all_is_no_error() => GradientClipping.ClipGlobalNorm([], 1);

    private static Parameter WithGradient(params float[] gradient)
    {
        var parameter = new Parameter(zeros(gradient.Length), true);
        (parameter * tensor((IList<float>)gradient, new long[] { gradient.Length })).sum().backward();
        return parameter;
    }

    private static void AssertGradient(Parameter parameter, params double[] expected)
    {
        float[] actual = parameter.grad!.data<float>().ToArray();
        for (int i = 0; i < expected.Length; i++) Assert.AreEqual(expected[i], actual[i], 1e-6);
    }
}
