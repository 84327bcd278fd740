using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Numerics;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Data;

[TestClass]
public sealed class ImagePreparerTests
{
    private static readonly TrainingView CropOnly = new(TrainingViewKind.RandomResizedCrop, FlipProbability: 0);

    private static HostImage Noise(int height, int width, int seed, bool floats = false)
    {
        var random = new SeededRandom(seed);
        byte[] bytes = [.. Enumerable.Range(0, 3 * height * width).Select(_ => (byte)random.NextInt(256))];
        return floats ? new HostImage(height, width, null, [.. bytes.Select(b => b / 255f)], 0) : new HostImage(height, width, bytes, null, 0);
    }

    private static float[] Values(Tensor images) => images.to(ScalarType.Float32).contiguous().data<float>().ToArray();

    [TestMethod]
    public void Image_of_the_right_size_is_scaled_and_nothing_else()
    {
        using var scope = NewDisposeScope();
        HostImage image = Noise(8, 8, 1);
        Tensor prepared = new ImagePreparer(new PlainBackbone(8)).ForEvaluation([image], EvaluationView.Resize);
        CollectionAssert.AreEqual(new long[] { 1, 3, 8, 8 }, prepared.shape);
        CollectionAssert.AreEqual(image.Bytes!.Select(b => b / 255f).ToArray(), Values(prepared));
        Tensor floats = new ImagePreparer(new PlainBackbone(8)).ForEvaluation([Noise(8, 8, 1, floats: true)], EvaluationView.Resize);
        CollectionAssert.AreEqual(Values(prepared), Values(floats));
    }

    [TestMethod]
    public void Centre_crop_of_an_image_that_has_the_resized_size_copies_pixels()
    {
        using var scope = NewDisposeScope();
        HostImage image = Noise(9, 9, 2);   // int(8 · 256/224) = 9; offset round(0.5) = 0
        float[] found = Values(new ImagePreparer(new PlainBackbone(8)).ForEvaluation([image], EvaluationView.ResizeAndCrop));
        float[] expected = [.. from c in Enumerable.Range(0, 3) from y in Enumerable.Range(0, 8) from x in Enumerable.Range(0, 8) select image.Bytes![(c * 9 + y) * 9 + x] / 255f];
        CollectionAssert.AreEqual(expected, found);
    }

    [TestMethod]
    [DataRow(8, DisplayName = "copied pixels")]
    [DataRow(11, DisplayName = "resampled pixels")]
    public void Flip_is_the_mirror_image(int side)
    {
        using var scope = NewDisposeScope();
        HostImage image = Noise(side, side, 3);
        var preparer = new ImagePreparer(new PlainBackbone(8));
        Tensor plain = preparer.ForTraining([image], TrainingView.Deterministic, EvaluationView.Resize, new SeededRandom(1));
        Tensor flipped = preparer.ForTraining([image], new TrainingView(TrainingViewKind.SameAsEvaluation, 1, FlipProbability: 1), EvaluationView.Resize, new SeededRandom(1));
        CollectionAssert.AreEqual(Values(plain.flip(3)), Values(flipped));
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Batch_of_many_sizes_gives_each_image_what_it_gets_alone(bool floats)
    {
        using var scope = NewDisposeScope();
        (int Height, int Width)[] sizes = [(10, 12), (300, 20), (8, 8), (1200, 1100), (9, 31), (1, 5), (10, 12), (700, 1500)];
        HostImage[] images = [.. sizes.Select((size, i) => Noise(size.Height, size.Width, i, floats))];
        var preparer = new ImagePreparer(new PlainBackbone(8));
        PackedImages packed = new ImagePacker(8, resizesBytes: false).Pack(images, [.. images.Select(image => ViewPlan.ForEvaluation(image.Height, image.Width, 8, EvaluationView.ResizeAndCrop))]);
        Assert.IsGreaterThan(1, packed.Groups.Count, "Padding all to the largest would waste memory.");
        Tensor together = preparer.Prepare(packed);
        for (int i = 0; i < images.Length; i++)
        {
            Tensor alone = preparer.ForEvaluation([images[i]], EvaluationView.ResizeAndCrop)[0];
            AssertClose(Values(alone), Values(together[i]), 1e-5f, $"image {i}");
        }
    }

    [TestMethod]
    public void Bytes_and_floats_in_one_batch_are_kept_apart()
    {
        using var scope = NewDisposeScope();
        HostImage[] images = [Noise(6, 6, 1), Noise(8, 8, 2, floats: true), Noise(8, 8, 3)];
        var preparer = new ImagePreparer(new PlainBackbone(8));
        Tensor together = preparer.ForEvaluation(images, EvaluationView.Resize);
        for (int i = 0; i < images.Length; i++)
            CollectionAssert.AreEqual(Values(preparer.ForEvaluation([images[i]], EvaluationView.Resize)), Values(together[i]));
    }

    [TestMethod]
    public void Float_images_are_resampled_by_the_same_filters_without_rounding()
    {
        using var scope = NewDisposeScope();
        foreach (ResizeFilter filter in Enum.GetValues<ResizeFilter>())
        {
            var view = new EvaluationView(false, Filter: filter);
            var preparer = new ImagePreparer(new PlainBackbone(16));
            float[] bytes = Values(preparer.ForEvaluation([Noise(9, 23, 4)], view)), floats = Values(preparer.ForEvaluation([Noise(9, 23, 4, floats: true)], view));
            float[] clipped = [.. floats.Select(value => Math.Clamp(value, 0, 1))];
            AssertClose(bytes, clipped, 2.5f / 255, filter.ToString());
            Assert.IsTrue(floats.Any(value => Math.Abs(value * 255 - MathF.Round(value * 255)) > 0.1), "Floats were rounded to levels.");
        }
    }

    [TestMethod]
    public void Constant_image_stays_constant_under_every_view()
    {
        using var scope = NewDisposeScope();
        var image = new HostImage(13, 29, [.. Enumerable.Repeat((byte)77, 3 * 13 * 29)], null, 0);
        var preparer = new ImagePreparer(new PlainBackbone(24));
        var random = new SeededRandom(9);
        for (int i = 0; i < 20; i++)
            Assert.IsTrue(Values(preparer.ForTraining([image], TrainingView.RandomResizedCrop, EvaluationView.Resize, random)).All(value => value == 77 / 255f));
        Assert.IsTrue(Values(preparer.ForEvaluation([image], EvaluationView.ResizeAndCrop)).All(value => value == 77 / 255f));
    }

    [TestMethod]
    public void Random_views_depend_on_the_seed_alone_and_go_on_from_batch_to_batch()
    {
        using var scope = NewDisposeScope();
        HostImage[] images = [.. Enumerable.Range(0, 6).Select(i => Noise(20, 24, i))];
        var preparer = new ImagePreparer(new PlainBackbone(12));
        float[] Run(int seed, int batch)
        {
            var random = new SeededRandom(seed);
            return [.. images.Chunk(batch).SelectMany(some => Values(preparer.ForTraining(some, TrainingView.RandomResizedCrop, EvaluationView.Resize, random)))];
        }
        CollectionAssert.AreEqual(Run(1, 6), Run(1, 6));
        AssertClose(Run(1, 6), Run(1, 2), 1.01f / 255, "batches of another size");
        CollectionAssert.AreNotEqual(Run(1, 6), Run(2, 6));
    }

    [TestMethod]
    public void Normalisation_and_type_are_the_backbones()
    {
        using var scope = NewDisposeScope();
        HostImage image = Noise(8, 8, 1);
        float[] plain = Values(new ImagePreparer(new PlainBackbone(8)).ForEvaluation([image], EvaluationView.Resize));
        float[] normal = Values(new ImagePreparer(new PlainBackbone(8, ImageNormalization.ImageNet)).ForEvaluation([image], EvaluationView.Resize));
        float[] expected = [.. plain.Select((value, i) => (value - ImageNormalization.ImageNet.Mean[i / 64]) / ImageNormalization.ImageNet.Deviation[i / 64])];
        AssertClose(expected, normal, 1e-6f, "normalised");
        Tensor half = new ImagePreparer(new PlainBackbone(8, computeType: ScalarType.BFloat16)).ForEvaluation([image], EvaluationView.Resize);
        Assert.AreEqual(ScalarType.BFloat16, half.dtype);
        AssertClose(plain, Values(half), 1f / 256, "bfloat16");
    }

    [TestMethod]
    public void Matrix_products_and_whole_numbers_give_the_same_levels()
    {
        using var scope = NewDisposeScope();
        var random = new SeededRandom(8);
        for (int i = 0; i < 60; i++)
        {
            int size = 1 + random.NextInt(70);
            HostImage[] images = [.. Enumerable.Range(0, 3).Select(k => Noise(1 + random.NextInt(90), 1 + random.NextInt(90), 100 * i + k))];
            var view = new EvaluationView(i % 2 == 0, Filter: i % 3 == 0 ? ResizeFilter.Bilinear : ResizeFilter.Bicubic);
            TrainingView training = i % 5 == 0 ? TrainingView.RandomResizedCrop : new TrainingView(TrainingViewKind.SameAsEvaluation);
            ViewPlan[] plans = [.. images.Select(image => ViewPlan.ForTraining(image.Height, image.Width, size, training, view, random))];
            var preparer = new ImagePreparer(new PlainBackbone(size));
            float[] products = Values(preparer.Prepare(new ImagePacker(size, false).Pack(images, plans)));
            CollectionAssert.AreEqual(products, Values(preparer.Prepare(new ImagePacker(size, true).Pack(images, plans))), $"size {size}, view {view}");
        }
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void Crop_takes_no_pixel_from_outside_its_box(bool onHost)
    {
        using var scope = NewDisposeScope();
        byte[] pixels = [.. Enumerable.Repeat((byte)255, 3 * 20 * 20)];
        for (int c = 0; c < 3; c++)
            for (int y = 5; y < 12; y++) pixels.AsSpan((c * 20 + y) * 20 + 3, 9).Clear();
        var plan = new ViewPlan(5, 3, 7, 9, 16, 16, 0, 0, ResizeFilter.Bicubic, false);
        Tensor prepared = new ImagePreparer(new PlainBackbone(16)).Prepare(new ImagePacker(16, onHost).Pack([new HostImage(20, 20, pixels, null, 0)], [plan]));
        Assert.AreEqual(0f, Values(prepared).Max());
    }

    [TestMethod]
    public void Preparing_leaves_no_tensor_but_the_result()
    {
        using var scope = NewDisposeScope();
        HostImage[] images = [Noise(20, 24, 1), Noise(1200, 900, 2), Noise(12, 12, 3, floats: true)];
        var preparer = new ImagePreparer(new PlainBackbone(12, ImageNormalization.ImageNet));
        long before = Live();
        Tensor prepared = preparer.ForTraining(images, CropOnly, EvaluationView.Resize, new SeededRandom(1));
        Assert.AreEqual(before + 1, Live());
        prepared.Dispose();
        Assert.AreEqual(before, Live());

        static long Live() => LiveTensors.Count();
    }

    private static void AssertClose(float[] expected, float[] found, float tolerance, string what)
    {
        Assert.HasCount(expected.Length, found);
        float worst = expected.Zip(found).Max(pair => Math.Abs(pair.First - pair.Second));
        Assert.IsLessThanOrEqualTo(tolerance, worst, what);
    }
}
