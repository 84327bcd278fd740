using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Backbones.Clip;
using Microsoft.ML.Continual.Evaluation;
using Microsoft.ML.Continual.Inference;
using Microsoft.ML.Continual.Methods.ClipPrompt;
using Microsoft.ML.Continual.Methods.L2P;
using Microsoft.ML.Continual.Tasks;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Training;
using Microsoft.ML.Data;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Training;

/// <summary>CLIP prompts through the trainer, as a user meets them.</summary>
[TestClass]
public sealed class ClipPromptTrainerTests
{
    private readonly MLContext _mlContext = new(1);
    private ClipModel _clip = null!;
    private ClipPromptOptions _options = null!;

    private ContinualCatalog Continual => _mlContext.Continual();

    [TestInitialize]
    public void Open() => _options = ClipPromptConformanceTests.Options(_clip = TinyClip.Create());

    [TestCleanup]
    public void Close() => _clip.Dispose();

    [TestMethod]
    public void Labels_are_the_class_names_unless_others_are_given()
    {
        float[][] plain = Scores(), other;
        _options.ClassNames["dog"] = "dog";
        States.AssertEqual(plain, Scores());
        _options.ClassNames["dog"] = "big_dog";
        other = Scores();
        CollectionAssert.AreNotEqual(plain[0], other[0]);
        _options.ClassNames["dog"] = "big dog";
        States.AssertEqual(other, Scores());   // underscores are spaces

        float[][] Scores()
        {
            using ContinualTrainer trainer = Continual.PromptTuning(_options);
            using ContinualTransformer model = trainer.Fit(TinyImages.View(_mlContext, 2, 1, "cat", "dog"));
            return States.Scores(model, TinyImages.View(_mlContext, 2, 2, "cat", "dog"));
        }
    }

    [TestMethod]
    public void Numbers_need_names()
    {
        using ContinualTrainer trainer = Continual.PromptTuning(_options);
        string message = Assert.ThrowsExactly<ArgumentException>(() => trainer.Fit(Numbered())).Message;
        foreach (string part in new[] { "ClassNames", "class 7", "number" }) StringAssert.Contains(message, part);
        Assert.AreEqual(0, trainer.TasksSeen);

        (_options.ClassNames["7"], _options.ClassNames["9"]) = ("cat", "dog");
        using ContinualTrainer named = Continual.PromptTuning(_options);
        using ContinualTransformer model = named.Fit(Numbered());
        CollectionAssert.AreEqual(new[] { "7", "9" }, model.Classes.Names.ToArray());

        IDataView Numbered() => _mlContext.Data.LoadFromEnumerable(TinyImages.Make(2, 1, "cat", "dog").Select(row => new NumberedImage { Image = row.Image, Label = row.Label == "cat" ? 7 : 9 }).ToList());
    }

    [TestMethod]
    public void A_name_too_long_for_the_text_tower_is_named()
    {
        using ContinualTrainer trainer = Continual.PromptTuning(_options);
        trainer.Fit(TinyImages.View(_mlContext, 1, 1, "cat")).Dispose();
        string before = States.Of(trainer), longName = new('q', 20);
        string message = Assert.ThrowsExactly<ArgumentException>(() => trainer.Fit(TinyImages.View(_mlContext, 1, 1, "dog", longName))).Message;
        foreach (string part in new[] { $"'{longName}'", "25 tokens", "at most 16", "ContextLength" }) StringAssert.Contains(message, part);
        Assert.AreEqual(before, States.Of(trainer));
    }

    [TestMethod]
    public void Backbones_of_another_kind_are_refused_either_way()
    {
        using VisionTransformer vit = TinyVit.Create();
        _options.Backbone = vit;
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => Continual.PromptTuning(_options)).Message, "a CLIP, found ViT");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => Continual.PromptTuning(new L2POptions { Backbone = _clip })).Message, "found CLIP ViT");
        using ClipModel mute = ClipModel.FromTensors(TinyClip.Weights(TinyClip.Config), TinyClip.Config);
        _options.Backbone = mute;
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => Continual.PromptTuning(_options)).Message, "bpe_simple_vocab_16e6.txt.gz");
    }

    [TestMethod]
    [DataRow(nameof(ClipPromptOptions.ImagePromptLength), 0)]
    [DataRow(nameof(ClipPromptOptions.ContextLength), 0)]
    [DataRow(nameof(ClipPromptOptions.ContextLength), 13)]
    [DataRow(nameof(ClipPromptOptions.FirstTaskLearningRate), 0.0)]
    [DataRow(nameof(ClipPromptOptions.FirstTaskWeightDecay), -1.0)]
    public void Options_out_of_range_are_refused_by_name(string option, object value)
    {
        typeof(ClipPromptOptions).GetProperty(option)!.SetValue(_options, value);
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => Continual.PromptTuning(_options)).Message, option);
    }

    [TestMethod]
    public void A_blank_name_is_refused_and_the_trainer_keeps_the_names_it_was_made_with()
    {
        _options.ClassNames["cat"] = " ";
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => Continual.PromptTuning(_options)).Message, "ClassNames[cat]");
        _options.ClassNames["cat"] = "cat";
        using ContinualTrainer trainer = Continual.PromptTuning(_options);
        _options.ClassNames["cat"] = new string('q', 50);
        trainer.Fit(TinyImages.View(_mlContext, 1, 1, "cat")).Dispose();
    }

    [TestMethod]
    public void Told_the_task_a_model_uses_that_tasks_context()
    {
        using ContinualTrainer trainer = Continual.PromptTuning(_options);
        IDataView one = TinyImages.View(_mlContext, 3, 1, "cat", "dog"), two = TinyImages.View(_mlContext, 3, 2, "cat", "fox");
        ContinualTask first = new("one", one, one), second = new("two", two, two);
        trainer.Fit(first).Dispose();
        using ContinualTransformer model = trainer.Fit(second);
        double told = Continual.Evaluate(model, first, EvaluationSetting.TaskIncremental).LogLoss, other = Continual.Evaluate(model, new ContinualTask("two", one, one), EvaluationSetting.TaskIncremental).LogLoss;
        Assert.AreNotEqual(told, other);
        Assert.AreEqual(1, Continual.Evaluate(model, first, EvaluationSetting.TaskIncremental).TopFiveAccuracy);
    }

    private sealed class NumberedImage
    {
        [VectorType(3, TinyImages.Size, TinyImages.Size)]
        public byte[] Image { get; set; } = [];

        public int Label { get; set; }
    }
}
