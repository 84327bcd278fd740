using MathNet.Numerics.LinearAlgebra;
using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.Peft;
using Microsoft.ML.Continual.Testing.Golden;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Pgp.Tests.Golden;

/// <summary>What the cases of PEGP have in common.</summary>
internal static class PegpGolden
{
    public static VisionTransformer Backbone(GoldenCase golden)
    {
        Dictionary<string, Tensor> weights = golden.Named("init.backbone.");
        return VisionTransformer.FromTensors(weights, new VisionTransformerConfig(
            golden.Int("image"), golden.Int("patch"), golden.Int("dim"), golden.Int("depth"), golden.Int("heads"), (int)weights["blocks.0.mlp.fc1.weight"].shape[0]), CPU);
    }

    /// <summary>The parameters but those of the classifier.</summary>
    public static IEnumerable<TrainableParameter> Tuned(PeftMethod method) => method.Parameters.Where(p => p.Name.StartsWith("pets.", StringComparison.Ordinal));

    public static void Load(GoldenCase golden, PeftMethod method, string prefix)
    {
        using IDisposable frozen = no_grad();
        foreach (TrainableParameter parameter in Tuned(method)) parameter.Value.copy_(golden[prefix + parameter.Name]);
    }

    public static Tensor ToTensor(Matrix<double> matrix) => TensorMatrix.ToTensor(matrix.ToRowMajorArray(), matrix.RowCount, matrix.ColumnCount);

    public static Matrix<double> ToMatrix(Tensor rows) => TensorMatrix.ToMatrix(rows, (int)rows.shape[1]);
}
