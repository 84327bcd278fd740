using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Inference;
using Microsoft.ML.Continual.Tasks;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Training;
using Microsoft.ML.Data;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;

namespace Microsoft.ML.Continual.Tests.Training;

[TestClass]
public sealed class ContinualTrainerTests
{
    private readonly MLContext _mlContext = new(1);
    private readonly StubBackbone _backbone = new();

    private IDataView Cats => TinyImages.View(_mlContext, 4, 1, "cat", "dog");

    private ContinualTrainer Create(Action<ColourOptions>? change = null)
    {
        var options = new ColourOptions { Seed = 3, Backbone = _backbone };
        change?.Invoke(options);
        return _mlContext.Continual().Trainer(options);
    }

    [TestMethod]
    public void Options_out_of_range_are_named_when_the_trainer_is_made()
    {
        (Action<ColourOptions> Change, string Says)[] cases =
        [
            (o => o.Epochs = 0, "Option Epochs: expected at least 1, found 0"),
            (o => o.LearningRate = double.NaN, "Option LearningRate"),
            (o => o.BatchSize = -1, "Option BatchSize"),
            (o => o.Backbone = null, "Option Backbone"),
            (o => o.TrainingView = null!, "Option TrainingView: expected a view, found null"),
            (o => o.TrainingView = new((TrainingViewKind)7), "Option TrainingView.Kind: expected a known kind, found 7"),
            (o => o.TrainingView = TrainingView.RandomResizedCrop with { MinimumArea = 0 }, "Option TrainingView.MinimumArea: expected in (0, 1], found 0"),
            (o => o.TrainingView = TrainingView.RandomResizedCrop with { FlipProbability = double.NaN }, "Option TrainingView.FlipProbability"),
            (o => o.EvaluationView = EvaluationView.ResizeAndCrop with { ResizeRatio = 0.9 }, "Option EvaluationView.ResizeRatio: expected at least 1, found 0.9"),
            (o => o.EvaluationView = EvaluationView.Resize with { Filter = (ResizeFilter)5 }, "Option EvaluationView.Filter"),
            (o => o.LabelColumnName = "Image", "expected four different names, found 'Image' twice"),
            (o => o.PredictedLabelColumnName = "Score", "found 'Score' twice"),
        ];
        foreach ((Action<ColourOptions> change, string says) in cases)
            StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => Create(change)).Message, says);
        using ContinualTrainer trainer = Create();
        Assert.ThrowsExactly<ArgumentException>(() => trainer.WithConstraint(new HalvingOptions { SampleCount = -1 }));
    }

    [TestMethod]
    public void Options_changed_afterwards_do_not_change_the_trainer()
    {
        var options = new ColourOptions { Seed = 3 };
        var constraint = new HalvingOptions();
        using ContinualTrainer one = _mlContext.Continual().Trainer(options).WithConstraint(constraint), other = Create().WithConstraint(new HalvingOptions());
        (options.Epochs, options.LabelColumnName, constraint.SampleCount) = (0, "", -1);
        one.Fit(Cats).Dispose();
        other.Fit(Cats).Dispose();
        Assert.AreEqual(States.Of(other), States.Of(one));
    }

    [TestMethod]
    public void A_constraint_comes_before_the_first_fit_and_once()
    {
        using ContinualTrainer trainer = Create(), constrained = trainer.WithConstraint(new HalvingOptions());
        Assert.ThrowsExactly<InvalidOperationException>(() => constrained.WithConstraint(new HalvingOptions()));
        trainer.Fit(Cats).Dispose();
        StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(() => trainer.WithConstraint(new HalvingOptions())).Message, "before the first Fit");
    }

    [TestMethod]
    public void Predicting_before_any_fit_says_what_to_do()
    {
        using ContinualTrainer trainer = Create();
        StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(() => trainer.GetModel()).Message, "call Fit");
        Assert.AreEqual((0, 0), (trainer.TasksSeen, trainer.Classes.Count));
        Assert.IsNull(trainer.LastAudit);
    }

    [TestMethod]
    public void A_second_fit_on_other_columns_is_refused()
    {
        using ContinualTrainer trainer = Create();
        trainer.Fit(Cats).Dispose();
        string before = States.Of(trainer);
        IDataView asKeys = _mlContext.Transforms.Conversion.MapValueToKey("Label").Fit(Cats).Transform(Cats);
        string message = Assert.ThrowsExactly<ArgumentException>(() => trainer.Fit(asKeys)).Message;
        StringAssert.Contains(message, "label column 'Label' of type Text; found");
        StringAssert.Contains(message, "'Label' of type Key of Text");
        IDataView floats = _mlContext.Data.LoadFromEnumerable(new[] { new FloatImage { Label = "cat" } });
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => trainer.Fit(floats)).Message, "Vector<Single, 3, 16, 16>");
        Assert.AreEqual(before, States.Of(trainer));
    }

    [TestMethod]
    public void Keys_of_one_task_may_be_other_texts_than_keys_of_the_next()
    {
        using ContinualTrainer trainer = Create();
        foreach (string[] labels in new[] { new[] { "cat", "dog" }, ["fox", "elk", "bee"] })
        {
            IDataView task = TinyImages.View(_mlContext, 2, 1, labels);
            trainer.Fit(_mlContext.Transforms.Conversion.MapValueToKey("Label").Fit(task).Transform(task)).Dispose();
        }
        CollectionAssert.AreEqual(new[] { "cat", "dog", "fox", "elk", "bee" }, trainer.Classes.Names.ToArray());
    }

    [TestMethod]
    public void Missing_and_ill_typed_columns_are_named()
    {
        using ContinualTrainer trainer = Create();
        (IDataView Data, string Says)[] cases =
        [
            (_mlContext.Data.LoadFromEnumerable(new[] { new OnlyImage() }), "'Label'"),
            (_mlContext.Data.LoadFromEnumerable(new[] { new BadLabel() }), "'Label'"),
            (_mlContext.Data.LoadFromEnumerable(new[] { new BadImage() }), "'Image'"),
        ];
        foreach ((IDataView data, string says) in cases)
        {
            StringAssert.Contains(Assert.Throws<ArgumentException>(() => trainer.Fit(data)).Message, says);
            SchemaShape shape = Shapes.Of(_mlContext, data.Schema);
            StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => trainer.GetOutputSchema(shape)).Message, says);
        }
        Assert.AreEqual(0, trainer.TasksSeen);
    }

    [TestMethod]
    public void A_pixel_that_is_no_number_is_named_by_its_row_and_nothing_is_learned()
    {
        using ContinualTrainer trainer = Create();
        FloatImage[] rows = [.. Enumerable.Range(0, 5).Select(_ => new FloatImage { Label = "cat" })];
        rows[3].Image[7] = float.NaN;
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => trainer.Fit(_mlContext.Data.LoadFromEnumerable(rows))).Message, "row 3");
        Assert.AreEqual((0, 0), (trainer.TasksSeen, trainer.Classes.Count));
    }

    [TestMethod]
    public void A_second_fit_at_the_same_time_is_refused_and_harms_neither()
    {
        using ContinualTrainer trainer = Create(), alone = Create();
        InvalidOperationException? refused = null;
        var listener = new Listener { Then = _ => refused ??= Assert.ThrowsExactly<InvalidOperationException>(() => trainer.Fit(Cats)) };
        trainer.Fit(Cats, listener, CancellationToken.None).Dispose();
        StringAssert.Contains(refused!.Message, "Another Fit");
        alone.Fit(Cats).Dispose();
        Assert.AreEqual(States.Of(alone), States.Of(trainer));
        trainer.Fit(Cats).Dispose();   // and it is free again
    }

    [TestMethod]
    public async Task FitAsync_learns_what_Fit_learns_and_can_be_cancelled()
    {
        using ContinualTrainer trainer = Create(), straight = Create();
        using var source = new CancellationTokenSource();
        var listener = new Listener { Then = _ => source.Cancel() };
        Task<ContinualTransformer> cancelled = trainer.FitAsync(Cats, listener, source.Token);
        await Assert.ThrowsAsync<OperationCanceledException>(() => cancelled);
        Assert.IsTrue(cancelled.IsCanceled);
        Assert.HasCount(1, listener.Heard);
        Assert.AreEqual(0, trainer.TasksSeen);
        using ContinualTransformer model = await trainer.FitAsync(new ContinualTask("one", Cats));
        straight.Fit(Cats).Dispose();
        Assert.AreEqual(States.Of(straight), States.Of(trainer));
        Assert.AreEqual(1, model.TasksSeen);
    }

    [TestMethod]
    public void A_snapshot_of_another_kind_of_trainer_is_refused()
    {
        using ContinualTrainer plain = Create(), constrained = plain.WithConstraint(new HalvingOptions()), elsewhere = Create(o => o.Backbone = new StubBackbone());
        ContinualTransformer model = plain.Fit(Cats);
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => constrained.Fit(Cats, model)).Message, "trained with no constraint; this trainer has Halving");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => elsewhere.Fit(Cats, model)).Message, "another backbone");
        Assert.AreEqual((0, 0), (constrained.TasksSeen, elsewhere.TasksSeen));
        model.Dispose();
        Assert.ThrowsExactly<ObjectDisposedException>(() => plain.Fit(Cats, model));
    }

    [TestMethod]
    public void A_disposed_trainer_says_so_and_its_models_live_on()
    {
        ContinualTrainer trainer = Create();
        using ContinualTransformer model = trainer.Fit(Cats);
        trainer.Dispose();
        trainer.Dispose();
        Assert.ThrowsExactly<ObjectDisposedException>(() => trainer.Fit(Cats));
        Assert.HasCount(8, States.Scores(model, Cats));
        using ContinualTrainer next = Create();
        next.Fit(Cats, model).Dispose();   // their state lives on too
        Assert.AreEqual(2, next.TasksSeen);
    }

    [TestMethod]
    public void Warnings_constraints_and_given_seeds_draw_nothing_from_the_context()
    {
        Assert.AreEqual(SeedAfter(_ => { }), SeedAfter(context =>
        {
            TorchDevice.Choose(context);   // warns where there is no GPU
            using ContinualTrainer seeded = context.Continual().Trainer(new ColourOptions { Seed = 3, Backbone = _backbone });
            using ContinualTrainer constrained = seeded.WithConstraint(new HalvingOptions());
            using ContinualTransformer model = constrained.Fit(Cats);
            _mlContext.MulticlassClassification.Evaluate(model.Transform(TinyImages.View(_mlContext, 2, 1, "owl", "cat")));   // warns of labels never learned
        }));

        int SeedAfter(Action<MLContext> use)
        {
            var context = new MLContext(4) { GpuDeviceId = 0, FallbackToCpu = true };
            use(context);
            using ContinualTrainer trainer = context.Continual().Trainer(new ColourOptions { Backbone = _backbone });
            return trainer.Seed;
        }
    }

    [TestMethod]
    public void A_trainer_disposed_during_a_fit_keeps_nothing_of_it()
    {
        TrainAndDispose();
        long before = LiveTensors.Count();
        TrainAndDispose();
        Assert.AreEqual(before, LiveTensors.Count());

        void TrainAndDispose()
        {
            ContinualTrainer trainer = Create();
            trainer.Fit(Cats).Dispose();
            var listener = new Listener { Then = _ => trainer.Dispose() };
            Assert.ThrowsExactly<ObjectDisposedException>(() => trainer.Fit(Cats, listener, CancellationToken.None));
            Assert.ThrowsExactly<ObjectDisposedException>(() => trainer.GetModel());
            Assert.AreEqual(0, trainer.TasksSeen);
        }
    }

    [TestMethod]
    public void The_last_model_can_be_asked_for_while_a_fit_runs()
    {
        using ContinualTrainer trainer = Create();
        using ContinualTransformer first = trainer.Fit(Cats);
        float[][]? during = null;
        var listener = new Listener
        {
            Then = _ =>
            {
                using ContinualTransformer model = trainer.GetModel();
                during = States.Scores(model, Cats);
            },
        };
        trainer.Fit(Cats, listener, CancellationToken.None).Dispose();
        States.AssertEqual(States.Scores(first, Cats), during!);
    }

    private sealed class FloatImage
    {
        [VectorType(3, 16, 16)]
        public float[] Image { get; set; } = new float[768];

        public string Label { get; set; } = "";
    }

    private sealed class OnlyImage
    {
        [VectorType(3, 16, 16)]
        public byte[] Image { get; set; } = new byte[768];
    }

    private sealed class BadLabel
    {
        [VectorType(3, 16, 16)]
        public byte[] Image { get; set; } = new byte[768];

        public bool Label { get; set; }
    }

    private sealed class BadImage
    {
        public string Image { get; set; } = "";

        public string Label { get; set; } = "cat";
    }
}
