using Microsoft.ML.Continual.Inference;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.Rehearsal;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Methods;

/// <summary>iCaRL: vectors of the specification and what the method promises over whole tasks.</summary>
[TestClass]
public sealed class ICarlTests
{
    private readonly MLContext _mlContext = new(1);

    private static Tensor Row(params float[] values) => tensor((IList<float>)values, new long[] { 1, values.Length });

    [TestMethod]
    public void The_papers_targets_and_loss_are_the_hand_computed_ones()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor label = tensor((IList<long>)[2L], new long[] { 1 });
        float[] targets = MethodBench.Values(SigmoidDistillation.Targets(Row(1, -2), label, 4)), expected = [0.73105858f, 0.11920292f, 1, 0];
        for (int i = 0; i < 4; i++) Assert.AreEqual(expected[i], targets[i], 1e-6f);
        Assert.AreEqual(0.5483766, SigmoidDistillation.Loss(Row(1, -2), Row(0.5f, -1, 0.2f, -0.3f), label).item<float>(), 1e-6);
        Assert.AreEqual(0.59663346, SigmoidDistillation.Loss(Row(1, -2), Row(0.5f, -1, 0.2f, -0.3f, 0, 0), label).item<float>(), 1e-6);
        CollectionAssert.AreEqual(new[] { 0f, 0, 1 }, MethodBench.Values(SigmoidDistillation.Targets(null, label, 3)));
        float[] remembered = MethodBench.Values(SigmoidDistillation.Targets(Row(1, -2), tensor((IList<long>)[0L], new long[] { 1 }), 3));
        Assert.AreEqual(0.73105858f, remembered[0], 1e-6f, "the label of a remembered image is not used");
        Assert.AreEqual(0f, remembered[2]);
    }

    [TestMethod]
    [DataRow(ICarlLoss.SoftmaxDistillation, ICarlClassifier.NearestExemplarMean)]
    [DataRow(ICarlLoss.SoftmaxDistillation, ICarlClassifier.Head)]
    [DataRow(ICarlLoss.SigmoidBinary, ICarlClassifier.NearestExemplarMean)]
    public void Old_tasks_stay_known_with_the_memory_as_the_only_way_to_their_images(ICarlLoss loss, ICarlClassifier classifier)
    {
        using var backbone = TinyVit.Create();
        ICarlOptions options = ICarlConformanceTests.Options(backbone);
        (options.Loss, options.Classifier, options.Epochs, options.LearningRate, options.MemorySize) = (loss, classifier, 6, 0.01, 24);
        (options.BatchSize, options.BackboneLearningRateScale) = (8, 0.1);   // so small a random network learns nothing at its full rate
        using ContinualTrainer trainer = _mlContext.Continual().ICarl(options);
        trainer.Fit(TinyImages.View(_mlContext, 8, 1, "cat", "dog")).Dispose();
        trainer.Fit(TinyImages.View(_mlContext, 8, 2, "fox", "elk")).Dispose();
        using ContinualTransformer model = trainer.Fit(TinyImages.View(_mlContext, 8, 2, "hen", "cow"));
        IDataView pets = TinyImages.View(_mlContext, 5, 3, "cat", "dog");
        double right = States.Scores(model, pets).Select((scores, row) => Array.IndexOf(scores, scores.Max()) == row % 2 ? 1.0 : 0).Average();
        Assert.IsGreaterThan(0.6, right);
    }

    [TestMethod]
    public void The_memory_holds_equal_shares_and_old_classes_keep_a_prefix()
    {
        using var backbone = TinyVit.Create();
        using ContinualTrainer trainer = _mlContext.Continual().ICarl(ICarlConformanceTests.Options(backbone));
        trainer.Fit(TinyImages.View(_mlContext, 5, 1, "cat", "dog")).Dispose();
        List<Exemplar> first = ExemplarTensors.Load(trainer.State!.Method, "memory.");
        CollectionAssert.AreEqual(new[] { 4, 4 }, first.GroupBy(e => e.Label).Select(group => group.Count()).ToArray());
        trainer.Fit(TinyImages.View(_mlContext, 5, 1, "fox")).Dispose();
        List<Exemplar> second = ExemplarTensors.Load(trainer.State!.Method, "memory.");
        CollectionAssert.AreEqual(new[] { 2, 2, 2 }, second.GroupBy(e => e.Label).Select(group => group.Count()).ToArray());
        for (int c = 0; c < 2; c++)
            for (int i = 0; i < 2; i++) CollectionAssert.AreEqual(first.Where(e => e.Label == c).ElementAt(i).Image.Bytes, second.Where(e => e.Label == c).ElementAt(i).Image.Bytes);
        Assert.IsTrue(second.All(e => e.Task == (e.Label == 2 ? 1 : 0)));
    }

    [TestMethod]
    public void A_memory_without_room_for_every_class_is_refused_before_training()
    {
        using var backbone = TinyVit.Create();
        ICarlOptions options = ICarlConformanceTests.Options(backbone);
        options.MemorySize = 1;
        using ContinualTrainer trainer = _mlContext.Continual().ICarl(options);
        StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(() => trainer.Fit(TinyImages.View(_mlContext, 2, 1, "cat", "dog"))).Message, "MemorySize");
    }
}
