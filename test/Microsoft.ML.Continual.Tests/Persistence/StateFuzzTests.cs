using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Inference;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.DualPrompt;
using Microsoft.ML.Continual.Methods.L2P;
using Microsoft.ML.Continual.Methods.LinearProbe;
using Microsoft.ML.Continual.Methods.NearestClassMean;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Persistence;

/// <summary>Damaged state and model files of methods, thousands of each kind; see <see cref="StateFuzz"/>.</summary>
[TestClass]
[DoNotParallelize]
public sealed class StateFuzzTests
{
    private const int MaximumTime = 300_000;

    private static readonly VisionTransformer s_backbone = TinyVit.Create();

    private readonly MLContext _mlContext = new(1);
    private readonly StateFuzz _fuzz = new(rawCases: 1500, craftedCases: 3500);

    [ClassCleanup]
    public static void Free() => s_backbone.Dispose();

    [TestCleanup]
    public void Delete() => _fuzz.Dispose();

    [TestMethod]
    [Timeout(MaximumTime, CooperativeCancellation = false)]
    [DataRow("l2p")]
    [DataRow("dualprompt")]
    [DataRow("linear-probe")]
    [DataRow("ncm")]
    public void A_damaged_model_scores_or_says_what_is_wrong(string method)
    {
        using ContinualTrainer trainer = Learn(method);
        using (ContinualTransformer model = trainer.Fit(Rows("fox", "elk"))) model.Save(_fuzz.Sound);
        IDataView image = TinyImages.View(_mlContext, 1, 3, "cat");
        _fuzz.Run(() =>
        {
            using ContinualTransformer model = _mlContext.Continual().LoadModel(_fuzz.Damaged, s_backbone);
            if (model.ImageColumnName == "Image" && model.LabelColumnName == "Label") Assert.HasCount(model.ClassCount, States.Scores(model, image)[0]);
            else Assert.ThrowsExactly<ArgumentException>(() => model.Transform(image));   // any name may be a column's
        });
    }

    [TestMethod]
    [Timeout(MaximumTime, CooperativeCancellation = false)]
    [DataRow("l2p")]
    [DataRow("dualprompt")]
    [DataRow("linear-probe")]
    [DataRow("ncm")]
    public void A_damaged_state_goes_on_or_says_what_is_wrong_and_changes_nothing(string method)
    {
        using ContinualTrainer trainer = Learn(method);
        _fuzz.State(trainer, Rows("fox", "elk"));
        if (method == "ncm") return;   // no step is trained, and so no task is ever in progress
        _fuzz.TaskInProgress(trainer, Rows("fox", "elk"));
    }

    private IDataView Rows(params string[] labels) => TinyImages.View(_mlContext, 2, 1, labels);

    /// <summary>A trainer that has learned its first task.</summary>
    private ContinualTrainer Learn(string method)
    {
        MethodOptions options = method switch
        {
            "l2p" => new L2POptions { PoolSize = 3, PromptLength = 1, TopK = 2 },
            "dualprompt" => new DualPromptOptions { GBlocks = [0], EBlocks = [1], GPromptLength = 2, EPromptLength = 2, PoolSize = 3 },
            "linear-probe" => new LinearProbeOptions(),
            _ => new NearestClassMeanOptions(),
        };
        (options.Backbone, options.Epochs, options.BatchSize, options.Seed) = (s_backbone, 1, 2, 3);
        ContinualTrainer trainer = _mlContext.Continual().Trainer(options);
        trainer.Fit(Rows("cat", "dog")).Dispose();
        return trainer;
    }
}
