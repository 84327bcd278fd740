using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Methods.FineTuning;
using Microsoft.ML.Continual.Methods.Rehearsal;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Training;

/// <summary>Methods that train the network, with penalties, teachers and memories, go on from a file bit for bit: between tasks and in the middle of one.</summary>
[TestClass]
public sealed class TunedStateTests
{
    private readonly MLContext _mlContext = new(1);
    private string _folder = "";

    [TestInitialize]
    public void Make_a_folder() => _folder = Directory.CreateTempSubdirectory("tuned-").FullName;

    [TestCleanup]
    public void Remove_the_folder() => Directory.Delete(_folder, recursive: true);

    private ContinualTrainer Create(string method, Backbone backbone)
    {
        ContinualCatalog continual = _mlContext.Continual();
        return method switch
        {
            "ft" => continual.FineTuning(FineTuningConformanceTests.Options<FineTuningOptions>(backbone)),
            "ewc" => continual.ElasticWeightConsolidation(EwcConformanceTests.Options(backbone)),
            "lwf" => continual.LearningWithoutForgetting(FineTuningConformanceTests.Options<LwfOptions>(backbone)),
            "icarl" => continual.ICarl(ICarlConformanceTests.Options(backbone)),
            "derpp" => continual.DarkExperienceReplay(DerConformanceTests.Options(backbone)),
            "bic" => continual.BiasCorrection(BicConformanceTests.Options(backbone)),
            "slca" => continual.SlowLearner(SlcaConformanceTests.Options(backbone)),
            _ => throw new ArgumentException(method),
        };
    }

    [TestMethod]
    [DataRow("ft")]
    [DataRow("ewc")]
    [DataRow("lwf")]
    [DataRow("icarl")]
    [DataRow("derpp")]
    [DataRow("bic")]
    [DataRow("slca")]
    public void A_run_goes_on_from_a_file_written_in_the_middle_of_its_second_task(string method)
    {
        using VisionTransformer backbone = TinyVit.Create();
        IDataView one = TinyImages.View(_mlContext, 5, 1, "cat", "dog"), two = TinyImages.View(_mlContext, 5, 2, "fox", "elk"), three = TinyImages.View(_mlContext, 4, 3, "owl");
        string between = Path.Combine(_folder, "between.state"), within = Path.Combine(_folder, "within.state"), copy = Path.Combine(_folder, "copy.state");
        using ContinualTrainer straight = Create(method, backbone), first = Create(method, backbone), second = Create(method, backbone), third = Create(method, backbone);
        foreach (IDataView task in new[] { one, two, three }) straight.Fit(task).Dispose();

        first.Fit(one).Dispose();
        first.SaveState(between);
        second.LoadState(between);
        int written = 0;
        second.KeepState(within, everySteps: 1);
        second.StateKept = path =>
        {
            if (++written == 4) File.Copy(path, copy);   // in the second of two epochs, or late in the first
        };
        second.Fit(two).Dispose();
        second.Fit(three).Dispose();
        Assert.AreEqual(States.Of(straight), States.Of(second), "from between two tasks");

        third.LoadState(copy);
        Assert.IsNotNull(third.TaskInProgress);
        third.Fit(two).Dispose();
        third.Fit(three).Dispose();
        Assert.AreEqual(States.Of(straight), States.Of(third), "from the middle of a task");
    }
}
