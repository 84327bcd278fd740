using Microsoft.ML.Continual.Tasks;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Tasks;

[TestClass]
public sealed class RowStreamTests
{
    private readonly MLContext _mlContext = new(seed: 1);

    private OnceView Source(int rows) => new(Rows.Of(_mlContext, [.. Enumerable.Range(0, rows).Select(i => $"class {i % 3}")]));

    [TestMethod]
    [DataRow(7, 3, "0 1 2|3 4 5|6")]
    [DataRow(6, 3, "0 1 2|3 4 5")]
    [DataRow(2, 5, "0 1")]
    [DataRow(2, 1, "0|1")]
    public void Tasks_are_consecutive_rows_read_once_from_one_cursor(int rows, int rowsPerTask, string expected)
    {
        OnceView source = Source(rows);
        List<string> names = [], chunks = [];
        foreach (ContinualTask task in _mlContext.Continual().Stream(source, rowsPerTask))
        {
            Assert.IsLessThanOrEqualTo(chunks.Count * rowsPerTask + 1, source.RowsRead, "no more than one row is read ahead");
            names.Add(task.Name);
            chunks.Add(string.Join(' ', Rows.NumbersOf(task.Train)));
        }
        Assert.AreEqual(expected, string.Join('|', chunks));
        CollectionAssert.AreEqual(Enumerable.Range(1, chunks.Count).Select(n => $"Task {n}").ToArray(), names);
        Assert.IsTrue(source.IsClosed);
    }

    [TestMethod]
    public void Nothing_is_opened_before_the_first_task_is_asked_for_and_an_empty_stream_has_no_tasks()
    {
        OnceView source = Source(0);
        TaskSequence tasks = _mlContext.Continual().Stream(source, 3);
        Assert.IsFalse(source.IsClosed);
        Assert.IsNull(tasks.Count);
        Assert.IsEmpty(tasks);
        Assert.IsTrue(source.IsClosed);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _mlContext.Continual().Stream(source, 0));
    }

    [TestMethod]
    public void A_second_reading_of_a_task_is_refused_with_the_cure()
    {
        using IEnumerator<ContinualTask> tasks = _mlContext.Continual().Stream(Source(4), 2).GetEnumerator();
        tasks.MoveNext();
        ContinualTask first = tasks.Current;
        Rows.NumbersOf(first.Train);
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => Rows.NumbersOf(first.Train));
        StringAssert.Contains(error.Message, "'Task 1'");
        StringAssert.Contains(error.Message, "CacheImages = true");
        tasks.MoveNext();
        StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(() => Rows.NumbersOf(first.Train)).Message, "read already");
        CollectionAssert.AreEqual(new[] { 2, 3 }, Rows.NumbersOf(tasks.Current.Train));
    }

    [TestMethod]
    public void Tasks_that_nobody_read_are_not_lost_in_silence()
    {
        TaskSequence tasks = _mlContext.Continual().Stream(Source(4), 2);
        StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(() => tasks.ToList()).Message, "'Task 1'");
        StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(() => tasks.ToList()).Message, "enumerated once");
    }

    [TestMethod]
    public void A_task_that_is_broken_off_loses_its_rest_and_no_more()
    {
        using IEnumerator<ContinualTask> tasks = _mlContext.Continual().Stream(Source(5), 3).GetEnumerator();
        tasks.MoveNext();
        using (DataViewRowCursor cursor = tasks.Current.Train.GetRowCursor([])) cursor.MoveNext();
        tasks.MoveNext();
        CollectionAssert.AreEqual(new[] { 3, 4 }, Rows.NumbersOf(tasks.Current.Train));
        Assert.IsFalse(tasks.MoveNext());
    }

    [TestMethod]
    public void The_first_task_alone_can_be_taken()
    {
        OnceView source = Source(5);
        ContinualTask first = _mlContext.Continual().Stream(source, 3).First();
        CollectionAssert.AreEqual(new[] { 0, 1, 2 }, Rows.NumbersOf(first.Train));
        Assert.IsTrue(source.IsClosed);
    }

    [TestMethod]
    public void Columns_that_were_not_asked_for_are_not_served()
    {
        foreach (ContinualTask task in _mlContext.Continual().Stream(Source(2), 2))
        {
            using DataViewRowCursor cursor = task.Train.GetRowCursor([task.Train.Schema["Number"]]);
            Assert.IsFalse(cursor.IsColumnActive(task.Train.Schema["Label"]));
            StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => cursor.GetGetter<ReadOnlyMemory<char>>(task.Train.Schema["Label"])).Message, "'Label'");
            Assert.AreEqual((-1L, true, 0L), (cursor.Position, cursor.MoveNext(), cursor.Position));
        }
    }
}
