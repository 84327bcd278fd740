using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Data;

/// <summary>The training images of one task: read from a view, checked, and served as augmented batches on the device.</summary>
internal sealed class TaskImages : ITaskImages
{
    // Batches packed ahead of the training thread: one to take, one in the making.
    private const int BatchesAhead = 2;

    private readonly IImageSource _source;
    private readonly int[] _labels;
    private readonly MethodOptions _options;
    private readonly CancellationToken _cancellationToken;

    // What an epoch visits: the task's rows, and after Rehearse those of remembered images beyond them.
    private IImageSource _epochSource;
    private int[] _epochRows, _epochLabels;

    private TaskImages(IImageSource source, int[] labels, MethodOptions options, CancellationToken cancellationToken)
    {
        (_source, _labels, _options, _cancellationToken) = (source, labels, options, cancellationToken);
        (_epochSource, _epochRows, _epochLabels) = (source, [.. Enumerable.Range(0, labels.Length)], labels);
        Classes = Array.AsReadOnly([.. labels.Distinct().Order()]);
    }

    /// <summary>The number of images.</summary>
    public int Count => _labels.Length;

    /// <summary>The class index of each row.</summary>
    public IReadOnlyList<int> Labels => _labels;

    /// <summary>The indices of the classes that occur, ascending.</summary>
    public IReadOnlyList<int> Classes { get; }

    /// <inheritdoc/>
    public int EpochLength => _epochRows.Length;

    /// <summary>
    /// Reads a task's view once: all of it when <see cref="MethodOptions.CacheImages"/> is set, else the labels alone. New classes are added to
    /// the registry in the order in which their labels occur, when every row was read without error, and not otherwise.
    /// </summary>
    /// <exception cref="ArgumentException">A column is missing, its type is not supported, or the labels are of another type than the registry's.</exception>
    /// <exception cref="InvalidDataException">There is no row, or a row has no label, no image or a bad one.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static TaskImages Load(IDataView view, MethodOptions options, ClassRegistry registry, CancellationToken cancellationToken)
    {
        ImageColumnReader imageColumn = ImageColumnReader.Create(view.Schema, options.ImageColumnName);
        LabelColumn labelColumn = LabelColumn.Create(view.Schema, options.LabelColumnName, registry);
        ClassRegistry grown = registry.Clone();
        var labels = new List<int>();
        var images = options.CacheImages ? new List<HostImage>() : null;
        DataViewSchema.Column[] columns = images is null ? [labelColumn.Column] : [imageColumn.Column, labelColumn.Column];
        using (DataViewRowCursor cursor = view.GetRowCursor(columns))
        {
            Func<long, object> readLabel = labelColumn.BindRequired(cursor);
            Func<long, HostImage>? readImage = images is null ? null : imageColumn.Bind(cursor);
            while (cursor.MoveNext())
            {
                cancellationToken.ThrowIfCancellationRequested();
                int row = labels.Count;
                labels.Add(grown.Add(readLabel(row)));
                images?.Add(readImage!(row));
            }
        }

        if (labels.Count == 0) throw new InvalidDataException("The training view has no rows; a task needs at least one.");
        registry.GrowTo(grown);
        int[] classOf = [.. labels];
        IImageSource source = images is not null
            ? new CachedImages(images)
            : new StreamedImages(view, imageColumn, labelColumn, classOf, grown.Freeze(), options.ShuffleWindow);
        return new TaskImages(source, classOf, options, cancellationToken);
    }

    /// <summary>The first row's image.</summary>
    public HostImage First(CancellationToken cancellationToken) => _source.Read([0], cancellationToken).First();

    /// <summary>
    /// All images once, in batches of <see cref="MethodOptions.BatchSize"/>, of which the last may be smaller; in random order, or in the order of the rows where
    /// <see cref="MethodOptions.Shuffle"/> is off.
    /// </summary>
    /// <param name="random">Two numbers are drawn at once: the seeds of the order and of the views.</param>
    /// <param name="backbone">Where the images go.</param>
    /// <param name="cancellationToken">Ends the enumeration with an <see cref="OperationCanceledException"/>.</param>
    /// <returns>Batches that live until the next is asked for or the enumeration ends, whatever dispose scope is open.</returns>
    public IEnumerable<ImageBatch> Epoch(SeededRandom random, Backbone backbone, CancellationToken cancellationToken)
    {
        SeededRandom orderRandom = random.Split(), viewRandom = random.Split();
        int[] rows = _epochRows;
        if (_options.Shuffle)
        {
            if (_epochSource is RehearsedImages rehearsed) rows = rehearsed.MixRemembered(rows, orderRandom);
            rows = RowOrder.Shuffle(rows, _epochSource.Window, orderRandom);
        }
        return Batches(_epochSource, rows, _options.TrainingView, viewRandom.GetState(), backbone, cancellationToken);
    }

    /// <inheritdoc/>
    public IReadOnlyList<HostImage> Read(IReadOnlyList<int> rows)
    {
        HostImage[] read = [.. _source.Read([.. rows.Distinct().Order()], _cancellationToken)];
        Dictionary<int, HostImage> byRow = rows.Distinct().Order().Zip(read).ToDictionary(pair => pair.First, pair => pair.Second);
        return [.. rows.Select(row => byRow[row])];
    }

    /// <inheritdoc/>
    public void Rehearse(IReadOnlyList<HostImage> images, IReadOnlyList<int> labels, IReadOnlySet<int> heldOut)
    {
        _epochSource = new RehearsedImages(_source, Count, images);
        _epochLabels = [.. _labels, .. labels];
        _epochRows = RehearsedImages.Spread([.. Enumerable.Range(0, Count).Where(row => !heldOut.Contains(row))], Count, images.Count);
    }

    /// <summary>Up to <paramref name="count"/> different images, in random order, in the training view.</summary>
    /// <param name="count">The number of images wanted.</param>
    /// <param name="random">Two numbers are drawn at once.</param>
    /// <param name="backbone">Where the images go.</param>
    /// <param name="cancellationToken">Ends the enumeration with an <see cref="OperationCanceledException"/>.</param>
    /// <returns>Batches [B, 3, S, S], each of which lives until the next is asked for or the enumeration ends.</returns>
    public IEnumerable<Tensor> Sample(int count, SeededRandom random, Backbone backbone, CancellationToken cancellationToken = default) =>
        Choose(count, _options.TrainingView, random, backbone, cancellationToken).Select(batch => batch.Images);

    /// <summary>As <see cref="Sample"/>, in the view of prediction and with the labels.</summary>
    public IEnumerable<ImageBatch> SampleEvaluation(int count, SeededRandom random, Backbone backbone, CancellationToken cancellationToken = default) =>
        Choose(count, TrainingView.Deterministic, random, backbone, cancellationToken);

    private IEnumerable<ImageBatch> Choose(int count, TrainingView view, SeededRandom random, Backbone backbone, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        SeededRandom orderRandom = random.Split(), viewRandom = random.Split();
        int[] rows = RowOrder.Choose(Count, count, orderRandom);
        int[] order = RowOrder.Shuffle(rows, _source.Window, orderRandom);
        return Batches(_source, order, view, viewRandom.GetState(), backbone, cancellationToken);
    }

    private IEnumerable<ImageBatch> Batches(IImageSource source, int[] order, TrainingView view, ulong[] viewState, Backbone backbone, CancellationToken cancellationToken)
    {
        var preparer = new ImagePreparer(backbone);
        using var packed = new ReadAhead<(int[] Rows, PackedImages Images)>(
            stop => Pack(source, order, view, SeededRandom.FromState(viewState), preparer, stop), BatchesAhead, cancellationToken);
        foreach ((int[] rows, PackedImages images) in packed)
        {
            ImageBatch batch = ToDevice(rows, images, view, preparer, backbone);
            try
            {
                yield return batch;
            }
            finally
            {
                batch.Images.Dispose();
                batch.Labels.Dispose();
            }
        }
    }

    private IEnumerable<(int[] Rows, PackedImages Images)> Pack(IImageSource source, int[] order, TrainingView view, SeededRandom viewRandom, ImagePreparer preparer, CancellationToken stop)
    {
        int start = 0;
        foreach (HostImage[] images in source.Read(order, stop).Chunk(_options.BatchSize))
        {
            stop.ThrowIfCancellationRequested();
            int[] rows = order[start..(start + images.Length)];
            start += images.Length;
            yield return (rows, preparer.PackForTraining(images, view, _options.EvaluationView, viewRandom));
        }
    }

    private ImageBatch ToDevice(int[] rows, PackedImages packed, TrainingView view, ImagePreparer preparer, Backbone backbone)
    {
        using var scope = NewDisposeScope();
        Tensor images = preparer.Prepare(packed).DetachFromDisposeScope();
        long[] classes = [.. rows.Select(row => (long)_epochLabels[row])];
        Tensor labels = from_array(classes).to(backbone.Device).DetachFromDisposeScope();
        return new ImageBatch(images, labels, rows, view.IsDeterministic);
    }
}
