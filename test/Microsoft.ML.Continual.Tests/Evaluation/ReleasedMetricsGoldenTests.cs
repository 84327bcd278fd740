using Microsoft.ML.Continual.Evaluation;
using Microsoft.ML.Continual.Testing.Golden;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Evaluation;

/// <summary>The accuracy measures against what the released code of LoRAC-IPC and NSP² prints: the same matrix, read in two ways.</summary>
[TestClass]
[TestCategory("Golden")]
public class ReleasedMetricsGoldenTests
{
    public static IEnumerable<object[]> Cases => GoldenFolder.Rows("metrics-");

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void Measures_match_both_released_codes(string name)
    {
        using GoldenCase golden = GoldenCase.Open(name);
        using DisposeScope scope = NewDisposeScope();
        int tasks = golden.Int("num_tasks");
        double[] accuracies = golden["acc"].to(ScalarType.Float64).data<double>().ToArray();
        var matrix = new AccuracyMatrix(Enumerable.Range(0, tasks).Select(after => accuracies[(after * tasks)..(after * tasks + after + 1)]));
        long[] rows = golden.Longs("num_samples");

        Tensor Over(Func<int, double> measure) => from_array(Enumerable.Range(0, tasks).Select(measure).ToArray());
        golden.Check("lorac.average_accuracy_percent", Over(after => 100 * matrix.AverageAccuracyAfter(after)));
        golden.Check("lorac.backward_percent", Over(after => 100 * matrix.BackwardTransferAfter(after)));
        golden.Check("lorac.forgetting_percent", Over(after => 100 * matrix.ForgettingAfter(after)));
        golden.Check("nsp2.average_accuracy", Over(after => matrix.WeightedAccuracyAfter(after, rows)));
        golden.Check("nsp2.forgetting", Over(after => matrix.ForgettingAfter(after, maximumIncludesCurrent: true)));
        golden.Finish();
    }

    [TestMethod]
    public void The_forgetting_of_the_paper_may_end_below_that_of_its_code()
    {
        var matrix = new AccuracyMatrix([[90.0], [80, 70], [85, 72, 60]]);
        Assert.AreEqual(1.5, matrix.Forgetting, 1e-12);
        Assert.AreEqual(2.5, matrix.ForgettingAfter(2, maximumIncludesCurrent: true), 1e-12);
        Assert.AreEqual((85.0 + 2 * 72 + 3 * 60) / 6, matrix.WeightedAccuracyAfter(2, [1, 2, 3]), 1e-12);
        Assert.ThrowsExactly<ArgumentException>(() => matrix.WeightedAccuracyAfter(2, [1, 2]));
    }
}
