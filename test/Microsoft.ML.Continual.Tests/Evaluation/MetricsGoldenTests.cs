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
        golden.Finish();
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
