using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Backbones.Clip;
using Microsoft.ML.Continual.Methods.Alignment;
using Microsoft.ML.Continual.Methods.FineTuning;
using Microsoft.ML.Continual.Methods.Lorac;
using Microsoft.ML.Continual.Methods.Peft;
using Microsoft.ML.Continual.Methods.TaskInference;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Persistence;

/// <summary>The formulae of <c>docs/persistence.md</c>, counted on a small backbone.</summary>
[TestClass]
public sealed class LongStreamTests
{
    private const int Classes = 2, Float = 4, Double = 8, Long = 8;   // new classes a task
    private const int Images = 24, Image = 3 * TinyImages.Size * TinyImages.Size + 5 * Long;   // remembered; the first task has 16
    private const int Rank = 3;   // of LoRAC's updates

    private static readonly int s_width = TinyVit.Config.Width;   // D
    private static readonly long s_weights = TinyVit.Config.TensorShapes().Values.Sum(shape => shape.Aggregate(1L, (product, size) => product * size));   // P
    private static readonly long s_head = Classes * (s_width + 1) * Float, s_tuned = s_head + Classes * Long;   // a task's rows; with the task that brought each class

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

    [TestMethod]
    public void Adapters_grow_by_rows_of_the_classifier() => Grows(vit => _mlContext.Continual().ParameterEfficientTuning(AdapterConformanceTests.Peft(new AdapterOptions { Rank = 3 }, vit)), s_head);

    [TestMethod]
    public void Lora_grows_by_rows_of_the_classifier() => Grows(vit => _mlContext.Continual().ParameterEfficientTuning(AdapterConformanceTests.Peft(new LoraOptions { Rank = 3 }, vit)), s_head);

    [TestMethod]
    public void Prefixes_grow_by_rows_of_the_classifier() =>
        Grows(vit => _mlContext.Continual().ParameterEfficientTuning(AdapterConformanceTests.Peft(new PrefixOptions { Length = 3, PlasticityEpochs = 1 }, vit)), s_head);

    [TestMethod]
    public void Attention_prompts_grow_by_rows_of_the_classifier() =>
        Grows(vit => _mlContext.Continual().ParameterEfficientTuning(AdapterConformanceTests.Peft(new AttentionPromptOptions { Length = 3 }, vit)), s_head);

    [TestMethod]
    public void Coda_prompt_grows_by_components_a_task() => Grows(vit =>
    {
        var options = CodaPromptConformanceTests.Options(vit);
        Assert.AreEqual((2, 2, 2), (options.ComponentsPerTask, options.PromptLength, options.Blocks.Count));
        return _mlContext.Continual().PromptTuning(options);
    }, s_head + 2 * 2 * (2 + 2) * s_width * Float);

    [TestMethod]
    public void RanPac_holds_a_gram_matrix_and_grows_by_sums_and_weights_a_class()
    {
        const int M = 40;
        long rows = Classes * M * (Double + Float);
        Grows(vit => _mlContext.Continual().RanPac(RanPacConformanceTests.Options(vit)), rows, M * M * Double + rows);
        int r = 3;
        long adapters = TinyVit.Config.Depth * (2 * r * s_width + r + s_width) * Float;
        Grows(vit => _mlContext.Continual().RanPac(RanPacWithFirstSessionConformanceTests.Options(vit)), rows, adapters + M * M * Double + rows);
    }

    [TestMethod]
    public void Lorac_grows_by_a_pair_a_matrix_and_task_and_by_the_factors_of_all_compositions() => Grows(Lorac(), [.. After(t => s_head + Pairs + Omegas(t))], s_head + Pairs + Omegas(0));

    [TestMethod]
    public void Matrices_that_lorac_has_frozen_grow_by_factors_only() => Grows(Lorac(options => options.FrozenShare = 1), [.. After(t => s_head + Omegas(t))]);

    [TestMethod]
    [DataRow(AlignmentStatistics.Centroids)]
    [DataRow(AlignmentStatistics.Variance)]
    [DataRow(AlignmentStatistics.Covariance)]
    public void Alignment_adds_statistics_a_class(AlignmentStatistics statistics)
    {
        long numbers = statistics switch { AlignmentStatistics.Centroids => 2 * 2 * s_width, AlignmentStatistics.Variance => 2 * s_width, _ => s_width * (s_width + 1) };
        Grows(Lorac(options => options.Alignment = new ClassifierAlignmentOptions { Statistics = statistics, Centroids = 2, Epochs = 1, Samples = 8 }),
            [.. After(t => s_head + Pairs + Omegas(t) + Classes * numbers * Float)]);
    }

    [TestMethod]
    public void Task_inference_adds_a_matrix_a_cluster() => Grows(Lorac(options => options.TaskInference = new TaskInferenceOptions { Clusters = 2 }),
        [.. After(t => s_head + Pairs + Omegas(t) + Classes * 2 * s_width * (s_width + 1) * Float)]);

    [TestMethod]
    public void Fine_tuning_holds_the_network_and_grows_by_rows_of_the_classifier() =>
        Grows(vit => _mlContext.Continual().FineTuning(FineTuningConformanceTests.Options<FineTuningOptions>(vit)), s_tuned, s_weights * Float + s_tuned);

    [TestMethod]
    public void Lwf_holds_the_network_and_grows_by_rows_of_the_classifier() =>
        Grows(vit => _mlContext.Continual().LearningWithoutForgetting(FineTuningConformanceTests.Options<LwfOptions>(vit)), s_tuned, s_weights * Float + s_tuned);

    [TestMethod]
    [DataRow(1.0)]
    [DataRow(0.9)]   // online
    public void Ewc_with_one_penalty_holds_three_networks(double decay) => Grows(vit =>
    {
        EwcOptions options = EwcConformanceTests.Options(vit);
        options.Decay = decay;
        return _mlContext.Continual().ElasticWeightConsolidation(options);
    }, 3 * s_head + Classes * Long, 3 * s_weights * Float + 3 * s_head + Classes * Long);

    [TestMethod]
    public void Ewc_with_a_penalty_a_task_grows_by_two_networks_with_all_rows_of_the_classifier() => Grows(vit => _mlContext.Continual().ElasticWeightConsolidation(SeparateEwc(vit, penalizeHead: true)),
        [.. After(t => s_tuned + 2 * (s_weights * Float + s_head * (t + 1)))], 3 * s_weights * Float + 2 * s_head + s_tuned);

    [TestMethod]
    public void Ewc_with_a_penalty_a_task_that_leaves_the_classifier_out_grows_by_two_networks() =>
        Grows(vit => _mlContext.Continual().ElasticWeightConsolidation(SeparateEwc(vit, penalizeHead: false)), s_tuned + 2 * s_weights * Float, 3 * s_weights * Float + s_tuned);

    [TestMethod]
    public void Slca_grows_by_two_rows_and_a_covariance_a_class()
    {
        long first = s_tuned + Classes * s_width * (s_width + 1) * Float;
        // The second task is the first whose classifier is aligned: for the classes of both.
        Grows(vit => _mlContext.Continual().SlowLearner(SlcaConformanceTests.Options(vit)), [first + 2 * s_head, first + s_head, first + s_head], s_weights * Float + first);
    }

    [TestMethod]
    public void ICarl_grows_by_rows_and_means_once_its_memory_is_full()
    {
        long rows = s_tuned + Classes * s_width * Float;
        Grows(vit =>
        {
            var options = ICarlConformanceTests.Options(vit);
            options.MemorySize = Images;
            return _mlContext.Continual().ICarl(options);
        }, [rows + (Images - 16) * Image, rows, rows], s_weights * Float + rows + 16 * Image);
    }

    [TestMethod]
    public void Bic_grows_by_rows_once_its_memory_is_full() => Grows(vit =>
    {
        var options = BicConformanceTests.Options(vit);
        options.MemorySize = Images;
        return _mlContext.Continual().BiasCorrection(options);
    }, [s_tuned + (Images - 16) * Image, s_tuned, s_tuned], s_weights * Float + 4 * Double + s_tuned + 16 * Image);

    [TestMethod]
    public void Der_grows_by_rows_and_a_logit_an_image_once_its_memory_is_full()
    {
        const int K = 8;
        long rows = s_tuned + Classes * K * Float;
        Grows(vit =>
        {
            var options = DerConformanceTests.Options(vit);
            Assert.AreEqual(K, options.MemorySize);
            return _mlContext.Continual().DarkExperienceReplay(options);
        }, rows, s_weights * Float + Long + K * (Image + 2 * Long) + rows);
    }

    private static long Pairs => TinyVit.Config.Depth * Rank * (4L * 2 * s_width + 2 * (s_width + TinyVit.Config.MlpWidth)) * Float;

    /// <summary>What task t, 0-based, adds to a square of T · T factors for each of six matrices a block.</summary>
    private static long Omegas(int t) => TinyVit.Config.Depth * 6 * (2 * t + 1) * Float;

    private static IEnumerable<long> After(Func<int, long> bytes) => Enumerable.Range(1, 3).Select(bytes);

    private Func<VisionTransformer, ContinualTrainer> Lorac(Action<LoracOptions>? change = null) => vit =>
    {
        LoracOptions options = LoracConformanceTests.Options(vit);
        Assert.AreEqual(Rank, options.Rank);
        (options.FrozenShare, options.Alignment) = (0, null);
        change?.Invoke(options);
        return _mlContext.Continual().LowRankComposition(options);
    };

    private static EwcOptions SeparateEwc(VisionTransformer vit, bool penalizeHead)
    {
        EwcOptions options = EwcConformanceTests.Options(vit);
        (options.Form, options.PenalizeHead) = (EwcForm.Separate, penalizeHead);
        return options;
    }

    private void Grows(Func<VisionTransformer, ContinualTrainer> create, long bytes, long? first = null) => Grows(create, [bytes, bytes, bytes], first);

    /// <summary>Checks what a trainer's state grows by with each task after the first, and what it holds after the first.</summary>
    private void Grows(Func<VisionTransformer, ContinualTrainer> create, long[] bytes, long? first = null)
    {
        using VisionTransformer vit = TinyVit.Create();
        using ContinualTrainer trainer = create(vit);
        CollectionAssert.AreEqual(bytes, StateBytes.GrowthByTask(trainer, _mlContext, state => state.Method));
        if (first is { } held) Assert.AreEqual(held + bytes.Sum(), trainer.State!.Method.Tensors.Values.Sum(tensor => tensor.numel() * tensor.ElementSize));
    }

    private void Grows(Backbone backbone, ContinualTrainer trainer, long bytes)
    {
        using (trainer) CollectionAssert.AreEqual(new[] { bytes, bytes, bytes }, StateBytes.GrowthByTask(trainer, _mlContext, state => state.Method), backbone.Architecture);
    }
}
