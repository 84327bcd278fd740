using Microsoft.ML.Continual.Checkpoints;
using Microsoft.ML.Continual.Checkpoints.Layouts;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Backbones.Clip;

/// <summary>Reads the sizes of a CLIP off the tensors of a checkpoint, refuses other architectures, and then reads the weights.</summary>
internal static class ClipCheckpoint
{
    private const string Network = "CLIP with a vision transformer";

    /// <summary>Reads a file of any format that <see cref="CheckpointFile"/> knows. All shapes are checked before anything is read.</summary>
    /// <param name="path">The file.</param>
    /// <param name="imageSize">The side of the images in pixels; null is the checkpoint's own.</param>
    /// <param name="heads">The number of attention heads of the image tower; null is one for every 64 channels.</param>
    /// <param name="textHeads">As <paramref name="heads"/>, of the text tower.</param>
    /// <returns>CPU tensors of the stored types by OpenAI's names, in the caller's dispose scope, positions still of the checkpoint's own image size; the sizes asked for; the file's SHA-256.</returns>
    /// <exception cref="InvalidDataException">The file is damaged or holds another architecture.</exception>
    /// <exception cref="ArgumentException">An argument does not fit the checkpoint.</exception>
    public static (IReadOnlyDictionary<string, Tensor> Tensors, ClipConfig Config, string Sha256) Read(string path, int? imageSize, int? heads, int? textHeads)
    {
        using CheckpointFile file = CheckpointFile.Open(path);
        CheckpointLayout layout = CheckpointLayout.Clip(file);
        ClipConfig stored;
        try
        {
            stored = ClipConfig.Infer(layout.Tensors.ToDictionary(t => t.Key, t => t.Value.Shape.ToArray(), StringComparer.Ordinal), heads, textHeads);
        }
        catch (InvalidDataException e)
        {
            throw layout.NotA(Network, e.Message.TrimEnd('.'));
        }
        IReadOnlyDictionary<string, long[]> shapes = stored.TensorShapes();
        layout.Require(Network, shapes);
        int size = imageSize ?? stored.ImageSize;
        if (size < stored.PatchSize || size % stored.PatchSize != 0)
            throw new ArgumentException($"'{path}': the image size: expected a multiple of the patch size {stored.PatchSize}; found {size}.", nameof(imageSize));
        (IReadOnlyDictionary<string, Tensor> tensors, string sha256) = layout.ReadAll(shapes.Keys);
        return (tensors, stored with { ImageSize = size }, sha256);
    }
}
