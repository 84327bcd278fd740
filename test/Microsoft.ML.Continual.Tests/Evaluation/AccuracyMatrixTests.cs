using Microsoft.ML.Continual.Evaluation;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Evaluation;

[TestClass]
public class AccuracyMatrixTests
{
    /// <summary>TV-11 of the specification of PGP.</summary>
    private static AccuracyMatrix Example(double middle = 80) => new([[90.0], [91.0, 88.0], [middle == 80 ? 86.0 : middle, 80.0, 92.0]]);

    [TestMethod]
    public void Measures_match_the_worked_example()
    {
        AccuracyMatrix matrix = Example();
        Assert.AreEqual(86, matrix.AverageAccuracy, 1e-12);
        Assert.AreEqual(6.5, matrix.Forgetting, 1e-12);
        Assert.AreEqual(-6, matrix.BackwardTransfer, 1e-12);
        Assert.AreEqual(90, matrix.LearningAccuracy, 1e-12);
        Assert.AreEqual(88.5, matrix.AverageIncrementalAccuracy, 1e-12);
    }

    [TestMethod]
    public void Forgetting_may_be_negative_unless_the_maximum_includes_the_current_model()
    {
        AccuracyMatrix matrix = Example(middle: 95);
        Assert.AreEqual(2, matrix.ForgettingAfter(2), 1e-12);
        Assert.AreEqual(4, matrix.ForgettingAfter(2, maximumIncludesCurrent: true), 1e-12);
    }

    [TestMethod]
    public void One_task_has_no_forgetting_and_no_backward_transfer()
    {
        var matrix = new AccuracyMatrix([[0.7]]);
        Assert.AreEqual(0, matrix.Forgetting);
        Assert.AreEqual(0, matrix.BackwardTransfer);
        Assert.AreEqual(0.7, matrix.AverageAccuracy);
    }

    [TestMethod]
    public void A_row_of_another_length_is_refused_and_says_what_was_expected()
    {
        var matrix = new AccuracyMatrix([[0.7]]);
        var error = Assert.ThrowsExactly<ArgumentException>(() => matrix.AddRow([0.5]));
        StringAssert.Contains(error.Message, "expected 2 accuracies, found 1");
        Assert.AreEqual(1, matrix.TaskCount);
    }

    [TestMethod]
    public void An_entry_that_is_not_finite_is_refused() =>
        Assert.ThrowsExactly<ArgumentException>(() => new AccuracyMatrix([[double.NaN]]));

    [TestMethod]
    public void Tasks_later_than_the_model_have_no_accuracy() =>
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Example()[0, 1]);

    [TestMethod]
    public void An_empty_matrix_has_no_average() =>
        Assert.ThrowsExactly<InvalidOperationException>(() => new AccuracyMatrix().AverageAccuracy);
}
