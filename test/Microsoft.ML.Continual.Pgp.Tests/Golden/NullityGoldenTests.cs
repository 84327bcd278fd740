using MathNet.Numerics.LinearAlgebra;
using Microsoft.ML.Continual.Testing.Golden;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Pgp.Tests.Golden;

/// <summary>The released code's adaptive nullity and blended projectors on given spectra and matrices, against <see cref="NullSpaceOptions.Reference"/>.</summary>
[TestClass, TestCategory("Golden")]
public sealed class NullityGoldenTests
{
    public static IEnumerable<object[]> Cases => GoldenFolder.Rows("nsp2-nullity-");

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void Nullities_and_projectors_equal_the_released_code(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using GoldenCase golden = GoldenCase.Open(name);
        double[] offsets = Numbers(golden, "offsets"), eta = Numbers(golden, "eta");
        NullityQuery query = NullSpaceOptions.Reference.Affinity;
        for (int spectrum = 0; golden.Has($"spectrum{spectrum}.svals"); spectrum++)
        {
            double[] values = TensorMatrix.ToArray(golden[$"spectrum{spectrum}.svals"]);
            golden.Check($"spectrum{spectrum}.first_null", tensor(offsets.Select(offset => (long)Nullity.FirstNull(values, query with { Offset = offset })!.Value).ToArray()));
            golden.Check($"spectrum{spectrum}.smoothed", tensor(SpectrumSmoother.Gaussian(values, 10)));
        }
        for (int side = 1; side <= 2; side++)
        {
            if (!golden.Has($"big.cov{side}")) continue;
            Matrix<double> covariance = TensorMatrix.ToMatrix(golden[$"big.cov{side}"], (int)golden[$"big.cov{side}"].shape[0]);
            (BlendedProjector blended, double[] values) = SiteNullSpaces.Blend(covariance, [], query, eta[side - 1], normalise: true);
            golden.Check($"big.svals{side}", tensor(values));
            golden.Check($"big.first_null{side}", tensor((long)(blended.Dimension - blended.Nullity)));
            golden.Check($"big.B{side}", TensorMatrix.ToTensor(blended.ToDense().ToRowMajorArray(), blended.Dimension, blended.Dimension));
        }
        golden.Finish();
    }

    private static double[] Numbers(GoldenCase golden, string key) => [.. golden.Config.GetProperty(key).EnumerateArray().Select(v => v.GetDouble())];
}
