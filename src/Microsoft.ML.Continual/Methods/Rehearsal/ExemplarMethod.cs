using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods.FineTuning;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.Rehearsal;

/// <summary>What methods share that remember images by class and train on them together with a task's own.</summary>
public abstract class ExemplarMethod : NetworkTuningMethod
{
    private readonly ExemplarOptions _options;
    private readonly ImagePreparer _preparer;

    private protected ExemplarMethod(ExemplarOptions options) : base(options, ClassMask.SeenClasses) => (_options, _preparer) = (options, new ImagePreparer(Origin));

    /// <summary>The frozen copy from before the task; null in the first.</summary>
    private protected Teacher? Old { get; private set; }

    /// <summary>The task's images.</summary>
    private protected ITaskImages? Images { get; private set; }

    /// <summary>The task's number, 0-based.</summary>
    private protected int TaskIndex { get; private set; }

    /// <inheritdoc/>
    public override void BeginTask(MethodTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        if (_options.Share(Math.Max(1, task.ClassCount)) < 1)
            throw new InvalidOperationException($"The memory has no room for {task.ClassCount} classes: option {nameof(ExemplarOptions.MemorySize)} is {_options.MemorySize}; expected at least {task.ClassCount}.");
        base.BeginTask(task);
        (Images, TaskIndex) = (task.Images ?? throw new InvalidOperationException("The task gives no images to remember."), task.Index);
    }

    /// <inheritdoc/>
    public override void EndTask()
    {
        Old?.Dispose();
        (Old, Images) = (null, null);
        base.EndTask();
    }

    private protected override void Prepare(MethodTask task)
    {
        if (ClassCount > 0) Old = MakeTeacher();
    }

    /// <summary>The teacher of the next task.</summary>
    private protected virtual Teacher MakeTeacher() => new(Network, Head);

    /// <summary>Features of unit length, in the view of prediction: [n, D] on the CPU, in the caller's dispose scope.</summary>
    /// <param name="exemplars">The images.</param>
    /// <param name="mirrored">Whether each is mirrored.</param>
    private protected Tensor UnitFeatures(IReadOnlyList<Exemplar> exemplars, bool mirrored = false) => Evaluate(exemplars, images => Unit(Network.Features(mirrored ? images.flip(3) : images)));

    /// <summary>Something of each image in the view of prediction, without gradient: [n, …] on the CPU, in the caller's dispose scope.</summary>
    private protected Tensor Evaluate(IReadOnlyList<Exemplar> exemplars, Func<Tensor, Tensor> compute)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        var parts = new List<Tensor>();
        foreach (Exemplar[] some in exemplars.Chunk(_options.PredictionBatchSize))
        {
            using DisposeScope chunk = NewDisposeScope();
            Tensor images = _preparer.ForEvaluation([.. some.Select(e => e.Image)], _options.EvaluationView);
            parts.Add(compute(images).to(CPU).MoveToOuterDisposeScope());
        }
        return cat(parts, 0).MoveToOuterDisposeScope();
    }

    /// <summary>Features of unit length of all the task's images, in the view of prediction: [N, D] on the CPU, by row, in the caller's dispose scope.</summary>
    private protected Tensor TaskFeatures(FinishedTask task)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        Tensor features = zeros(new long[] { task.ImageCount, Origin.Width });
        foreach (ImageBatch batch in task.SampleImages(task.ImageCount))
        {
            using DisposeScope step = NewDisposeScope();
            features.index_copy_(0, Index(batch.Rows), Unit(Network.Features(batch.Images)).to(CPU));
        }
        return features.MoveToOuterDisposeScope();
    }

    /// <summary>For each class of the task: its remembered images and those of its rows that are not held out, in order of priority.</summary>
    /// <param name="memory">What is remembered.</param>
    /// <param name="features">From <see cref="TaskFeatures"/>.</param>
    /// <param name="heldOut">Rows that are left aside.</param>
    /// <param name="count">The number wanted of each class.</param>
    private protected SortedDictionary<int, List<Exemplar>> Herd(ExemplarMemory memory, Tensor features, IReadOnlySet<int> heldOut, int count)
    {
        using DisposeScope scope = NewDisposeScope();
        ITaskImages images = Images!;
        var chosen = new SortedDictionary<int, (IReadOnlyList<Exemplar> Stored, int[] Rows, int[] Order)>();
        foreach (IGrouping<int, int> group in Enumerable.Range(0, images.Labels.Count).Where(row => !heldOut.Contains(row)).GroupBy(row => images.Labels[row]))
        {
            int[] rows = [.. group];
            IReadOnlyList<Exemplar> stored = memory.Of(group.Key);
            Tensor present = features.index_select(0, Index(rows));
            chosen[group.Key] = (stored, rows, Herding.Choose(stored.Count == 0 ? present : cat([UnitFeatures(stored), present], 0), count));
        }
        int[] wanted = [.. chosen.Values.SelectMany(c => c.Order.Where(i => i >= c.Stored.Count).Select(i => c.Rows[i - c.Stored.Count]))];
        Dictionary<int, HostImage> read = wanted.Zip(images.Read(wanted)).ToDictionary(pair => pair.First, pair => pair.Second);
        var result = new SortedDictionary<int, List<Exemplar>>();
        foreach ((int label, var c) in chosen)
            result[label] = [.. c.Order.Select(i => i < c.Stored.Count ? c.Stored[i] : new Exemplar(read[c.Rows[i - c.Stored.Count]], label, TaskIndex))];
        return result;
    }

    /// <summary>[n, D] with rows of length 1, in the caller's dispose scope.</summary>
    internal static Tensor Unit(Tensor features)
    {
        using DisposeScope scope = NewDisposeScope();
        return (features / features.norm(1, true).clamp_min(1e-12)).MoveToOuterDisposeScope();
    }

    private static Tensor Index(IReadOnlyList<int> rows) => tensor((IList<long>)[.. rows.Select(r => (long)r)], new long[] { rows.Count });
}
