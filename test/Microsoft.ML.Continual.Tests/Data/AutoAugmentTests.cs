using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Data.Augmentation;
using Microsoft.ML.Continual.Numerics;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Data;

[TestClass]
public sealed class AutoAugmentTests
{
    private static readonly TrainingView s_view = TrainingView.RandomResizedCrop with { FlipProbability = 0 };

    private static HostImage Noise(int height, int width, int seed, bool floats = false)
    {
        var random = new SeededRandom(seed);
        byte[] bytes = [.. Enumerable.Range(0, 3 * height * width).Select(_ => (byte)random.NextInt(256))];
        return floats ? new HostImage(height, width, null, [.. bytes.Select(b => b / 255f)], 0) : new HostImage(height, width, bytes, null, 0);
    }

    private static float[] Prepare(HostImage[] images, TrainingView view, SeededRandom random)
    {
        using var scope = NewDisposeScope();
        return new ImagePreparer(new PlainBackbone(12)).ForTraining(images, view, EvaluationView.Resize, random).contiguous().data<float>().ToArray();
    }

    [TestMethod]
    [DataRow(AutoAugmentPolicy.Cifar10)]
    [DataRow(AutoAugmentPolicy.ImageNet)]
    public void Operations_are_applied_as_often_as_the_policy_says_with_either_sign(AutoAugmentPolicy policy)
    {
        const int Count = 40_000;
        var random = new SeededRandom(2);
        var pairs = AugmentTables.Of(policy).ToArray();
        Assert.HasCount(25, pairs);
        AugmentPair[] drawn = [.. Enumerable.Range(0, Count).Select(_ => AutoAugment.Draw(policy, 32, 48, random))];
        foreach (AugmentOperation operation in Enum.GetValues<AugmentOperation>())
        {
            double first = pairs.Sum(pair => pair.First.Operation == operation ? pair.First.Probability : 0) / 25;
            double second = pairs.Sum(pair => pair.Second.Operation == operation ? pair.Second.Probability : 0) / 25;
            Assert.AreEqual(first, drawn.Count(pair => pair.First?.Operation == operation) / (double)Count, 0.01, $"first {operation}");
            Assert.AreEqual(second, drawn.Count(pair => pair.Second?.Operation == operation) / (double)Count, 0.01, $"second {operation}");
        }
        AugmentAction[] signed = [.. drawn.SelectMany(pair => new[] { pair.First, pair.Second }).OfType<AugmentAction>().Where(a => a.Operation <= AugmentOperation.Sharpness && a.Magnitude != 0)];
        Assert.AreEqual(0.5, signed.Count(action => action.Magnitude > 0) / (double)signed.Length, 0.02);
        // Every pair can come: what it does when both operations are applied was drawn, unless a probability is 0.
        foreach ((AugmentStep a, AugmentStep b) in pairs.Where(pair => pair.First.Probability > 0 && pair.Second.Probability > 0))
            Assert.IsTrue(drawn.Any(pair => Same(pair.First, a) && Same(pair.Second, b)), $"{a}, {b}");

        static bool Same(AugmentAction? action, AugmentStep step) =>
            action == AutoAugment.Act(step, true, 32, 48) || action == AutoAugment.Act(step, false, 32, 48);
    }

    [TestMethod]
    public void Probability_0_is_never_and_1_always()
    {
        var random = new SeededRandom(4);
        AugmentPair[] cifar = [.. Enumerable.Range(0, 5000).Select(_ => AutoAugment.Draw(AutoAugmentPolicy.Cifar10, 32, 32, random))];
        // Solarize at level 2 stands with Invert at the probability 0.
        Assert.IsTrue(cifar.Any(pair => pair.First == AutoAugment.Act(new(AugmentOperation.Solarize, 0.5, 2), true, 32, 32)));
        Assert.IsFalse(cifar.Any(pair => pair.First == AutoAugment.Act(new(AugmentOperation.Solarize, 0.5, 2), true, 32, 32) && pair.Second is not null));
        // Shears stand with Equalize at the probability 1.
        AugmentPair[] sheared = [.. Enumerable.Range(0, 5000).Select(_ => AutoAugment.Draw(AutoAugmentPolicy.ImageNet, 32, 32, random)).Where(pair => pair.First?.Operation == AugmentOperation.ShearX)];
        Assert.IsGreaterThan(50, sheared.Length);
        Assert.IsTrue(sheared.All(pair => pair.Second?.Operation == AugmentOperation.Equalize));
    }

    [TestMethod]
    public void Each_image_takes_five_numbers_and_without_a_policy_none()
    {
        SeededRandom augmented = new(1), plain = new(1), counted = new(1);
        Prepare([Noise(20, 16, 1)], s_view with { Kind = TrainingViewKind.SameAsEvaluation }, plain);
        CollectionAssert.AreEqual(counted.GetState(), plain.GetState());
        Prepare([Noise(20, 16, 1)], s_view with { Kind = TrainingViewKind.SameAsEvaluation, AutoAugment = AutoAugmentPolicy.ImageNet }, augmented);
        for (int i = 0; i < 5; i++) counted.NextUInt64();
        CollectionAssert.AreEqual(counted.GetState(), augmented.GetState());
    }

    [TestMethod]
    public void Augmented_images_depend_on_the_seed_alone_and_leave_the_originals_as_they_are()
    {
        HostImage[] images = [.. Enumerable.Range(0, 30).Select(i => Noise(18 + i % 3, 16, i))];
        byte[][] before = [.. images.Select(image => image.Bytes!.ToArray())];
        TrainingView view = s_view with { AutoAugment = AutoAugmentPolicy.Cifar10 };
        float[] once = Prepare(images, view, new SeededRandom(5));
        CollectionAssert.AreEqual(once, Prepare(images, view, new SeededRandom(5)));
        CollectionAssert.AreNotEqual(once, Prepare(images, view, new SeededRandom(6)));
        for (int i = 0; i < images.Length; i++) CollectionAssert.AreEqual(before[i], images[i].Bytes);
    }

    [TestMethod]
    public void Images_of_floats_become_the_bytes_they_were_made_from()
    {
        TrainingView view = s_view with { AutoAugment = AutoAugmentPolicy.ImageNet };
        HostImage[] bytes = [.. Enumerable.Range(0, 12).Select(i => Noise(18, 16, i))], floats = [.. Enumerable.Range(0, 12).Select(i => Noise(18, 16, i, floats: true))];
        CollectionAssert.AreEqual(Prepare(bytes, view, new SeededRandom(5)), Prepare(floats, view, new SeededRandom(5)));
    }

    [TestMethod]
    public void View_with_a_policy_is_not_deterministic_and_an_unknown_policy_or_filter_is_refused()
    {
        Assert.IsTrue(TrainingView.Deterministic.IsDeterministic);
        Assert.IsFalse((TrainingView.Deterministic with { AutoAugment = AutoAugmentPolicy.Cifar10 }).IsDeterministic);
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => (s_view with { AutoAugment = (AutoAugmentPolicy)9 }).Validate("TrainingView")).Message, "Option TrainingView.AutoAugment: expected a known policy, found 9");
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => (s_view with { Filter = (ResizeFilter)9 }).Validate("TrainingView")).Message, "Option TrainingView.Filter: expected a known filter, found 9");
    }
}
