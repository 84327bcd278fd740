using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data.Augmentation;
using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Data;

/// <summary>
/// Brings images to a backbone: crop, resize, flip, scale and normalise, in batches on the backbone's device. Holds no tensor and is safe to
/// call from several threads.
/// </summary>
/// <remarks>
/// <para>A resize is two matrix products, columns first, with the weights of PIL (<see cref="ResampleTaps"/>). For images of bytes each product
/// is rounded to whole levels and clipped, as PIL does, so that results equal PIL's. Crop, window and flip are part of the weights. A backbone on
/// the processor gets its bytes from <see cref="ByteResampler"/> instead: the same levels, without the products by zero.</para>
/// <para>Random numbers are drawn on the host, image by image in the order of the batch, so that results do not depend on threads or devices.</para>
/// </remarks>
/// <param name="backbone">Whose size, device, type and normalisation the images get.</param>
internal sealed class ImagePreparer(Backbone backbone)
{
    // How many values of the result are worked on at once: few enough for a processor's cache, or for a device's memory.
    private const long CpuChunkElements = 1 << 20;
    private const long DeviceChunkElements = 1 << 26;

    private readonly ImagePacker _packer = new(backbone.ImageSize, resizesBytes: backbone.Device.type == DeviceType.CPU);

    /// <summary>Prepares images for prediction.</summary>
    /// <returns>[B, 3, S, S] in the backbone's compute type, in the caller's dispose scope.</returns>
    public Tensor ForEvaluation(IReadOnlyList<HostImage> images, EvaluationView view) => Prepare(PackForEvaluation(images, view));

    /// <summary>Prepares images for training.</summary>
    /// <returns>[B, 3, S, S] in the backbone's compute type, in the caller's dispose scope.</returns>
    public Tensor ForTraining(IReadOnlyList<HostImage> images, TrainingView view, EvaluationView evaluation, SeededRandom random) =>
        Prepare(PackForTraining(images, view, evaluation, random));

    /// <summary>The host half of <see cref="ForEvaluation"/>, for a background thread.</summary>
    public PackedImages PackForEvaluation(IReadOnlyList<HostImage> images, EvaluationView view) =>
        _packer.Pack(images, [.. images.Select(image => ViewPlan.ForEvaluation(image.Height, image.Width, backbone.ImageSize, view))]);

    /// <summary>The host half of <see cref="ForTraining"/>, for a background thread.</summary>
    public PackedImages PackForTraining(IReadOnlyList<HostImage> images, TrainingView view, EvaluationView evaluation, SeededRandom random)
    {
        var plans = new ViewPlan[images.Count];
        AugmentPair[]? pairs = view.AutoAugment == AutoAugmentPolicy.None ? null : new AugmentPair[images.Count];
        for (int i = 0; i < plans.Length; i++)
        {
            (int height, int width) = (images[i].Height, images[i].Width);
            if (pairs is not null) pairs[i] = AutoAugment.Draw(view.AutoAugment, height, width, random);
            plans[i] = ViewPlan.ForTraining(height, width, backbone.ImageSize, view, evaluation, random);
        }
        if (pairs is null) return _packer.Pack(images, plans);
        using var augmented = new AugmentedImages(images, pairs);
        return _packer.Pack(augmented.Images, plans);
    }

    /// <summary>The device half: resizes, scales and normalises what was packed.</summary>
    /// <returns>[B, 3, S, S] in the backbone's compute type, in the caller's dispose scope.</returns>
    public Tensor Prepare(PackedImages packed)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        int size = backbone.ImageSize;
        Tensor images = empty([packed.Count, 3, size, size], ScalarType.Float32, backbone.Device);
        long start = 0;
        foreach (PackedGroup group in packed.Groups)
        {
            PrepareGroup(group, images.narrow(0, start, group.Positions.Length));
            start += group.Positions.Length;
        }
        if (packed.Groups.Count > 1)
        {
            long[] places = new long[packed.Count];   // where each image of the batch lies among the groups
            long next = 0;
            foreach (int position in packed.Groups.SelectMany(group => group.Positions)) places[position] = next++;
            images = images.index_select(0, from_array(places).to(backbone.Device));
        }
        return Normalize(images).to(backbone.ComputeType).MoveToOuterDisposeScope();
    }

    /// <summary>Writes a group's images, in [0, 1], to [n, 3, S, S] float32.</summary>
    private void PrepareGroup(PackedGroup group, Tensor target)
    {
        using var scope = NewDisposeScope();
        long n = group.Positions.Length, size = backbone.ImageSize, height = group.Height, width = group.Width;
        bool bytes = group.Bytes is not null;
        Tensor raw = bytes ? from_array(group.Bytes!) : OwnMemory.Copy(from_array(group.Floats!));   // bytes are converted, and so copied, before they are computed with
        Tensor pixels = raw.view(n, height, 3, width).to(backbone.Device);
        if (group.Horizontal is null)
        {
            target.copy_(pixels.permute(0, 2, 1, 3));   // [n, S, 3, S] -> [n, 3, S, S]
        }
        else
        {
            // A level is at most 255 · 2²² of the weights' units: float32 would round such sums, and round the wrong way where PIL meets a half.
            ScalarType type = bytes ? ScalarType.Float64 : ScalarType.Float32;
            Tensor horizontal = Weights(group.Horizontal, width, type), vertical = Weights(group.Vertical!, height, type);
            long chunk = Math.Max(1, (backbone.Device.type == DeviceType.CPU ? CpuChunkElements : DeviceChunkElements) / (3 * size * size));
            for (long start = 0; start < n; start += chunk)
            {
                using var chunkScope = NewDisposeScope();
                long count = Math.Min(chunk, n - start);
                Tensor resized = Resize(pixels.narrow(0, start, count).to(type), Part(horizontal, start, count), Part(vertical, start, count), bytes, group.Overshoots);
                target.narrow(0, start, count).copy_(resized);
            }
        }
        if (bytes) target.div_(255);
    }

    /// <summary>Resizes [n, H, 3, W] to [n, 3, S, S], both products one after the other, columns first.</summary>
    private Tensor Resize(Tensor pixels, Tensor horizontal, Tensor vertical, bool rounds, bool overshoots)
    {
        long n = pixels.shape[0], height = pixels.shape[1], width = pixels.shape[3], size = backbone.ImageSize;
        if (rounds) pixels.add_(0.5);   // the weights sum to 1, so that floor rounds half up, as PIL does
        Tensor columns = horizontal.shape[0] == 1
            ? pixels.view(n * height * 3, width).mm(horizontal[0].t())                      // [n * H * 3, W] x [W, S]
            : pixels.view(n, height * 3, width).bmm(horizontal.transpose(1, 2));            // [n, H * 3, W] x [n, W, S]
        if (rounds) RoundDown(columns, overshoots).add_(0.5);
        Tensor rows = vertical.expand(n, size, height).bmm(columns.view(n, height, 3 * size));   // [n, S, H] x [n, H, 3 * S] -> [n, S, 3 * S]
        if (rounds) RoundDown(rows, overshoots);
        return rows.view(n, size, 3, size).permute(0, 2, 1, 3);   // [n, S, 3 * S] -> [n, 3, S, S]
    }

    /// <summary>[n or 1, S, inputs] on the device.</summary>
    private Tensor Weights(float[] weights, long inputs, ScalarType type) =>
        OwnMemory.Copy(from_array(weights)).view(-1, backbone.ImageSize, inputs).to(backbone.Device).to(type);

    private static Tensor Part(Tensor weights, long start, long count) => weights.shape[0] == 1 ? weights : weights.narrow(0, start, count);

    private static Tensor RoundDown(Tensor pixels, bool overshoots)
    {
        pixels.floor_();
        return overshoots ? pixels.clamp_(0, 255) : pixels;
    }

    private Tensor Normalize(Tensor images)
    {
        ImageNormalization normalization = backbone.Normalization;
        if (normalization.Mean.All(mean => mean == 0) && normalization.Deviation.All(deviation => deviation == 1)) return images;
        Tensor mean = tensor([.. normalization.Mean], [1, 3, 1, 1], device: backbone.Device);
        Tensor deviation = tensor([.. normalization.Deviation], [1, 3, 1, 1], device: backbone.Device);
        return images.sub_(mean).div_(deviation);
    }
}
