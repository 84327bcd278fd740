using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Inference;
using Microsoft.ML.Continual.Methods.ClipPrompt;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Pgp.Tests.Conformance;

/// <summary>CLIP prompts with a preset of PGP, through the suite that every method and constraint must pass.</summary>
public abstract class ClipPromptWithPgpConformance : ConformanceSuite
{
    private protected abstract PgpOptions Options { get; }

    private protected sealed override Backbone CreateBackbone() => TinyClip.Create();

    private protected sealed override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone) =>
        mlContext.Continual().PromptTuning(ClipPgpTrainerTests.MethodOptions(backbone)).WithGradientProjection(Options);
}

[TestClass]
public sealed class ClipPromptWithStackedConformanceTests : ClipPromptWithPgpConformance
{
    private protected override PgpOptions Options => PgpOptions.Stacked;
}

[TestClass]
public sealed class ClipPromptWithPaperConformanceTests : ClipPromptWithPgpConformance
{
    private protected override PgpOptions Options => PgpOptions.Paper;
}

[TestClass]
public sealed class ClipPromptWithInputOnlyConformanceTests : ClipPromptWithPgpConformance
{
    private protected override PgpOptions Options => PgpOptions.InputOnly;
}

[TestClass]
public sealed class ClipPromptWithReferenceConformanceTests : ClipPromptWithPgpConformance
{
    private protected override PgpOptions Options => PgpOptions.ClipReference;

    private protected override int SmallestTask => TinyClip.Config.Width;
}

/// <summary>Gradient projection of CLIP's image prompt through the trainer, as a user meets it.</summary>
[TestClass]
public sealed class ClipPgpTrainerTests
{
    internal static ClipPromptOptions MethodOptions(Backbone backbone) => new()
    {
        Backbone = backbone, Epochs = 1, BatchSize = 4, ImagePromptLength = 3, ContextLength = 2, EvaluationView = EvaluationView.Resize, Seed = 11,
    };

    [TestMethod]
    public void The_preset_of_the_released_code_projects_from_the_second_task_on()
    {
        var mlContext = new MLContext(1);
        using Backbone backbone = TinyClip.Create();
        using ContinualTrainer trainer = mlContext.Continual().PromptTuning(MethodOptions(backbone)).WithGradientProjection(PgpOptions.ClipReference);
        trainer.Fit(TinyImages.View(mlContext, 10, 1, "cat", "dog")).Dispose();
        Assert.IsNull(trainer.LastAudit);
        using ContinualTransformer model = trainer.Fit(TinyImages.View(mlContext, 10, 2, "fox", "elk"));
        Assert.IsNotNull(trainer.LastAudit);
        Assert.AreEqual(4, model.ClassCount);
        StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(() => trainer.Fit(TinyImages.View(mlContext, 4, 3, "owl"))).Message, "needs 16 training images");
    }

    [TestMethod]
    public void With_everything_protected_the_image_prompt_stays_and_the_new_context_learns()
    {
        var mlContext = new MLContext(1);
        using Backbone backbone = TinyClip.Create();
        ClipPromptOptions options = MethodOptions(backbone);
        (options.LearningRate, options.FirstTaskLearningRate) = (0.1, 0.1);
        // Random patches fill all 16 directions: with all energy protected nothing is left to move in.
        using ContinualTrainer trainer = mlContext.Continual().PromptTuning(options).WithGradientProjection(new PgpOptions { Energy = 1 });
        trainer.Fit(TinyImages.View(mlContext, 10, 1, "cat", "dog")).Dispose();
        float[] before = Values("image_prompt"), contextBefore = Values("text_contexts");
        trainer.Fit(TinyImages.View(mlContext, 10, 2, "fox", "elk")).Dispose();
        float[] after = Values("image_prompt"), contextsAfter = Values("text_contexts");
        Assert.IsLessThan(1e-6, before.Zip(after).Max(p => Math.Abs(p.First - p.Second)));
        CollectionAssert.AreEqual(contextBefore, contextsAfter[..contextBefore.Length]);
        Assert.HasCount(2 * contextBefore.Length, contextsAfter);

        float[] Values(string tensor) => trainer.State!.Method.Get(tensor, null).data<float>().ToArray();
    }
}
