using Microsoft.ML.Continual.Tasks;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Tasks;

[TestClass]
public sealed class TaskSequenceTests
{
    private readonly MLContext _mlContext = new(seed: 1);

    private IDataView View => Rows.Of(_mlContext, "a");

    [TestMethod]
    public void Views_become_numbered_tasks()
    {
        IDataView first = View, second = View, test = View;
        TaskSequence tasks = TaskSequence.FromViews([first, second], [test, first]);
        Assert.AreEqual(2, tasks.Count);
        CollectionAssert.AreEqual(new[] { "Task 1", "Task 2" }, tasks.Select(task => task.Name).ToArray());
        Assert.AreSame(second, tasks.Last().Train);
        Assert.AreSame(test, tasks.First().Test);
        Assert.ThrowsExactly<ArgumentException>(() => TaskSequence.FromViews([first, second], [test]));
        Assert.ThrowsExactly<ArgumentException>(() => TaskSequence.FromViews([]));
        Assert.ThrowsExactly<ArgumentException>(() => new TaskSequence(new ContinualTask("a", first), new ContinualTask("a", second)));
        Assert.ThrowsExactly<ArgumentException>(() => new ContinualTask(" ", first));
    }

    [TestMethod]
    public void Stream_is_asked_for_a_task_only_when_the_one_before_is_done()
    {
        int made = 0;
        IEnumerable<ContinualTask> Stream()
        {
            while (true) yield return new ContinualTask($"Task {++made}", View);   // it never ends
        }
        TaskSequence tasks = TaskSequence.FromStream(Stream());
        Assert.IsNull(tasks.Count);
        int seen = 0;
        foreach (ContinualTask task in tasks)
        {
            Assert.AreEqual(++seen, made);
            if (seen == 3) break;
        }
        Assert.AreEqual(3, made);
    }

    [TestMethod]
    public async Task Stream_that_arrives_in_its_own_time_can_be_awaited_or_waited_for()
    {
        async IAsyncEnumerable<ContinualTask> Stream()
        {
            for (int i = 1; i <= 3; i++)
            {
                await Task.Yield();
                yield return new ContinualTask($"Task {i}", View);
            }
        }
        TaskSequence tasks = TaskSequence.FromStream(Stream());
        var names = new List<string>();
        await foreach (ContinualTask task in tasks.ToAsyncEnumerable()) names.Add(task.Name);
        string[] expected = ["Task 1", "Task 2", "Task 3"];
        CollectionAssert.AreEqual(expected, names);
        CollectionAssert.AreEqual(expected, tasks.Select(task => task.Name).ToArray());
    }

    [TestMethod]
    public async Task Known_sequence_can_be_awaited_too()
    {
        var names = new List<string>();
        await foreach (ContinualTask task in TaskSequence.FromViews([View, View]).ToAsyncEnumerable()) names.Add(task.Name);
        CollectionAssert.AreEqual(new[] { "Task 1", "Task 2" }, names);
    }
}
