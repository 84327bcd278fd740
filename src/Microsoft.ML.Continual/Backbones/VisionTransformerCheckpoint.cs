using System.Globalization;
using Microsoft.ML.Continual.Checkpoints;
using Microsoft.ML.Continual.Checkpoints.Layouts;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Backbones;

/// <summary>Reads the sizes of a vision transformer off the tensors of a checkpoint, and refuses other architectures.</summary>
internal sealed class VisionTransformerCheckpoint
{
    private const string PatchWeight = "patch_embed.proj.weight", FirstHidden = "blocks.0.mlp.fc1.weight", Network = "plain vision transformer";
    private const int UsualHeadWidth = 64;

    private readonly CheckpointLayout _layout;

    private VisionTransformerCheckpoint(CheckpointLayout layout, VisionTransformerConfig config, ImageNormalization normalization) =>
        (_layout, Config, Normalization) = (layout, config, normalization);

    public VisionTransformerConfig Config { get; }

    public ImageNormalization Normalization { get; }

    /// <summary>Works out the sizes. Arguments win over the file's metadata, metadata over what is usual.</summary>
    public static VisionTransformerCheckpoint Inspect(CheckpointFile file, int? imageSize, int? heads, ImageNormalization? normalization)
    {
        CheckpointLayout layout = CheckpointLayout.VisionTransformer(file);
        IReadOnlyList<long> patches = Shape(layout, PatchWeight, "[width, 3, patch, patch]");
        if (patches is not [>= 1 and <= int.MaxValue and var width, 3, >= 1 and <= short.MaxValue and var patch, var patchColumns] || patch != patchColumns) throw Wrong(layout, PatchWeight, "[width, 3, patch, patch]");
        IReadOnlyList<long> positions = Shape(layout, "pos_embed", $"[1, 1 + patches, {width}]");
        if (positions is not [1, > 1, var positionWidth] || positionWidth != width) throw Wrong(layout, "pos_embed", $"[1, 1 + patches, {width}]");
        int grid = (int)Math.Round(Math.Sqrt(positions[1] - 1));
        if ((long)grid * grid != positions[1] - 1 || grid > short.MaxValue) throw Wrong(layout, "pos_embed", $"[1, 1 + a square number, {width}]");
        IReadOnlyList<long> hidden = Shape(layout, FirstHidden, $"[MLP width, {width}]");
        if (hidden is not [<= int.MaxValue and var mlpWidth, var hiddenColumns] || hiddenColumns != width) throw Wrong(layout, FirstHidden, $"[MLP width, {width}]");

        // The file's own sizes first: every tensor must fit them.
        var stored = new VisionTransformerConfig((int)(grid * patch), (int)patch, (int)width, Depth(layout), 1, (int)mlpWidth);
        layout.Require(Network, stored.TensorShapes());

        int headCount = heads ?? MetadataInt(file, "heads") ?? layout.Heads ?? (width % UsualHeadWidth == 0 ? (int)width / UsualHeadWidth : 0);
        if (headCount < 1 || width % headCount != 0)
        {
            string found = headCount == 0 ? $"none given, and the width is no multiple of {UsualHeadWidth}" : headCount.ToString(CultureInfo.InvariantCulture);
            throw new ArgumentException($"'{file.Path}': the number of attention heads: expected a divisor of the width {width}; found {found}. Give the argument 'heads'.", nameof(heads));
        }
        int size = imageSize ?? MetadataInt(file, "image_size") ?? stored.ImageSize;
        if (size < patch || size % patch != 0)
            throw new ArgumentException($"'{file.Path}': the image size: expected a multiple of the patch size {patch}; found {size}.", nameof(imageSize));
        return new VisionTransformerCheckpoint(layout, stored with { Heads = headCount, ImageSize = size }, normalization ?? MetadataNormalization(file) ?? ImageNormalization.None);
    }

    /// <summary>Reads the weights by timm's names, and the file's hash. Positions are still of the file's own image size.</summary>
    public (IReadOnlyDictionary<string, Tensor> Tensors, string Sha256) ReadWeights() => _layout.ReadAll(Config.TensorShapes().Keys);

    /// <summary>One more than the highest number of a block. Where numbers are left out, the blocks' tensors are missing.</summary>
    private static int Depth(CheckpointLayout layout)
    {
        int last = 0;
        foreach (string name in layout.Tensors.Keys)
            if (name.Split('.') is ["blocks", var number, _, ..] && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int block)) last = Math.Max(last, block);
        return last < layout.Tensors.Count ? last + 1 : throw layout.NotA(Network, $"expected its blocks numbered from 0 on; found {layout.Tensors.Count} tensors and a block {last}");
    }

    private static IReadOnlyList<long> Shape(CheckpointLayout layout, string name, string expected) =>
        layout.Tensors.TryGetValue(name, out MappedTensor? tensor) ? tensor.Shape : throw layout.NotA(Network, $"{layout.Describe(name)}: expected the shape {expected}; found no such tensor");

    private static int? MetadataInt(CheckpointFile file, string key)
    {
        if (!file.Metadata.TryGetValue(key, out string? text)) return null;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value > 0
            ? value : throw new InvalidDataException($"'{file.Path}': metadata '{key}': expected a positive whole number; found '{text}'.");
    }

    private static ImageNormalization? MetadataNormalization(CheckpointFile file)
    {
        float[]? mean = MetadataNumbers(file, "mean"), deviation = MetadataNumbers(file, "std");
        if (mean is null && deviation is null) return null;
        if (mean is null || deviation is null || deviation.Any(d => d <= 0))
            throw new InvalidDataException($"'{file.Path}': metadata 'mean' and 'std': expected both, with positive deviations; found '{file.Metadata.GetValueOrDefault("mean")}' and '{file.Metadata.GetValueOrDefault("std")}'.");
        return new ImageNormalization(mean, deviation);
    }

    private static float[]? MetadataNumbers(CheckpointFile file, string key)
    {
        if (!file.Metadata.TryGetValue(key, out string? text)) return null;
        string[] parts = text.Trim('[', ']').Split(',');
        float[] numbers = new float[parts.Length];
        for (int i = 0; i < parts.Length; i++)
            if (parts.Length != 3 || !float.TryParse(parts[i], NumberStyles.Float, CultureInfo.InvariantCulture, out numbers[i]) || !float.IsFinite(numbers[i]))
                throw new InvalidDataException($"'{file.Path}': metadata '{key}': expected three numbers separated by commas; found '{text}'.");
        return numbers;
    }

    private static InvalidDataException Wrong(CheckpointLayout layout, string name, string expected) =>
        layout.NotA(Network, $"{layout.Describe(name)}: expected the shape {expected}; found [{string.Join(", ", layout.Tensors[name].Shape)}]");
}
