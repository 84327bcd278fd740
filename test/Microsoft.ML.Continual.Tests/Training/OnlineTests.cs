using Microsoft.ML.Continual.Inference;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Tasks;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Tests.Tasks;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Training;

/// <summary>Learning from rows that come once.</summary>
[TestClass]
public sealed class OnlineTests
{
    private readonly MLContext _mlContext = new(3);

    private ContinualCatalog Continual => _mlContext.Continual();

    // Classes come back, and new ones come in the middle of a chunk.
    private List<TinyImage> Rows => [.. TinyImages.Make(3, 1, "cat", "dog"), .. TinyImages.Make(2, 2, "fox", "cat", "elk")];

    [TestMethod]
    public void UseOnline_makes_one_pass_in_order_over_cached_images()
    {
        var options = new ColourOptions { Epochs = 7, CacheImages = false };
        Assert.AreSame(options, options.UseOnline());
        Assert.AreEqual((1, false, true), (options.Epochs, options.Shuffle, options.CacheImages));
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void A_stream_is_learned_from_one_cursor_with_every_row_read_once_and_trained_in_order(bool constrained)
    {
        List<int> trained = [];
        var source = new OnceView(_mlContext.Data.LoadFromEnumerable(Rows));
        using ContinualTrainer trainer = Create(new ColourOptions { Batches = rows => trained.AddRange(rows) }.UseOnline(), constrained);
        foreach (ContinualTask task in Continual.Stream(source, 5)) trainer.Fit(task).Dispose();
        Assert.AreEqual(12, source.RowsRead);
        Assert.IsTrue(source.IsClosed);
        CollectionAssert.AreEqual(new[] { 0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1 }, trained, "rows of each task, in order");
        CollectionAssert.AreEqual(new[] { "Task 1: 0 1", "Task 2: 0 1 2 3", "Task 3: 0 3" },
            trainer.Tasks.Select(task => $"{task.Name}: {string.Join(' ', task.Classes)}").ToArray());
    }

    [TestMethod]
    public void A_stream_is_learned_as_its_chunks_would_be()
    {
        var options = new ColourOptions { Seed = 4 }.UseOnline();
        using ContinualTrainer streamed = Create(options, true), chunked = Create(options, true);
        foreach (ContinualTask task in Continual.Stream(_mlContext.Data.LoadFromEnumerable(Rows), 5)) streamed.Fit(task).Dispose();
        foreach (TinyImage[] chunk in Rows.Chunk(5)) chunked.Fit(_mlContext.Data.LoadFromEnumerable(chunk)).Dispose();
        Assert.AreEqual(States.Of(chunked), States.Of(streamed));
    }

    [TestMethod]
    public void Several_passes_over_cached_images_read_the_stream_once_too()
    {
        using ContinualTrainer trainer = Create(new ColourOptions { Epochs = 3 }, true);
        foreach (ContinualTask task in Continual.Stream(new OnceView(_mlContext.Data.LoadFromEnumerable(Rows)), 4)) trainer.Fit(task).Dispose();
        Assert.AreEqual(3, trainer.TasksSeen);
    }

    [TestMethod]
    public void A_trainer_that_reads_its_view_again_is_refused_and_told_the_cure()
    {
        using ContinualTrainer trainer = Create(new ColourOptions { CacheImages = false }, false);
        ContinualTask task = Continual.Stream(_mlContext.Data.LoadFromEnumerable(Rows), 4).First();
        StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(() => trainer.Fit(task)).Message, "CacheImages = true");
        Assert.AreEqual(0, trainer.TasksSeen);
    }

    [TestMethod]
    public void A_bad_row_costs_its_task_and_not_the_stream()
    {
        List<TinyImage> rows = Rows;
        rows[1].Label = "";
        using ContinualTrainer trainer = Create(new ColourOptions().UseOnline(), false);
        int refused = 0;
        foreach (ContinualTask task in Continual.Stream(_mlContext.Data.LoadFromEnumerable(rows), 6))
        {
            try
            {
                trainer.Fit(task).Dispose();
            }
            catch (InvalidDataException)
            {
                refused++;
            }
        }
        Assert.AreEqual((1, 1, "Task 2"), (refused, trainer.TasksSeen, trainer.Tasks[0].Name));
        using ContinualTransformer model = trainer.GetModel();
        CollectionAssert.AreEqual(new[] { "fox", "cat", "elk" }, model.Classes.Names.ToArray());
    }

    private ContinualTrainer Create(ColourOptions options, bool constrained)
    {
        ContinualTrainer trainer = Continual.Trainer(options);
        return constrained ? trainer.WithConstraint(new HalvingOptions()) : trainer;
    }
}
