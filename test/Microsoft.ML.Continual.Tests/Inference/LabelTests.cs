using Microsoft.ML.Continual.Inference;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Training;
using Microsoft.ML.Data;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Inference;

[TestClass]
public sealed class LabelTests
{
    private readonly MLContext _mlContext = new(1);
    private readonly List<string> _warnings = [];
    private ContinualTrainer _trainer = null!;

    [TestInitialize]
    public void MakeTrainer()
    {
        _mlContext.Log += (_, e) => { if (e.Kind == Microsoft.ML.Runtime.ChannelMessageKind.Warning) _warnings.Add(e.RawMessage); };
        _trainer = _mlContext.Continual().Trainer(new ColourOptions { Seed = 3, Epochs = 4 });
    }

    [TestCleanup]
    public void FreeTrainer() => _trainer.Dispose();

    [TestMethod]
    public void Evaluate_counts_as_a_person_does_though_the_keys_of_the_second_task_start_at_one_again()
    {
        _trainer.Fit(Keys(TinyImages.View(_mlContext, 6, 1, "cat", "dog"))).Dispose();
        using ContinualTransformer model = _trainer.Fit(Keys(TinyImages.View(_mlContext, 6, 2, "fox", "elk")));
        List<TinyImage> rows = TinyImages.Make(4, 3, "fox", "elk");
        IDataView scored = model.Transform(Keys(_mlContext.Data.LoadFromEnumerable(rows)));   // "fox" is key 1 there

        float[][] scores = States.Scores(model, _mlContext.Data.LoadFromEnumerable(rows));
        int right = Enumerable.Range(0, rows.Count).Count(i => model.Classes.Names[Array.IndexOf(scores[i], scores[i].Max())] == rows[i].Label);
        MulticlassClassificationMetrics metrics = _mlContext.MulticlassClassification.Evaluate(scored);
        Assert.AreEqual((double)right / rows.Count, metrics.MicroAccuracy, 1e-12);
        Assert.IsTrue(metrics.MicroAccuracy > 0.5, $"{metrics.MicroAccuracy}");   // raw keys would have said 0
        Assert.AreEqual(4, metrics.ConfusionMatrix.NumberOfClasses);
        Assert.IsEmpty(_warnings);
    }

    [TestMethod]
    public void The_label_has_the_key_values_of_the_prediction_and_MapKeyToValue_reads_both()
    {
        using ContinualTransformer model = _trainer.Fit(TinyImages.View(_mlContext, 6, 1, "cat", "dog"));
        IDataView scored = model.Transform(TinyImages.View(_mlContext, 3, 3, "dog", "cat"));
        Assert.AreEqual(scored.Schema["PredictedLabel"].Type, scored.Schema["Label"].Type);
        IDataView named = _mlContext.Transforms.Conversion.MapKeyToValue("PredictedLabel").Append(_mlContext.Transforms.Conversion.MapKeyToValue("Label")).Fit(scored).Transform(scored);
        Named[] rows = [.. _mlContext.Data.CreateEnumerable<Named>(named, false)];
        CollectionAssert.AreEqual(new[] { "dog", "cat", "dog", "cat", "dog", "cat" }, rows.Select(r => r.Label).ToArray());
        foreach (Named row in rows) CollectionAssert.Contains(new[] { "cat", "dog" }, row.PredictedLabel);
        VBuffer<ReadOnlyMemory<char>> names = default;
        scored.Schema["Score"].GetSlotNames(ref names);
        CollectionAssert.AreEqual(new[] { "cat", "dog" }, names.DenseValues().Select(n => n.ToString()).ToArray());
    }

    [TestMethod]
    public void Labels_never_learned_become_missing_with_one_warning_a_cursor()
    {
        using ContinualTransformer model = _trainer.Fit(TinyImages.View(_mlContext, 6, 1, "cat", "dog"));
        IDataView scored = model.Transform(TinyImages.View(_mlContext, 3, 3, "cat", "owl", "bee"));
        foreach (string[] columns in new[] { new[] { "Label" }, ["Label", "Score"] })
        {
            _warnings.Clear();
            var keys = new List<uint>();
            using (DataViewRowCursor cursor = scored.GetRowCursor(columns.Select(name => scored.Schema[name])))
            {
                ValueGetter<uint> getter = cursor.GetGetter<uint>(scored.Schema["Label"]);
                uint key = 9;
                while (cursor.MoveNext())
                {
                    getter(ref key);
                    keys.Add(key);
                }
            }
            CollectionAssert.AreEqual(new uint[] { 1, 0, 0, 1, 0, 0, 1, 0, 0 }, keys);
            Assert.HasCount(1, _warnings);
            StringAssert.StartsWith(_warnings[0], "6 rows carry 2 labels that were never learned ('owl', 'bee')");
        }
    }

    [TestMethod]
    public void Numbers_are_labels_too_and_keep_their_type()
    {
        using ContinualTransformer model = _trainer.Fit(_mlContext.Data.LoadFromEnumerable(Numbered(7, 3)));
        IDataView scored = model.Transform(_mlContext.Data.LoadFromEnumerable(Numbered(3, 8)));
        VBuffer<int> values = default;
        scored.Schema["PredictedLabel"].GetKeyValues(ref values);
        CollectionAssert.AreEqual(new[] { 7, 3 }, values.DenseValues().ToArray());
        CollectionAssert.AreEqual(new uint[] { 2, 0 }, scored.GetColumn<uint>(scored.Schema["Label"]).ToArray());
    }

    [TestMethod]
    public void Labels_of_another_type_than_those_learned_are_refused()
    {
        using ContinualTransformer model = _trainer.Fit(TinyImages.View(_mlContext, 6, 1, "cat", "dog"));
        IDataView numbers = _mlContext.Data.LoadFromEnumerable(Numbered(1, 2));
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => model.Transform(numbers)).Message, "'Label'");
    }

    [TestMethod]
    public void A_prediction_engine_needs_no_label_and_accepts_one()
    {
        using ContinualTransformer model = _trainer.Fit(TinyImages.View(_mlContext, 6, 1, "cat", "dog"));
        TinyImage cat = TinyImages.One("cat", 77);
        float[] expected = States.Scores(model, _mlContext.Data.LoadFromEnumerable(new[] { cat }))[0];

        using (var engine = _mlContext.Model.CreatePredictionEngine<Picture, Prediction>(model, new PredictionEngineOptions { OwnsTransformer = false }))
        {
            for (int i = 0; i < 3; i++)
            {
                Prediction other = engine.Predict(new Picture { Image = TinyImages.One("dog", i).Image });
                Assert.AreEqual(2u, other.PredictedLabel);
                Prediction prediction = engine.Predict(new Picture { Image = cat.Image });
                CollectionAssert.AreEqual(expected, prediction.Score);
                Assert.AreEqual(1u, prediction.PredictedLabel);
            }
        }
        using (var engine = _mlContext.Model.CreatePredictionEngine<TinyImage, Prediction>(model, new PredictionEngineOptions { OwnsTransformer = false }))
            CollectionAssert.AreEqual(expected, engine.Predict(new TinyImage { Image = cat.Image, Label = "a label never learned" }).Score);
        using (_mlContext.Model.CreatePredictionEngine<TinyImage, Prediction>(model)) { }
        Assert.ThrowsExactly<ObjectDisposedException>(() => model.Transform(TinyImages.View(_mlContext, 1, 1, "cat")));   // that engine owned it
    }

    private IDataView Keys(IDataView view) => _mlContext.Transforms.Conversion.MapValueToKey("Label").Fit(view).Transform(view);

    private static List<NumberedImage> Numbered(params int[] labels) =>
        [.. labels.Select(label => new NumberedImage { Image = TinyImages.One($"{label}", 1).Image, Label = label })];

    private sealed class NumberedImage
    {
        [VectorType(3, TinyImages.Size, TinyImages.Size)]
        public byte[] Image { get; set; } = [];

        public int Label { get; set; }
    }

    private sealed class Picture
    {
        [VectorType(3, TinyImages.Size, TinyImages.Size)]
        public byte[] Image { get; set; } = [];
    }

    private sealed class Prediction
    {
        public float[] Score { get; set; } = [];

        public uint PredictedLabel { get; set; }
    }

    private sealed class Named
    {
        public string Label { get; set; } = "";

        public string PredictedLabel { get; set; } = "";
    }
}
