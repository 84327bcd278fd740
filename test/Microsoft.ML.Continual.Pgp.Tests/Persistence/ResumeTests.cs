using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Methods.VisualPrompt;
using Microsoft.ML.Continual.Tests;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Pgp.Tests.Persistence;

[TestClass]
public sealed class ResumeTests
{
    [TestMethod]
    public void A_trainer_is_made_out_of_its_file_alone_projection_and_all()
    {
        using var folder = new TemporaryFolder();
        var mlContext = new MLContext(1);
        using VisionTransformer vit = TinyVit.Create();
        var projection = new PgpOptions { MemorySamples = 8, Sites = { ["prompt"] = new PgpSiteOptions { Energy = 0.9 } } };
        using ContinualTrainer trainer = mlContext.Continual().PromptTuning(new VisualPromptOptions { Backbone = vit, PromptLength = 2, Epochs = 1 }).WithConstraint(projection);
        trainer.Fit(TinyImages.View(mlContext, 4, 1, "cat", "dog")).Dispose();
        trainer.SaveState(folder.File("run.state"));
        using ContinualTrainer resumed = new MLContext(99).Continual().ResumeTrainer(folder.File("run.state"), vit);
        Assert.AreEqual(trainer.Seed, resumed.Seed);
        Assert.AreEqual(0.9, ((PgpOptions)resumed.ConstraintOptions!).Sites["prompt"].Energy);
        IDataView next = TinyImages.View(mlContext, 4, 2, "fox", "dog");
        trainer.Fit(next).Dispose();
        resumed.Fit(next).Dispose();
        Assert.AreEqual(States.Of(trainer), States.Of(resumed));
    }
}
