using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Backbones.Clip;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Persistence;

/// <summary>The formulae of <c>docs/persistence.md</c>, counted on a small backbone.</summary>
[TestClass]
public sealed class LongStreamTests
{
    private const int Classes = 2, Float = 4, Double = 8;   // new classes a task

    private static readonly int s_width = TinyVit.Config.Width;   // D

    private readonly MLContext _mlContext = new(1);

    [TestMethod]
    public void L2P_grows_by_rows_of_the_classifier() => Grows(vit => _mlContext.Continual().PromptTuning(L2PConformanceTests.Options(vit)), Classes * (s_width + 1) * Float);

    [TestMethod]
    public void DualPrompt_grows_by_rows_of_the_classifier() => Grows(vit => _mlContext.Continual().PromptTuning(DualPromptConformanceTests.Options(vit)), Classes * (s_width + 1) * Float);

    [TestMethod]
    public void Visual_prompt_grows_by_rows_of_the_classifier() =>
        Grows(vit => _mlContext.Continual().PromptTuning(new Microsoft.ML.Continual.Methods.VisualPrompt.VisualPromptOptions { Backbone = vit, PromptLength = 2, Epochs = 1, Seed = 1 }), Classes * (s_width + 1) * Float);

    [TestMethod]
    public void Deep_prompts_grow_by_rows_of_the_classifier() =>
        Grows(vit => _mlContext.Continual().PromptTuning(new Microsoft.ML.Continual.Methods.DeepPrompt.DeepPromptOptions { Backbone = vit, PromptLength = 2, Epochs = 1, Seed = 1 }), Classes * (s_width + 1) * Float);

    [TestMethod]
    public void The_linear_probe_grows_by_rows_of_the_classifier() => Grows(vit => _mlContext.Continual().LinearProbe(LinearProbeConformanceTests.Options(vit)), Classes * (s_width + 1) * Float);

    [TestMethod]
    public void Class_means_grow_by_a_sum_and_a_count_a_class() => Grows(vit => _mlContext.Continual().NearestClassMean(NearestClassMeanConformanceTests.Options(vit)), Classes * (s_width + 1) * Double);

    [TestMethod]
    public void Clip_prompts_grow_by_a_context_a_task()
    {
        var options = ClipPromptConformanceTests.Options(TinyClip.Create());
        using Backbone clip = options.Backbone!;
        Grows(clip, _mlContext.Continual().PromptTuning(options), options.ContextLength * TinyClip.Config.TextWidth * Float);
    }

    [TestMethod]
    public void Deep_prompts_of_clip_grow_by_texts_and_statistics_a_class()
    {
        using ClipModel clip = TinyClip.Create();
        int d = TinyClip.Config.Width;
        Grows(clip, _mlContext.Continual().PromptTuning(new Microsoft.ML.Continual.Methods.ClipDeepPrompt.ClipDeepPromptOptions { Backbone = clip, PromptLength = 2, BlockCount = 2, Epochs = 1, RefinementEpochs = 1, Seed = 1 }),
            Classes * (TinyClip.Config.EmbedWidth * Float + d * Double + d * d * Float));
    }

    private void Grows(Func<VisionTransformer, ContinualTrainer> create, long bytes)
    {
        using VisionTransformer vit = TinyVit.Create();
        Grows(vit, create(vit), bytes);
    }

    private void Grows(Backbone backbone, ContinualTrainer trainer, long bytes)
    {
        using (trainer) CollectionAssert.AreEqual(new[] { bytes, bytes, bytes }, StateBytes.GrowthByTask(trainer, _mlContext, state => state.Method), backbone.Architecture);
    }
}
