using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.ML.Continual.Evaluation;
using Microsoft.ML.Continual.Testing.Golden;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Evaluation;

/// <summary>The accuracy measures against what the released code of PGP prints.</summary>
[TestClass]
[TestCategory("Golden")]
public class MetricsGoldenTests
{
    public static IEnumerable<object[]> Cases => GoldenFolder.Rows("pgp-metrics-");

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void Measures_match_the_released_code(string name)
    {
        using GoldenCase golden = GoldenCase.Open(name);
        using DisposeScope scope = NewDisposeScope();
        int tasks = golden.Int("tasks");
        double[,] byTask = Values(golden["acc_matrix"]);   // [task, after]: the released code stores the transpose
        var matrix = new AccuracyMatrix(Enumerable.Range(0, tasks).Select(after => Enumerable.Range(0, after + 1).Select(task => byTask[task, after]).ToArray()));

        double[] Over(Func<int, double> measure) => [.. Enumerable.Range(0, tasks).Select(measure)];
        golden.Check("average_accuracy", from_array(Over(matrix.AverageAccuracyAfter)));
        golden.Check("forgetting", from_array(Over(after => matrix.ForgettingAfter(after, maximumIncludesCurrent: true))));
        golden.Check("backward", from_array(Over(matrix.BackwardTransferAfter)));
        golden.Check("paper_forgetting", from_array(Over(after => -matrix.ForgettingAfter(after))));   // formula (36) has the opposite sign
        golden.Check("topk_acc", from_array(TopAccuracies(golden)));
        CheckGroups(golden);
        golden.Finish();
    }

    /// <summary>The case's group accuracies are percentages rounded to two decimals.</summary>
    private static void CheckGroups(GoldenCase golden)
    {
        string meaning = golden.Root.GetProperty("meaning").GetProperty("clip_pred").GetString()!;   // … accuracy(pred, true, nb_old=…, increment=…)
        int Argument(string argument) => int.Parse(Regex.Match(meaning, argument + @"=(\d+)").Groups[1].Value, CultureInfo.InvariantCulture);
        int[] Classes(string name) => [.. golden.Longs(name).Select(c => (int)c)];
        GroupedAccuracy accuracy = GroupedAccuracy.Of(Classes("clip_pred"), Classes("clip_true"), Argument("nb_old"), Argument("increment"));
        Dictionary<string, double> found = accuracy.Groups.ToDictionary(g => $"{g.First:00}-{g.Last:00}", g => g.Accuracy);
        (found["total"], found["old"], found["new"]) = (accuracy.Total, accuracy.Old, accuracy.New);
        JsonProperty[] expected = [.. golden.Root.GetProperty("clip_grouped").EnumerateObject()];
        CollectionAssert.AreEquivalent(expected.Select(entry => entry.Name).ToArray(), found.Keys);
        foreach (JsonProperty entry in expected) Assert.AreEqual(entry.Value.GetDouble(), Math.Round(100 * found[entry.Name], 2), 1e-9, entry.Name);
    }

    private static double[] TopAccuracies(GoldenCase golden)
    {
        double[,] logits = Values(golden["topk_logits"]);
        long[] targets = golden.Longs("topk_target");
        int[] ranks = [.. targets.Select((target, row) => TopK.Rank([.. Enumerable.Range(0, logits.GetLength(1)).Select(c => (float)logits[row, c])], (int)target))];
        return [100.0 * ranks.Count(r => r < 1) / ranks.Length, 100.0 * ranks.Count(r => r < 5) / ranks.Length];
    }

    private static double[,] Values(Tensor matrix)
    {
        double[] flat = matrix.to(ScalarType.Float64).contiguous().data<double>().ToArray();
        var values = new double[matrix.shape[0], matrix.shape[1]];
        Buffer.BlockCopy(flat, 0, values, 0, flat.Length * sizeof(double));
        return values;
    }
}
