using Microsoft.ML.Continual.Data;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Data;

[TestClass]
public sealed class ReadAheadTests
{
    [TestMethod]
    public void Items_arrive_in_order_from_another_thread()
    {
        int thread = Environment.CurrentManagedThreadId;
        using var ahead = new ReadAhead<(int, int)>(_ => Enumerable.Range(0, 100).Select(i => (i, Environment.CurrentManagedThreadId)), 3, default);
        (int, int)[] items = [.. ahead];
        CollectionAssert.AreEqual(Enumerable.Range(0, 100).ToArray(), items.Select(item => item.Item1).ToArray());
        Assert.IsTrue(items.All(item => item.Item2 != thread));
    }

    [TestMethod]
    public void Exception_reaches_the_reader_after_the_items_before_it()
    {
        static IEnumerable<int> Failing()
        {
            yield return 1;
            yield return 2;
            throw new InvalidDataException("row 3 is bad");
        }
        using var ahead = new ReadAhead<int>(_ => Failing(), 1, default);
        var items = new List<int>();
        var error = Assert.ThrowsExactly<InvalidDataException>(() => { foreach (int item in ahead) items.Add(item); });
        Assert.AreEqual("row 3 is bad", error.Message);
        CollectionAssert.AreEqual(new[] { 1, 2 }, items);
    }

    [TestMethod]
    public void Disposing_midway_ends_the_sequence_and_runs_its_finally()
    {
        bool ended = false;
        IEnumerable<int> Endless()
        {
            try
            {
                while (true) yield return 0;
            }
            finally
            {
                ended = true;
            }
        }
        using (var ahead = new ReadAhead<int>(_ => Endless(), 2, default)) ahead.First();
        Assert.IsTrue(ended);
    }

    [TestMethod]
    public void Cancelling_ends_the_reader()
    {
        using var cancel = new CancellationTokenSource();
        static IEnumerable<int> Waiting(CancellationToken stop)
        {
            yield return 1;
            stop.WaitHandle.WaitOne();
            stop.ThrowIfCancellationRequested();
        }
        using var ahead = new ReadAhead<int>(Waiting, 1, cancel.Token);
        using IEnumerator<int> items = ahead.GetEnumerator();
        Assert.IsTrue(items.MoveNext());
        cancel.Cancel();
        Assert.AreEqual(cancel.Token, Assert.Throws<OperationCanceledException>(() => items.MoveNext()).CancellationToken);
    }
}
