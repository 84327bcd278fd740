using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods;

/// <summary>
/// Which prompts of a pool the task at hand may train, which it has used, and which the first image of the last batch selected. Keeps the row marks of the projection sites that
/// belong to the pool. Nothing here waits for the device.
/// </summary>
/// <remarks>In the shape comments B is images, M prompts in the pool, k selected prompts.</remarks>
internal sealed class PoolUsage(int poolSize, int topK, Device device) : IDisposable
{
    // By rows a prompt: sites with equally many share their marks.
    private readonly Dictionary<long, (Tensor InUse, Tensor First)> _marks = [];

    /// <summary>int64 [1, k]: the prompts that all images use instead of those they would select; null where they select.</summary>
    public Tensor? Given { get; private set; }

    /// <summary>The first of a task's own prompts t·k … t·k + k − 1, or null where the pool does not reach so far.</summary>
    public int? OwnPrompts(int taskIndex) => (long)(taskIndex + 1) * topK <= poolSize ? taskIndex * topK : null;

    /// <summary>Marks the rows of a site from now on.</summary>
    /// <param name="site">A site whose rows are those of prompt 0, then those of prompt 1, and so on.</param>
    public void Watch(ProjectionSite site)
    {
        long perPrompt = site.Rows / poolSize;
        if (!_marks.TryGetValue(perPrompt, out (Tensor InUse, Tensor First) marks))
        {
            using DisposeScope scope = NewDisposeScope();
            marks = (zeros(new long[] { site.Rows }, ScalarType.Bool, device).DetachFromDisposeScope(), zeros(new long[] { site.Rows }, ScalarType.Bool, device).DetachFromDisposeScope());
            _marks.Add(perPrompt, marks);
        }
        (site.RowsInUse, site.RowsOfFirstImage) = marks;
    }

    /// <summary>Starts a task: no prompt is used yet.</summary>
    /// <param name="taskIndex">0-based.</param>
    /// <param name="promptMask">Whether the task trains its own prompts only, while the pool lasts.</param>
    public void BeginTask(int taskIndex, bool promptMask)
    {
        EndTask();
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        foreach ((Tensor inUse, _) in _marks.Values) inUse.fill_(false);
        if (promptMask && OwnPrompts(taskIndex) is { } first)
            Given = arange(first, first + topK, ScalarType.Int64, device).unsqueeze(0).DetachFromDisposeScope();
    }

    /// <summary>Makes a task's own prompts copies of the k before them, which are the last task's; only while the pool lasts, and not in the first task.</summary>
    /// <param name="pool">The pool's tensor.</param>
    /// <param name="axis">Its axis of prompts.</param>
    /// <param name="taskIndex">0-based.</param>
    public void CopyFromTaskBefore(Tensor pool, int axis, int taskIndex)
    {
        if (taskIndex == 0 || OwnPrompts(taskIndex) is not { } first) return;
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        pool.narrow(axis, first, topK).copy_(pool.narrow(axis, first - topK, topK));   // whole slots: the two never overlap
    }

    /// <summary>Notes what a batch selected.</summary>
    /// <param name="selectedMask">[B or 1, k, M] bool.</param>
    public void Note(Tensor selectedMask)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        Tensor perImage = selectedMask.any(1);             // [B or 1, M]
        Tensor inBatch = perImage.any(0).unsqueeze(1);     // [M, 1]
        Tensor first = perImage.select(0, 0).unsqueeze(1);
        foreach ((long perPrompt, (Tensor inUse, Tensor firstMark)) in _marks)
        {
            // [M, 1] -> [M, rows] -> [M·rows]
            inUse.logical_or_(inBatch.expand(-1, perPrompt).reshape(-1));
            firstMark.copy_(first.expand(-1, perPrompt).reshape(-1));
        }
    }

    /// <summary>Writes which prompts the task has used so far, and which the last batch's first image selected.</summary>
    public void SaveProgress(StateDictionary state)
    {
        foreach ((long perPrompt, (Tensor inUse, Tensor first)) in _marks)
        {
            state.Add($"usage.{perPrompt}", inUse);
            state.Add($"first.{perPrompt}", first);
        }
    }

    /// <summary>Takes over what <see cref="SaveProgress"/> wrote.</summary>
    public void LoadProgress(StateDictionary state)
    {
        using IDisposable frozen = no_grad();
        foreach ((long perPrompt, (Tensor inUse, Tensor first)) in _marks)
        {
            inUse.copy_(state.Get($"usage.{perPrompt}", inUse.shape));
            first.copy_(state.Get($"first.{perPrompt}", first.shape));
        }
    }

    /// <summary>Ends a task; the marks stay to be read.</summary>
    public void EndTask()
    {
        Given?.Dispose();
        Given = null;
    }

    public void Dispose()
    {
        EndTask();
        foreach ((Tensor inUse, Tensor first) in _marks.Values)
        {
            inUse.Dispose();
            first.Dispose();
        }
        _marks.Clear();
    }
}
