using Microsoft.ML.Continual.Tasks;
using Microsoft.ML.Data;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Tasks;

[TestClass]
public sealed class ClassSplitTests
{
    private readonly MLContext _mlContext = new(seed: 1);

    [TestMethod]
    public void Every_row_belongs_to_the_one_task_of_its_class_in_order()
    {
        IDataView train = Rows.Of(_mlContext, "d", "a", "c", "b", "a", "d", "e");
        IDataView test = Rows.Of(_mlContext, "e", "a", "x", "d");
        ContinualTask[] tasks = [.. ClassSplit.SplitByClass(_mlContext, train, test, 2)];
        CollectionAssert.AreEqual(new[] { "a", "b", "c" }, tasks[0].ClassNames!.ToArray());   // 5 classes: 3 + 2
        CollectionAssert.AreEqual(new[] { "d", "e" }, tasks[1].ClassNames!.ToArray());
        CollectionAssert.AreEqual(new[] { 1, 2, 3, 4 }, Rows.NumbersOf(tasks[0].Train));
        CollectionAssert.AreEqual(new[] { 0, 5, 6 }, Rows.NumbersOf(tasks[1].Train));
        CollectionAssert.AreEqual(new[] { 1 }, Rows.NumbersOf(tasks[0].Test!));
        CollectionAssert.AreEqual(new[] { 0, 3 }, Rows.NumbersOf(tasks[1].Test!));
    }

    [TestMethod]
    public void Numbers_are_sorted_by_size_not_as_text()
    {
        TaskSequence tasks = ClassSplit.SplitByClass(_mlContext, Rows.Of(_mlContext, 10, 9, -1, 100), null, 4);
        CollectionAssert.AreEqual(new[] { "-1", "9", "10", "100" }, tasks.Select(task => task.ClassNames!.Single()).ToArray());
        Assert.IsTrue(tasks.All(task => task.Test is null));
        Assert.AreEqual(4, tasks.Count);
    }

    [TestMethod]
    public void Remainder_is_spread_over_the_first_tasks()
    {
        TaskSequence tasks = ClassSplit.SplitByClass(_mlContext, Rows.Of(_mlContext, [.. Enumerable.Range(0, 11)]), null, 4);
        CollectionAssert.AreEqual(new[] { 3, 3, 3, 2 }, tasks.Select(task => task.ClassNames!.Count).ToArray());
    }

    [TestMethod]
    public void Sizes_may_be_given_task_by_task()
    {
        IDataView train = Rows.Of(_mlContext, [.. Enumerable.Range(0, 6)]);
        TaskSequence tasks = ClassSplit.SplitByClass(_mlContext, train, null, [4, 1, 1]);
        CollectionAssert.AreEqual(new[] { 4, 1, 1 }, tasks.Select(task => task.ClassNames!.Count).ToArray());
        var error = Assert.ThrowsExactly<ArgumentException>(() => ClassSplit.SplitByClass(_mlContext, train, null, [4, 1]));
        StringAssert.Contains(error.Message, "6 classes");
        Assert.ThrowsExactly<ArgumentException>(() => ClassSplit.SplitByClass(_mlContext, train, null, [6, 0]));
    }

    [TestMethod]
    public void Shuffled_order_depends_on_the_seed_and_not_on_the_order_of_rows()
    {
        string[] labels = [.. Enumerable.Range(0, 20).Select(i => $"class {i}")];
        string Order(string[] rows, int seed, MLContext? mlContext = null) => string.Join(",",
            ClassSplit.SplitByClass(mlContext ?? _mlContext, Rows.Of(_mlContext, rows), null, 20, order: ClassOrder.Shuffled(seed)).SelectMany(task => task.ClassNames!));
        string[] reversed = [.. labels.Reverse()];
        Assert.AreEqual(Order(labels, 5), Order(reversed, 5));
        Assert.AreNotEqual(Order(labels, 5), Order(labels, 6));
        CollectionAssert.AreEquivalent(labels, Order(labels, 5).Split(','));
    }

    [TestMethod]
    public void Shuffled_order_without_a_seed_comes_from_the_context()
    {
        string Order(int seed)
        {
            var mlContext = new MLContext(seed);
            return string.Join(",", ClassSplit.SplitByClass(mlContext, Rows.Of(mlContext, [.. Enumerable.Range(0, 30)]), null, 30, order: ClassOrder.Shuffled()).SelectMany(task => task.ClassNames!));
        }
        Assert.AreEqual(Order(1), Order(1));
        Assert.AreNotEqual(Order(1), Order(2));
    }

    [TestMethod]
    public void Classes_can_come_as_found_or_as_listed()
    {
        IDataView train = Rows.Of(_mlContext, "m", "z", "a", "z");
        string[] Names(ClassOrder order, int count) => [.. ClassSplit.SplitByClass(_mlContext, train, null, count, order: order).SelectMany(task => task.ClassNames!)];
        CollectionAssert.AreEqual(new[] { "m", "z", "a" }, Names(ClassOrder.AsFound, 3));
        CollectionAssert.AreEqual(new[] { "a", "z" }, Names(ClassOrder.Explicit("a", "z"), 2));
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => Names(ClassOrder.Explicit("a", "q"), 2)).Message, "'q'");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => Names(ClassOrder.Explicit("a", 3), 2)).Message, "'3'");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => Names(ClassOrder.Explicit("a", "a"), 2)).Message, "twice");
        Assert.ThrowsExactly<ArgumentException>(() => ClassOrder.Explicit());
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(4)]
    public void Task_count_beyond_the_classes_is_an_error(int taskCount)
    {
        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => ClassSplit.SplitByClass(_mlContext, Rows.Of(_mlContext, 1, 2, 3), null, taskCount));
        StringAssert.Contains(error.Message, "3 classes");
    }

    [TestMethod]
    public void Bad_views_are_errors()
    {
        IDataView train = Rows.Of(_mlContext, "a", "b");
        Assert.ThrowsExactly<InvalidDataException>(() => ClassSplit.SplitByClass(_mlContext, Rows.Of<string>(_mlContext), null, 1));
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => ClassSplit.SplitByClass(_mlContext, Rows.Of(_mlContext, "a", ""), null, 1)).Message, "row 1");
        Assert.ThrowsExactly<ArgumentException>(() => ClassSplit.SplitByClass(_mlContext, train, Rows.Of(_mlContext, 1), 1));
        Assert.ThrowsExactly<ArgumentException>(() => ClassSplit.SplitByClass(_mlContext, train, null, 1, labelColumnName: "Class"));
    }

    [TestMethod]
    public void Test_keys_that_are_numbered_otherwise_go_to_the_task_of_their_values()
    {
        IDataView Keys(params string[] labels)
        {
            IDataView view = Rows.Of(_mlContext, labels);
            return _mlContext.Transforms.Conversion.MapValueToKey("Label").Fit(view).Transform(view);
        }
        ContinualTask[] tasks = [.. ClassSplit.SplitByClass(_mlContext, Keys("a", "b", "c"), Keys("c", "b", "a"), 3)];
        CollectionAssert.AreEqual(new[] { 2 }, Rows.NumbersOf(tasks[0].Test!));
        CollectionAssert.AreEqual(new[] { 0 }, Rows.NumbersOf(tasks[2].Test!));
    }

    [TestMethod]
    public void Filtered_view_hides_the_label_that_was_not_asked_for_and_counts_its_own_rows()
    {
        IDataView view = ClassSplit.SplitByClass(_mlContext, Rows.Of(_mlContext, "a", "b", "a"), null, 2).First().Train;
        using DataViewRowCursor cursor = view.GetRowCursor([view.Schema["Number"]]);
        Assert.IsFalse(cursor.IsColumnActive(view.Schema["Label"]));
        Assert.Throws<ArgumentException>(() => { cursor.GetGetter<ReadOnlyMemory<char>>(view.Schema["Label"]); });
        var positions = new List<long>();
        while (cursor.MoveNext()) positions.Add(cursor.Position);
        CollectionAssert.AreEqual(new long[] { 0, 1 }, positions);
    }

    [TestMethod]
    public void Filtered_view_serves_MlNets_own_transforms()
    {
        IDataView view = ClassSplit.SplitByClass(_mlContext, Rows.Of(_mlContext, "a", "b", "a", "b"), null, 2).Last().Train;
        IDataView keys = _mlContext.Transforms.Conversion.MapValueToKey("Label").Fit(view).Transform(view);
        Assert.AreEqual(1ul, ((KeyDataViewType)keys.Schema["Label"].Type).Count);
        Assert.HasCount(2, _mlContext.Data.CreateEnumerable<Rows.LabelledRow<string>>(view, reuseRowObject: false));
    }
}
