using Microsoft.ML.Continual.Backbones.Clip;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.ClipPrompt;

/// <summary>A frozen copy of what is tuned on the side of the images, and the features of all texts, which are constant from now on.</summary>
/// <remarks>In the shape comments B is images, K texts of all tasks (a class has one for each task it occurred in), C classes, R the most texts that a class has.</remarks>
internal sealed class ClipPromptScorer : ITaskAwareScorer
{
    private const int TextsAtOnce = 256;

    private readonly ClipModel _clip;
    private readonly IReadOnlyList<ClipTask> _tasks;
    private readonly Tensor[] _tuned;    // a prompt [P, D], or an adapter [r, E] and [E, r]
    private readonly Tensor _texts;      // [K, E], task after task
    private readonly Tensor _rows;       // [C·R]: the texts of each class; where it has fewer than R, its first again
    private readonly long _perClass;     // R

    public ClipPromptScorer(ClipModel clip, IReadOnlyList<Tensor> tuned, IReadOnlyList<ClipTask> tasks, Tensor contexts, int classCount)
    {
        (_clip, _tasks, ClassCount) = (clip, [.. tasks], classCount);
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        _tuned = [.. tuned.Select(TrainableTensor.Freeze)];
        _texts = Features(contexts).DetachFromDisposeScope();
        (long[] rows, _perClass) = RowsByClass();
        _rows = tensor((IList<long>)rows, new long[] { rows.Length }).to(clip.Device).DetachFromDisposeScope();
    }

    public int ClassCount { get; }

    /// <summary>[B, C]: the highest of each class's texts, whatever their task.</summary>
    public Tensor Score(Tensor images) => Score(images, 0, _tasks.Count);

    /// <summary>[B, C] for images that all come from one task: that task's texts and no others; −∞ for other classes.</summary>
    public Tensor Score(Tensor images, int task) => task >= 0 && task < _tasks.Count ? Score(images, task, 1)
        : throw new ArgumentOutOfRangeException(nameof(task), task, $"Expected one of the {_tasks.Count} tasks learned, 0-based.");

    public void Dispose()
    {
        foreach (Tensor tensor in _tuned) tensor.Dispose();
        _texts.Dispose();
        _rows.Dispose();
    }

    private Tensor Score(Tensor images, int firstTask, int taskCount)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        long start = _tasks.Take(firstTask).Sum(task => task.Classes.Count), count = _tasks.Skip(firstTask).Take(taskCount).Sum(task => task.Classes.Count);
        Tensor logits = ClipPromptNetwork.Logits(_clip, ClipPromptNetwork.ImageFeatures(_clip, images, _tuned), _texts.narrow(0, start, count));   // [B, count]
        if (count < _texts.shape[0])
            logits = nn.functional.pad(logits, new long[] { start, _texts.shape[0] - start - count }, PaddingModes.Constant, double.NegativeInfinity);                              // [B, K]
        // [B, K] -> [B, C·R] -> [B, C, R] -> [B, C]
        return logits.index_select(1, _rows).view(-1, ClassCount, _perClass).amax(2).MoveToOuterDisposeScope();
    }

    /// <summary>The features of all texts, each under its task's context.</summary>
    private Tensor Features(Tensor contexts)
    {
        IReadOnlyList<int>[] ids = [.. _tasks.SelectMany(task => task.Ids)];
        long[] tasks = [.. _tasks.SelectMany((task, t) => Enumerable.Repeat((long)t, task.Ids.Count))];
        var parts = new List<Tensor>();
        for (int from = 0; from < ids.Length; from += TextsAtOnce)
        {
            using DisposeScope scope = NewDisposeScope();
            int to = Math.Min(from + TextsAtOnce, ids.Length);
            Tensor index = tensor((IList<long>)tasks[from..to], new long[] { to - from }).to(contexts.device);
            parts.Add(ClipPromptNetwork.TextFeatures(_clip, ClipModel.Pad(ids[from..to], _clip.Device), contexts.index_select(0, index)).MoveToOuterDisposeScope());
        }
        return cat(parts, 0);
    }

    private (long[] Rows, long PerClass) RowsByClass()
    {
        var byClass = new List<long>[ClassCount];
        long row = 0;
        foreach (int c in _tasks.SelectMany(task => task.Classes)) (byClass[c] ??= []).Add(row++);
        int most = byClass.Max(rows => rows.Count);
        return ([.. byClass.SelectMany(rows => rows.Concat(Enumerable.Repeat(rows[0], most - rows.Count)))], most);
    }
}
