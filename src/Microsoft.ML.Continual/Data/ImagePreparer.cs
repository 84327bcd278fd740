using Microsoft.ML.Continual.Backbones;
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
/// is rounded to whole levels and clipped, as PIL does, so that results equal PIL's. Crop, window and flip are part of the weights.</para>
/// <para>Random numbers are drawn on the host, image by image in the order of the batch, so that results do not depend on threads or devices.</para>
/// </remarks>
/// <param name="backbone">Whose size, device, type and normalisation the images get.</param>
internal sealed class ImagePreparer(Backbone backbone)
{
    private readonly ImagePacker _packer = new(backbone.ImageSize);

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
        for (int i = 0; i < plans.Length; i++) plans[i] = ViewPlan.ForTraining(images[i].Height, images[i].Width, backbone.ImageSize, view, evaluation, random);
        return _packer.Pack(images, plans);
    }

    /// <summary>The device half: resizes, scales and normalises what was packed.</summary>
    /// <returns>[B, 3, S, S] in the backbone's compute type, in the caller's dispose scope.</returns>
    public Tensor Prepare(PackedImages packed)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        Tensor images;
        if (packed.Groups.Count == 1)
        {
            images = PrepareGroup(packed.Groups[0]);
        }
        else
        {
            long[] places = new long[packed.Count];   // where each image of the batch lies in the joined groups
            long next = 0;
            foreach (int position in packed.Groups.SelectMany(group => group.Positions)) places[position] = next++;
            Tensor joined = cat([.. packed.Groups.Select(PrepareGroup)], 0);
            images = joined.index_select(0, from_array(places).to(backbone.Device));
        }
        return Normalize(images).to(backbone.ComputeType).MoveToOuterDisposeScope();
    }

    /// <summary>[n, 3, S, S] float32 in [0, 1], free to be changed in place.</summary>
    private Tensor PrepareGroup(PackedGroup group)
    {
        using var scope = NewDisposeScope();
        long n = group.Positions.Length, size = backbone.ImageSize;
        bool bytes = group.Bytes is not null;
        Tensor pixels = from_array(bytes ? group.Bytes! : group.Floats!).view(n, 3, group.Height, group.Width).to(backbone.Device);
        if (bytes) pixels = pixels.to(ScalarType.Float32);   // the copy to the device was four times smaller before
        if (group.Horizontal is not null)
        {
            if (bytes) pixels.add_(0.5);   // weights sum to 1, so floor then rounds half up as PIL does
            Tensor columns = Product(pixels.view(n, 3 * group.Height, group.Width), group.Horizontal, n, transposed: true);   // [n, 3 * H, S]
            if (bytes) RoundDown(columns, group.Overshoots).add_(0.5);
            columns = columns.view(n * 3, group.Height, size);   // [n, 3 * H, S] -> [n * 3, H, S]
            pixels = Product(columns, group.Vertical!, n, transposed: false);   // [n * 3, S, S]
            if (bytes) RoundDown(pixels, group.Overshoots);
            pixels = pixels.view(n, 3, size, size);   // [n * 3, S, S] -> [n, 3, S, S]
        }
        if (bytes) pixels = pixels.div_(255);
        return pixels.MoveToOuterDisposeScope();
    }

    /// <summary>Multiplies by resize weights: pixels [n, R, W] by weights [S, W] from the right, or pixels [3n, H, S] by weights [S, H] from the left.</summary>
    private Tensor Product(Tensor pixels, float[] weights, long n, bool transposed)
    {
        long size = backbone.ImageSize, inputs = pixels.shape[transposed ? 2 : 1];
        Tensor matrices = from_array(weights).view(-1, size, inputs).to(backbone.Device);   // [n or 1, S, inputs]
        bool shared = matrices.shape[0] == 1;
        if (transposed)
        {
            return shared
                ? pixels.view(-1, inputs).mm(matrices[0].t()).view(n, -1, size)   // [n * R, W] x [W, S] -> [n, R, S]
                : pixels.bmm(matrices.transpose(1, 2));                            // [n, R, W] x [n, W, S] -> [n, R, S]
        }
        // One matrix serves the three planes of an image.
        Tensor repeated = shared
            ? matrices.expand(3 * n, size, inputs)                                                     // [1, S, H] -> [3n, S, H]
            : matrices.unsqueeze(1).expand(n, 3, size, inputs).reshape(3 * n, size, inputs);           // [n, S, H] -> [3n, S, H]
        return repeated.bmm(pixels);                                                                   // [3n, S, H] x [3n, H, S] -> [3n, S, S]
    }

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
        return images.sub(mean).div_(deviation);
    }
}
