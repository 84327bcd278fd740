using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods.Rehearsal;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Tasks;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Data;

/// <summary>Remembered images among a task's own.</summary>
[TestClass]
public sealed class RehearsedImagesTests
{
    private readonly MLContext _mlContext = new(1);

    private (TaskImages Images, List<HostImage> Remembered) Load(bool cache, int window = 4096, bool shuffle = true)
    {
        var options = new ICarlOptions { BatchSize = 4, CacheImages = cache, ShuffleWindow = window, Shuffle = shuffle, EvaluationView = EvaluationView.Resize, TrainingView = TrainingView.Deterministic };
        var registry = new ClassRegistry();
        TaskImages old = TaskImages.Load(TinyImages.View(_mlContext, 3, 5, "cow", "hen"), options, registry, default);
        return (TaskImages.Load(TinyImages.View(_mlContext, 5, 1, "cat", "dog"), options, registry, default), [.. old.Read([0, 1, 2, 3, 4, 5])]);
    }

    [TestMethod]
    [DataRow(true, 4096)]
    [DataRow(false, 4096)]
    [DataRow(false, 3)]
    public void Every_epoch_visits_the_tasks_images_and_the_remembered_ones_once_and_none_held_out(bool cache, int window)
    {
        using var backbone = TinyVit.Create();
        (TaskImages images, List<HostImage> remembered) = Load(cache, window);
        images.Rehearse(remembered, [0, 1, 0, 1, 0, 1], new HashSet<int> { 2, 9 });
        Assert.AreEqual(14, images.EpochLength);
        Assert.AreEqual(10, images.Count);
        var seen = new List<int>();
        using var scope = NewDisposeScope();
        var preparer = new ImagePreparer(backbone);
        foreach (ImageBatch batch in images.Epoch(new SeededRandom(4), backbone, default))
        {
            long[] labels = batch.Labels.data<long>().ToArray();
            for (int i = 0; i < labels.Length; i++)
            {
                int row = batch.Rows[i];
                seen.Add(row);
                Assert.AreEqual(row < 10 ? images.Labels[row] : row % 2, labels[i]);
                HostImage raw = row < 10 ? images.Read([row])[0] : remembered[row - 10];
                Assert.IsTrue(batch.Images[i].equal(preparer.ForEvaluation([raw], EvaluationView.Resize)[0]).all().item<bool>(), $"row {row}");
            }
        }
        CollectionAssert.AreEquivalent(Enumerable.Range(0, 16).Except([2, 9]).ToArray(), seen);
        CollectionAssert.AreNotEqual(seen.Order().ToArray(), seen);
        Assert.HasCount(10, images.SampleEvaluation(100, new SeededRandom(4), backbone).SelectMany(batch => batch.Rows).ToArray(), "only epochs visit them");
    }

    [TestMethod]
    public void In_the_order_of_arrival_remembered_images_stand_evenly_between_the_tasks()
    {
        int[] order = RehearsedImages.Spread([0, 1, 2, 3], 10, 3);
        CollectionAssert.AreEqual(new[] { 0, 1, 2, 3 }, order.Where(row => row < 10).ToArray());
        CollectionAssert.AreEqual(new[] { 10, 11, 12 }, order.Where(row => row >= 10).ToArray());
        for (int i = 1; i < order.Length; i++) Assert.IsFalse(order[i] >= 10 && order[i - 1] >= 10, "no two remembered images are neighbours where there are fewer of them");
        CollectionAssert.AreEqual(new[] { 0, 1, 2 }, RehearsedImages.Spread([0, 1, 2], 3, 0));
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void Raw_images_come_in_the_order_asked_for(bool cache)
    {
        (TaskImages images, _) = Load(cache);
        List<TinyImage> expected = TinyImages.Make(5, 1, "cat", "dog");
        int[] rows = [7, 0, 7, 3];
        IReadOnlyList<HostImage> read = images.Read(rows);
        for (int i = 0; i < rows.Length; i++) CollectionAssert.AreEqual(expected[rows[i]].Image, read[i].Bytes);
    }
}
