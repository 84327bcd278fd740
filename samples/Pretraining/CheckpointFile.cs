using System.Globalization;
using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Checkpoints;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Samples.Pretraining;

/// <summary>Writes the weights as a safetensors file that <c>LoadVisionTransformer</c> reads without further arguments.</summary>
internal static class CheckpointFile
{
    /// <summary>Writes float16 tensors with timm's names, and metadata that tell heads, image size, normalisation and how the weights came about.</summary>
    public static void Write(PretrainingSettings settings, IReadOnlyDictionary<string, Parameter> weights, string description)
    {
        ImageNormalization normalization = PretrainingSettings.Normalization;
        var metadata = new Dictionary<string, string>
        {
            ["heads"] = settings.Config.Heads.ToString(CultureInfo.InvariantCulture),
            ["image_size"] = settings.Config.ImageSize.ToString(CultureInfo.InvariantCulture),
            ["mean"] = Numbers(normalization.Mean),
            ["std"] = Numbers(normalization.Deviation),
            ["description"] = description,
            ["license"] = "MIT",
        };
        using DisposeScope scope = NewDisposeScope();
        Dictionary<string, Tensor> halves = weights.ToDictionary(w => w.Key, w => w.Value.detach().to(ScalarType.Float16));
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(settings.Output))!);
        SafetensorsWriter.Write(settings.Output, halves, metadata);
    }

    private static string Numbers(IReadOnlyList<float> values) => string.Join(",", values.Select(v => v.ToString(CultureInfo.InvariantCulture)));
}
