using Microsoft.ML.Data;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.MlNet;

/// <summary>What this repository relies on of ML.NET's multiclass evaluation, against sums done by hand. Holds against the packages and the stand-in alike.</summary>
[TestClass]
public sealed class EvaluateTests
{
    private const double Tolerance = 1e-6;

    private sealed class Scored
    {
        [KeyType(3)]
        public uint Label { get; set; }

        public float Number { get; set; }

        [VectorType(3)]
        public float[] Score { get; set; } = [];

        [VectorType]
        public float[] Loose { get; set; } = [0, 1];

        [KeyType(3)]
        public uint PredictedLabel { get; set; }
    }

    private static readonly Scored[] s_rows =
    [
        new() { Label = 0, Number = 0, Score = [0.7f, 0.2f, 0.1f] },
        new() { Label = 0, Number = 0, Score = [0.1f, 0.6f, 0.3f], PredictedLabel = 1 },
        new() { Label = 1, Number = 1, Score = [0.2f, 0.5f, 0.3f], PredictedLabel = 1 },
        new() { Label = 2, Number = 2, Score = [0.5f, 0.25f, 0.25f] },
        // No label, so not counted.
        new() { Label = 9, Number = float.NaN, Score = [0.9f, 0.05f, 0.05f] },
    ];

    private readonly MLContext _context = new(1);

    private IDataView Rows => _context.Data.LoadFromEnumerable(s_rows);

    [TestMethod]
    [DataRow("Label")]
    [DataRow("Number")]
    public void Metrics_are_those_done_by_hand(string label)
    {
        MulticlassClassificationMetrics metrics = _context.MulticlassClassification.Evaluate(Rows, label, topKPredictionCount: 3);
        Assert.AreEqual(2.0 / 4, metrics.MicroAccuracy, Tolerance);
        Assert.AreEqual((0.5 + 1 + 0) / 3, metrics.MacroAccuracy, Tolerance);
        double logLoss = -(Math.Log(0.7f) + Math.Log(0.1f) + Math.Log(0.5f) + Math.Log(0.25f)) / 4;
        Assert.AreEqual(logLoss, metrics.LogLoss, Tolerance);
        double entropy = -((0.5 * Math.Log(0.5)) + (0.5 * Math.Log(0.25)));
        Assert.AreEqual((entropy - logLoss) / entropy, metrics.LogLossReduction, Tolerance);
        Assert.AreEqual(-(Math.Log(0.7f) + Math.Log(0.1f)) / 2, metrics.PerClassLogLoss[0], Tolerance);
        // The true class ranks 1, 3, 1 and 3: of the two equal scores of the last row, the first ranks first.
        CollectionAssert.AreEqual(new[] { 0.5, 0.5, 1 }, metrics.TopKAccuracyForAllK.Select(share => Math.Round(share, 6)).ToArray());
        Assert.AreEqual(1, metrics.TopKAccuracy, Tolerance);
        Assert.AreEqual(3, metrics.TopKPredictionCount);
    }

    [TestMethod]
    public void Confusion_counts_true_classes_by_row_and_predicted_ones_by_column()
    {
        ConfusionMatrix matrix = _context.MulticlassClassification.Evaluate(Rows).ConfusionMatrix;
        Assert.AreEqual(3, matrix.NumberOfClasses);
        CollectionAssert.AreEqual(new[] { 1d, 1, 0 }, matrix.Counts[0].ToArray());
        CollectionAssert.AreEqual(new[] { 0d, 1, 0 }, matrix.Counts[1].ToArray());
        CollectionAssert.AreEqual(new[] { 1d, 0, 0 }, matrix.Counts[2].ToArray());
        Assert.AreEqual(1, matrix.GetCountForClassPair(predictedClassIndicatorIndex: 0, actualClassIndicatorIndex: 2));
        CollectionAssert.AreEqual(new[] { 0.5, 1, 0 }, matrix.PerClassRecall.ToArray());
        CollectionAssert.AreEqual(new[] { 0.5, 0.5, 0 }, matrix.PerClassPrecision.ToArray());
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => matrix.GetCountForClassPair(3, 0));
        Assert.IsFalse(string.IsNullOrWhiteSpace(matrix.GetFormattedConfusionTable()));
    }

    [TestMethod]
    public void Columns_must_exist_and_have_the_right_type()
    {
        var task = _context.MulticlassClassification;
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => task.Evaluate(Rows, labelColumnName: "Nothing"));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => task.Evaluate(Rows, scoreColumnName: "Nothing"));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => task.Evaluate(Rows, predictedLabelColumnName: "Nothing"));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => task.Evaluate(Rows, scoreColumnName: "Loose"), "The size must be known.");
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => task.Evaluate(Rows, labelColumnName: "Score"));
    }

    [TestMethod]
    public void Label_beyond_the_scores_counts_as_wrong()
    {
        Scored[] rows = [s_rows[0], new() { Number = 5, Score = [0.5f, 0.3f, 0.2f] }];
        MulticlassClassificationMetrics metrics = _context.MulticlassClassification.Evaluate(_context.Data.LoadFromEnumerable(rows), "Number");
        Assert.AreEqual(0.5, metrics.MicroAccuracy, Tolerance);
        Assert.AreEqual(1, metrics.MacroAccuracy, Tolerance);
    }
}
