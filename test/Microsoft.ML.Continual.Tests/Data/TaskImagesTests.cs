using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Tasks;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Data;

[TestClass]
public sealed class TaskImagesTests
{
    private static readonly PlainBackbone s_backbone = new(6);
    private readonly MLContext _mlContext = new(seed: 1);

    private static ImageRows.Options Options(bool cache = true, int window = 4096, TrainingView? view = null) => new()
    {
        Backbone = s_backbone, BatchSize = 4, CacheImages = cache, ShuffleWindow = window,
        TrainingView = view ?? TrainingView.RandomResizedCrop, EvaluationView = EvaluationView.Resize,
    };

    private TaskImages Load(int count, ImageRows.Options options, ClassRegistry? registry = null) =>
        TaskImages.Load(_mlContext.Data.LoadFromEnumerable(ImageRows.Bytes(count)), options, registry ?? new ClassRegistry(), default);

    /// <summary>An epoch in ordinary memory: rows, labels and pixels, batch by batch.</summary>
    private static (int[] Rows, long[] Labels, float[] Pixels)[] Epoch(TaskImages images, int seed) =>
        [.. images.Epoch(new SeededRandom(seed), s_backbone, default).Select(batch => (batch.Rows.ToArray(), batch.Labels.data<long>().ToArray(), batch.Images.data<float>().ToArray()))];

    [TestMethod]
    public void Epoch_has_every_row_once_with_its_label_in_batches_of_the_size_and_a_smaller_last()
    {
        TaskImages images = Load(10, Options());
        Assert.AreEqual(10, images.Count);
        CollectionAssert.AreEqual(new[] { 0, 1, 2 }, images.Classes.ToArray());
        var batches = Epoch(images, 1);
        CollectionAssert.AreEqual(new[] { 4, 4, 2 }, batches.Select(batch => batch.Rows.Length).ToArray());
        CollectionAssert.AreEquivalent(Enumerable.Range(0, 10).ToArray(), batches.SelectMany(batch => batch.Rows).ToArray());
        foreach (var (rows, labels, pixels) in batches)
        {
            CollectionAssert.AreEqual(rows.Select(row => (long)(row % 3)).ToArray(), labels);
            Assert.HasCount(rows.Length * 3 * 6 * 6, pixels);
        }
    }

    [TestMethod]
    public void Epoch_depends_on_the_seed_alone()
    {
        TaskImages images = Load(10, Options());
        AssertSame(Epoch(images, 1), Epoch(images, 1));
        CollectionAssert.AreNotEqual(Epoch(images, 1).SelectMany(b => b.Rows).ToArray(), Epoch(images, 2).SelectMany(b => b.Rows).ToArray());
        SeededRandom a = new(3), b = new(3);
        images.Epoch(a, s_backbone, default);   // the stream moves on when the epoch is asked for, whether it is read or not
        Epoch(images, 3);
        foreach (ImageBatch _ in images.Epoch(b, s_backbone, default)) { }
        CollectionAssert.AreEqual(a.GetState(), b.GetState());
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void Epoch_without_shuffling_visits_the_rows_as_they_arrive(bool cache)
    {
        ImageRows.Options options = Options(cache, window: 3);
        options.Shuffle = false;
        TaskImages images = Load(10, options);
        foreach (int seed in new[] { 1, 2 })
            CollectionAssert.AreEqual(Enumerable.Range(0, 10).ToArray(), Epoch(images, seed).SelectMany(batch => batch.Rows).ToArray());
        SeededRandom plain = new(3), shuffled = new(3);
        images.Epoch(plain, s_backbone, default);
        Load(10, Options()).Epoch(shuffled, s_backbone, default);
        CollectionAssert.AreEqual(shuffled.GetState(), plain.GetState(), "the order does not change what is drawn");
    }

    [TestMethod]
    public void Streamed_epoch_with_a_window_over_all_rows_is_the_cached_one()
    {
        AssertSame(Epoch(Load(11, Options()), 5), Epoch(Load(11, Options(cache: false)), 5));
    }

    [TestMethod]
    public void Streamed_epoch_with_a_small_window_has_the_same_pixels_in_another_order()
    {
        Dictionary<int, string> Pixels(ImageRows.Options options) => Epoch(Load(11, options), 5)
            .SelectMany(batch => batch.Rows.Select((row, i) => (row, string.Join(' ', batch.Pixels.Skip(i * 108).Take(108))))).ToDictionary();
        var cached = Pixels(Options(view: TrainingView.Deterministic));
        var streamed = Pixels(Options(cache: false, window: 3, view: TrainingView.Deterministic));
        Assert.HasCount(11, streamed);
        foreach (var (row, pixels) in streamed) Assert.AreEqual(cached[row], pixels);
    }

    [TestMethod]
    public void Sample_draws_different_rows_up_to_all()
    {
        foreach (bool cache in new[] { true, false })
        {
            TaskImages images = Load(11, Options(cache, window: 3, view: TrainingView.Deterministic));
            Assert.AreEqual(5, images.Sample(5, new SeededRandom(1), s_backbone).Sum(batch => batch.shape[0]));
            Assert.AreEqual(0, images.Sample(0, new SeededRandom(1), s_backbone).Count());
            var seen = new HashSet<float>();   // the first pixel tells rows apart
            foreach (Tensor batch in images.Sample(99, new SeededRandom(1), s_backbone))
                for (int i = 0; i < batch.shape[0]; i++) Assert.IsTrue(seen.Add(batch.data<float>()[i * 108]));
            Assert.HasCount(11, seen);
        }
    }

    [TestMethod]
    public void Only_deterministic_views_say_that_features_may_be_cached()
    {
        Assert.IsFalse(Load(3, Options()).Epoch(new SeededRandom(1), s_backbone, default).First().IsDeterministic);
        Assert.IsTrue(Load(3, Options(view: TrainingView.Deterministic)).Epoch(new SeededRandom(1), s_backbone, default).First().IsDeterministic);
    }

    [TestMethod]
    public void Classes_of_later_tasks_are_added_after_those_of_earlier_ones()
    {
        var registry = new ClassRegistry();
        registry.Add("class 2");
        registry.Add("old");
        TaskImages images = Load(2, Options(), registry);
        CollectionAssert.AreEqual(new[] { "class 2", "old", "class 0", "class 1" }, registry.Names.ToArray());
        CollectionAssert.AreEqual(new[] { 2, 3 }, images.Classes.ToArray());
    }

    [TestMethod]
    public void One_class_alone_is_allowed_and_no_row_is_an_error()
    {
        CollectionAssert.AreEqual(new[] { 0 }, Load(1, Options()).Classes.ToArray());
        foreach (bool cache in new[] { true, false })
            StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => Load(0, Options(cache))).Message, "no rows");
    }

    [TestMethod]
    public void Bad_row_is_an_error_that_leaves_the_registry_as_it_was()
    {
        var rows = ImageRows.Floats(5).ToArray();
        rows[3].Image[7] = float.NaN;
        var registry = new ClassRegistry();
        IDataView view = _mlContext.Data.LoadFromEnumerable(rows);
        var error = Assert.ThrowsExactly<InvalidDataException>(() => TaskImages.Load(view, Options(), registry, default));
        StringAssert.Contains(error.Message, "'Image', row 3");
        Assert.AreEqual(0, registry.Count);
        Assert.IsNull(registry.ValueType);
    }

    [TestMethod]
    public void Bad_row_of_a_streamed_view_surfaces_in_the_epoch_with_its_message()
    {
        var rows = ImageRows.Floats(5).ToArray();
        rows[3].Image[7] = float.NaN;
        TaskImages images = TaskImages.Load(_mlContext.Data.LoadFromEnumerable(rows), Options(cache: false), new ClassRegistry(), default);
        long before = LiveTensors.Count();
        var error = Assert.ThrowsExactly<InvalidDataException>(() => Epoch(images, 1));
        StringAssert.Contains(error.Message, "'Image', row 3: a pixel is NaN");
        Assert.AreEqual(before, LiveTensors.Count());
    }

    [TestMethod]
    public void Missing_columns_are_errors_before_any_row_is_read()
    {
        IDataView view = _mlContext.Data.LoadFromEnumerable(Unreadable());
        ImageRows.Options options = Options();
        options.ImageColumnName = "Picture";
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => TaskImages.Load(view, options, new ClassRegistry(), default)).Message, "image column 'Picture'");
        options = Options();
        options.LabelColumnName = "Class";
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => TaskImages.Load(view, options, new ClassRegistry(), default)).Message, "label column 'Class'");

        static IEnumerable<ImageRows.ByteRow> Unreadable()
        {
            if (Environment.ProcessId != 0) throw new InvalidOperationException("A row was read.");
            yield break;
        }
    }

    [TestMethod]
    public void Streamed_view_that_changes_between_passes_is_an_error()
    {
        int passes = 0;
        IEnumerable<ImageRows.ByteRow> Shrinking() => ImageRows.Bytes(passes++ == 0 ? 8 : 5);
        TaskImages images = TaskImages.Load(_mlContext.Data.LoadFromEnumerable(Each(Shrinking)), Options(cache: false), new ClassRegistry(), default);
        StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(() => Epoch(images, 1)).Message, "had 8 rows and now ends after 5");

        int turns = 0;
        IEnumerable<ImageRows.ByteRow> Turning() => turns++ == 0 ? ImageRows.Bytes(8) : ImageRows.Bytes(8).Reverse();
        images = TaskImages.Load(_mlContext.Data.LoadFromEnumerable(Each(Turning)), Options(cache: false), new ClassRegistry(), default);
        StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(() => Epoch(images, 1)).Message, "another label");

        static IEnumerable<T> Each<T>(Func<IEnumerable<T>> make)
        {
            foreach (T row in make()) yield return row;
        }
    }

    [TestMethod]
    public void Cancelling_ends_loading_and_epochs()
    {
        using var cancel = new CancellationTokenSource();
        TaskImages images = Load(40, Options());
        using IEnumerator<ImageBatch> batches = images.Epoch(new SeededRandom(1), s_backbone, cancel.Token).GetEnumerator();
        Assert.IsTrue(batches.MoveNext());
        cancel.Cancel();
        Assert.Throws<OperationCanceledException>(() => { while (batches.MoveNext()) { } });
        var registry = new ClassRegistry();
        Assert.Throws<OperationCanceledException>(() => TaskImages.Load(_mlContext.Data.LoadFromEnumerable(ImageRows.Bytes(3)), Options(), registry, cancel.Token));
        Assert.AreEqual(0, registry.Count);
    }

    [TestMethod]
    public void Leaving_an_epoch_midway_stops_reading_and_frees_the_batch()
    {
        int read = 0;
        IEnumerable<ImageRows.ByteRow> Counted()
        {
            foreach (ImageRows.ByteRow row in ImageRows.Bytes(1000))
            {
                Interlocked.Increment(ref read);
                yield return row;
            }
        }
        TaskImages images = TaskImages.Load(_mlContext.Data.LoadFromEnumerable(Counted()), Options(cache: false, window: 8), new ClassRegistry(), default);
        read = 0;
        long before = LiveTensors.Count();
        Tensor? first = null;
        foreach (ImageBatch batch in images.Epoch(new SeededRandom(1), s_backbone, default))
        {
            first = batch.Images;
            Assert.IsFalse(first.IsInvalid);
            break;
        }
        Assert.IsTrue(first!.IsInvalid);
        Assert.AreEqual(before, LiveTensors.Count());
        int stopped = Volatile.Read(ref read);
        Assert.IsLessThan(200, stopped, "The whole view was read for one batch.");
        Thread.Sleep(20);
        Assert.AreEqual(stopped, Volatile.Read(ref read), "The thread reads on.");
    }

    [TestMethod]
    public void Batches_outlive_the_readers_dispose_scope_and_no_tensor_stays_behind()
    {
        TaskImages images = Load(10, Options());
        long before = LiveTensors.Count();
        using IEnumerator<ImageBatch> batches = images.Epoch(new SeededRandom(1), s_backbone, default).GetEnumerator();
        while (true)
        {
            using (NewDisposeScope())
                if (!batches.MoveNext()) break;
            Assert.IsFalse(batches.Current.Images.IsInvalid);
            Assert.AreEqual(before + 2, LiveTensors.Count());
        }
        Assert.AreEqual(before, LiveTensors.Count());
    }

    private static void AssertSame((int[] Rows, long[] Labels, float[] Pixels)[] expected, (int[] Rows, long[] Labels, float[] Pixels)[] found)
    {
        Assert.HasCount(expected.Length, found);
        for (int i = 0; i < expected.Length; i++)
        {
            CollectionAssert.AreEqual(expected[i].Rows, found[i].Rows);
            CollectionAssert.AreEqual(expected[i].Labels, found[i].Labels);
            CollectionAssert.AreEqual(expected[i].Pixels, found[i].Pixels);
        }
    }
}
