using System.Globalization;
using Microsoft.ML.Continual.Checkpoints;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Backbones;

/// <summary>Reads the sizes of a vision transformer off the tensors of a checkpoint, and refuses other architectures.</summary>
internal sealed class VisionTransformerCheckpoint
{
    private const string PatchWeight = "patch_embed.proj.weight";
    private const int UsualHeadWidth = 64;

    // Classifiers and what stands before them: not part of the backbone.
    private static readonly string[] Ignored = ["head.", "head_dist.", "pre_logits."];

    private readonly string _prefix;

    private VisionTransformerCheckpoint(string prefix, VisionTransformerConfig config, ImageNormalization normalization)
    {
        _prefix = prefix;
        Config = config;
        Normalization = normalization;
    }

    public VisionTransformerConfig Config { get; }

    public ImageNormalization Normalization { get; }

    /// <summary>Works out the sizes. Arguments win over the file's metadata, metadata over what is usual.</summary>
    public static VisionTransformerCheckpoint Inspect(SafetensorsFile file, int? imageSize, int? heads, ImageNormalization? normalization)
    {
        // Frameworks wrap models and put "module.", "backbone." or the like before every name.
        string? patchName = file.Entries.Keys.Where(n => n == PatchWeight || n.EndsWith("." + PatchWeight, StringComparison.Ordinal)).MinBy(n => n.Length);
        if (patchName is null) throw NotPlain(file, $"there is no tensor '{PatchWeight}'");
        string prefix = patchName[..^PatchWeight.Length];

        if (file.Entries[patchName].Shape is not [var width, 3, var patch, var patchColumns] || patch != patchColumns || width < 1 || patch < 1)
            throw Wrong(file, patchName, "[width, 3, patch, patch]");
        SafetensorsEntry positions = Find(file, prefix + "pos_embed", $"[1, 1 + patches, {width}]");
        if (positions.Shape is not [1, > 1, var positionWidth] || positionWidth != width) throw Wrong(file, positions.Name, $"[1, 1 + patches, {width}]");
        int grid = (int)Math.Round(Math.Sqrt(positions.Shape[1] - 1));
        if ((long)grid * grid != positions.Shape[1] - 1) throw Wrong(file, positions.Name, $"[1, 1 + a square number, {width}]");
        SafetensorsEntry hidden = Find(file, prefix + "blocks.0.mlp.fc1.weight", $"[MLP width, {width}]");
        if (hidden.Shape is not [var mlpWidth, var hiddenColumns] || hiddenColumns != width) throw Wrong(file, hidden.Name, $"[MLP width, {width}]");
        int depth = 0;
        while (file.Entries.ContainsKey($"{prefix}blocks.{depth}.mlp.fc1.weight")) depth++;

        // The file's own sizes first: every tensor must fit them.
        var stored = new VisionTransformerConfig((int)(grid * patch), (int)patch, (int)width, depth, 1, (int)mlpWidth);
        IReadOnlyDictionary<string, long[]> shapes = stored.TensorShapes();
        foreach ((string name, long[] shape) in shapes)
        {
            string expected = $"[{string.Join(", ", shape)}]";
            SafetensorsEntry entry = Find(file, prefix + name, expected);
            if (!entry.Shape.SequenceEqual(shape)) throw Wrong(file, entry.Name, expected);
            if (entry.Type is not (ScalarType.Float32 or ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Float64))
                throw NotPlain(file, $"tensor '{entry.Name}': expected a floating type; found {entry.Type}");
        }
        foreach (SafetensorsEntry entry in file.Entries.Values)
        {
            if (!entry.Name.StartsWith(prefix, StringComparison.Ordinal)) continue;
            string name = entry.Name[prefix.Length..];
            if (!shapes.ContainsKey(name) && !Ignored.Any(i => name.StartsWith(i, StringComparison.Ordinal)))
                throw NotPlain(file, $"tensor '{entry.Name}' of shape [{string.Join(", ", entry.Shape)}] has no place in it");
        }

        int headCount = heads ?? MetadataInt(file, "heads") ?? (width % UsualHeadWidth == 0 ? (int)width / UsualHeadWidth : 0);
        if (headCount < 1 || width % headCount != 0)
        {
            string found = headCount == 0 ? $"none given, and the width is no multiple of {UsualHeadWidth}" : headCount.ToString(CultureInfo.InvariantCulture);
            throw new ArgumentException($"'{file.Path}': the number of attention heads: expected a divisor of the width {width}; found {found}. Give the argument 'heads'.", nameof(heads));
        }
        int size = imageSize ?? MetadataInt(file, "image_size") ?? stored.ImageSize;
        if (size < patch || size % patch != 0)
            throw new ArgumentException($"'{file.Path}': the image size: expected a multiple of the patch size {patch}; found {size}.", nameof(imageSize));
        return new VisionTransformerCheckpoint(prefix, stored with { Heads = headCount, ImageSize = size }, normalization ?? MetadataNormalization(file) ?? ImageNormalization.None);
    }

    /// <summary>Reads the weights by timm's names, and the file's hash, in one pass. Positions are still of the file's own image size.</summary>
    public (IReadOnlyDictionary<string, Tensor> Tensors, string Sha256) ReadWeights(SafetensorsFile file)
    {
        IReadOnlyDictionary<string, long[]> shapes = Config.TensorShapes();
        (IReadOnlyDictionary<string, Tensor> read, string sha256) =
            file.ReadAll(n => n.StartsWith(_prefix, StringComparison.Ordinal) && shapes.ContainsKey(n[_prefix.Length..]));
        return (read.ToDictionary(t => t.Key[_prefix.Length..], t => t.Value, StringComparer.Ordinal), sha256);
    }

    private static SafetensorsEntry Find(SafetensorsFile file, string name, string expected) =>
        file.Entries.TryGetValue(name, out SafetensorsEntry? entry) ? entry : throw NotPlain(file, $"tensor '{name}': expected the shape {expected}; found no such tensor");

    private static int? MetadataInt(SafetensorsFile file, string key)
    {
        if (!file.Metadata.TryGetValue(key, out string? text)) return null;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value > 0
            ? value : throw new InvalidDataException($"'{file.Path}': metadata '{key}': expected a positive whole number; found '{text}'.");
    }

    private static ImageNormalization? MetadataNormalization(SafetensorsFile file)
    {
        float[]? mean = MetadataNumbers(file, "mean"), deviation = MetadataNumbers(file, "std");
        if (mean is null && deviation is null) return null;
        if (mean is null || deviation is null || deviation.Any(d => d <= 0))
            throw new InvalidDataException($"'{file.Path}': metadata 'mean' and 'std': expected both, with positive deviations; found '{file.Metadata.GetValueOrDefault("mean")}' and '{file.Metadata.GetValueOrDefault("std")}'.");
        return new ImageNormalization(mean, deviation);
    }

    private static float[]? MetadataNumbers(SafetensorsFile file, string key)
    {
        if (!file.Metadata.TryGetValue(key, out string? text)) return null;
        string[] parts = text.Trim('[', ']').Split(',');
        float[] numbers = new float[parts.Length];
        for (int i = 0; i < parts.Length; i++)
            if (parts.Length != 3 || !float.TryParse(parts[i], NumberStyles.Float, CultureInfo.InvariantCulture, out numbers[i]) || !float.IsFinite(numbers[i]))
                throw new InvalidDataException($"'{file.Path}': metadata '{key}': expected three numbers separated by commas; found '{text}'.");
        return numbers;
    }

    private static InvalidDataException Wrong(SafetensorsFile file, string name, string expected) =>
        NotPlain(file, $"tensor '{name}': expected the shape {expected}; found [{string.Join(", ", file.Entries[name].Shape)}]");

    private static InvalidDataException NotPlain(SafetensorsFile file, string what) =>
        new($"'{file.Path}' is not a plain vision transformer with timm's names: {what}.");
}
