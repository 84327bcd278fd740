using Microsoft.ML.Continual.Checkpoints;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Backbones.Clip;

/// <summary>Brings a checkpoint file to CLIP's tensors by OpenAI's names, and its sizes.</summary>
internal static class ClipCheckpoint
{
    private const string PatchWeight = "visual.conv1.weight";

    // Numbers that OpenAI's archives keep beside the weights, and the mask that others store.
    private static readonly string[] Ignored = ["input_resolution", "context_length", "vocab_size", "attn_mask"];

    /// <summary>Reads a file, works its sizes out and checks every tensor against them.</summary>
    /// <param name="path">The file.</param>
    /// <param name="imageSize">The side of the images in pixels; null is the checkpoint's own.</param>
    /// <param name="heads">The number of attention heads of the image tower; null is one for every 64 channels.</param>
    /// <param name="textHeads">As <paramref name="heads"/>, of the text tower.</param>
    /// <returns>CPU tensors of the stored types in the caller's dispose scope, positions still of the checkpoint's own image size; the sizes asked for; the file's SHA-256.</returns>
    /// <exception cref="InvalidDataException">The file is damaged or holds another architecture.</exception>
    /// <exception cref="ArgumentException">An argument does not fit the checkpoint.</exception>
    public static (IReadOnlyDictionary<string, Tensor> Tensors, ClipConfig Config, string Sha256) Read(string path, int? imageSize, int? heads, int? textHeads)
    {
        (IReadOnlyDictionary<string, Tensor> tensors, string sha256) = ReadOpenAiTensors(path);
        ClipConfig stored;
        try
        {
            stored = ClipConfig.Infer(tensors.ToDictionary(t => t.Key, t => t.Value.shape, StringComparer.Ordinal), heads, textHeads);
        }
        catch (InvalidDataException e)
        {
            throw NotClip(path, e.Message);
        }
        IReadOnlyDictionary<string, long[]> shapes = stored.TensorShapes();
        foreach ((string name, long[] shape) in shapes)
        {
            if (!tensors.TryGetValue(name, out Tensor? tensor)) throw NotClip(path, $"tensor '{name}': expected the shape [{string.Join(", ", shape)}]; found no such tensor.");
            if (!tensor.shape.SequenceEqual(shape)) throw NotClip(path, $"tensor '{name}': expected the shape [{string.Join(", ", shape)}]; found [{string.Join(", ", tensor.shape)}].");
            if (!tensor.is_floating_point()) throw NotClip(path, $"tensor '{name}': expected a floating type; found {tensor.dtype}.");
        }
        foreach ((string name, Tensor tensor) in tensors)
            if (!shapes.ContainsKey(name) && !Ignored.Contains(name)) throw NotClip(path, $"tensor '{name}' of shape [{string.Join(", ", tensor.shape)}] has no place in it.");

        int size = imageSize ?? stored.ImageSize;
        if (size < stored.PatchSize || size % stored.PatchSize != 0)
            throw new ArgumentException($"'{path}': the image size: expected a multiple of the patch size {stored.PatchSize}; found {size}.", nameof(imageSize));
        return (tensors, stored with { ImageSize = size }, sha256);
    }

    /// <summary>The step from a file to tensors with OpenAI's names: what stands before all names, as frameworks put it there, is taken off.</summary>
    private static (IReadOnlyDictionary<string, Tensor> Tensors, string Sha256) ReadOpenAiTensors(string path)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        string patch = file.Entries.Keys.Where(n => n == PatchWeight || n.EndsWith("." + PatchWeight, StringComparison.Ordinal)).MinBy(n => n.Length)
            ?? throw NotClip(path, $"there is no tensor '{PatchWeight}'.");
        string prefix = patch[..^PatchWeight.Length];
        (IReadOnlyDictionary<string, Tensor> tensors, string sha256) = file.ReadAll(n => n.StartsWith(prefix, StringComparison.Ordinal));
        return (tensors.ToDictionary(t => t.Key[prefix.Length..], t => t.Value, StringComparer.Ordinal), sha256);
    }

    private static InvalidDataException NotClip(string path, string what) => new($"'{path}' is not a CLIP with a vision transformer and OpenAI's names: {what}");
}
