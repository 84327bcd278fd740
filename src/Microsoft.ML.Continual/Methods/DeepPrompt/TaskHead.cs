using Microsoft.ML.Continual.Methods.Alignment;
using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.DeepPrompt;

/// <summary>
/// One linear head a task, kept as rows of one classifier. While a task is open its rows are parameters of their own: neither weight decay nor the optimiser's moments touch the others,
/// which keep their bits.
/// </summary>
/// <remarks>In the shape comments B is images, C classes known, n classes that compete in the task, D width.</remarks>
internal sealed class TaskHead(int width, Device device) : IDisposable
{
    private const double FirstDeviation = 0.02;

    private Tensor _weight = Nothing(device, width), _bias = Nothing(device);   // [C, D], [C]
    private Tensor? _rows, _positions;                                           // int64 [n]: the competing classes; int64 [C]: where a class stands among them
    private Parameter? _taskWeight, _taskBias;                                   // [n, D], [n]

    /// <summary>C.</summary>
    public int ClassCount => (int)_weight.shape[0];

    /// <summary>The open task's rows; none between tasks.</summary>
    public IEnumerable<TrainableParameter> Parameters => _taskWeight is null ? [] : [new("head.weight", _taskWeight), new("head.bias", _taskBias!)];

    public void BeginTask(MethodTask task, ClassMask mask, HeadInitialization initialization)
    {
        int old = ClassCount;
        if (task.ClassCount < old) throw new ArgumentException($"The task has {task.ClassCount} classes in all; the classifier has {old} already.", nameof(task));
        if (task.Classes.Count == 0 || task.Classes.Any(c => c < 0 || c >= task.ClassCount))
            throw new ArgumentException($"The task's classes must be some of 0 … {task.ClassCount - 1}; found {string.Join(", ", task.Classes)}.", nameof(task));
        EndTask();
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        if (task.ClassCount > old)
        {
            (Tensor weight, Tensor bias) = NewRows(task, task.ClassCount - old, initialization);
            Replace(cat([_weight, weight], 0), cat([_bias, bias], 0));
        }
        long[] rows = mask == ClassMask.CurrentTask ? [.. task.Classes.Distinct().Order().Select(c => (long)c)] : [.. Enumerable.Range(0, task.ClassCount).Select(c => (long)c)];
        long[] positions = new long[task.ClassCount];
        for (int i = 0; i < rows.Length; i++) positions[rows[i]] = i;
        _rows = tensor((IList<long>)rows, new long[] { rows.Length }).to(device).DetachFromDisposeScope();
        _positions = tensor((IList<long>)positions, new long[] { positions.Length }).to(device).DetachFromDisposeScope();
        _taskWeight = TrainableTensor.Create(_weight.index_select(0, _rows), device);
        _taskBias = TrainableTensor.Create(_bias.index_select(0, _rows), device);
    }

    /// <summary>[B, D] -> [B, n]: the logits of the classes that compete.</summary>
    public Tensor Logits(Tensor features) => nn.functional.linear(features, _taskWeight!, _taskBias!);

    /// <summary>Class indices [B] -> positions among those that compete [B].</summary>
    public Tensor Positions(Tensor labels) => _positions!.index_select(0, labels);

    /// <summary>[B, n] -> [B, C] with −∞ at the classes that do not compete.</summary>
    public Tensor Widen(Tensor logits)
    {
        if (logits.shape[1] == ClassCount) return logits;
        using DisposeScope scope = NewDisposeScope();
        Tensor all = full(new long[] { logits.shape[0], ClassCount }, float.NegativeInfinity, logits.dtype, logits.device);
        return all.index_copy_(1, _rows!, logits).MoveToOuterDisposeScope();
    }

    /// <summary>Puts the task's rows back among the others.</summary>
    public void EndTask()
    {
        if (_taskWeight is null) return;
        using DisposeScope scope = NewDisposeScope();
        (Tensor weight, Tensor bias) = Merged();
        Replace(weight, bias);
        CloseTask();
    }

    /// <summary>Closes the task and aligns the classifier, which is then one of all classes.</summary>
    /// <param name="alignment">The statistics of the classes.</param>
    /// <param name="task">The finished task.</param>
    /// <param name="features">[B, 3, S, S] -> [B, D], the classifier's input.</param>
    public void Align(HeadAlignment alignment, FinishedTask task, Func<Tensor, Tensor> features)
    {
        EndTask();
        using Parameter weight = TrainableTensor.Create(_weight, device), bias = TrainableTensor.Create(_bias, device);
        alignment.Conclude(task, weight, bias, features);
        using DisposeScope scope = NewDisposeScope();
        Replace(weight.detach().clone(), bias.detach().clone());
    }

    /// <summary>[C, D] and [C] with the open task's rows among them, frozen copies that are the caller's.</summary>
    public (Tensor Weight, Tensor Bias) Freeze()
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor weight, Tensor bias) = Merged();
        return (weight.DetachFromDisposeScope(), bias.DetachFromDisposeScope());
    }

    public void SaveState(StateDictionary state)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor weight, Tensor bias) = Merged();
        state.Add("head.weight", weight);
        state.Add("head.bias", bias);
    }

    /// <summary>Checks what <see cref="LoadState"/> will take.</summary>
    public void CheckState(StateDictionary state) => state.Get("head.bias", state.Get("head.weight", -1, width).shape[0]);

    public void LoadState(StateDictionary state)
    {
        CloseTask();
        using DisposeScope scope = NewDisposeScope();
        Replace(state.Get("head.weight", null).to(ScalarType.Float32).to(device, copy: true), state.Get("head.bias", null).to(ScalarType.Float32).to(device, copy: true));
    }

    public void Dispose()
    {
        CloseTask();
        _weight.Dispose();
        _bias.Dispose();
    }

    private (Tensor Weight, Tensor Bias) NewRows(MethodTask task, int count, HeadInitialization initialization)
    {
        if (initialization == HeadInitialization.ReleasedCode)
        {
            if (ClassCount == 0) return (task.Random.TruncatedNormalTensor(FirstDeviation, count, width).to(device), zeros(new long[] { count }, ScalarType.Float32, device));
            if (ClassCount == count) return (_weight, _bias);
        }
        double range = 1 / Math.Sqrt(width);
        return (task.Random.UniformTensor(-range, range, count, width).to(device), task.Random.UniformTensor(-range, range, count).to(device));
    }

    private (Tensor Weight, Tensor Bias) Merged()
    {
        using IDisposable frozen = no_grad();
        Tensor weight = _weight.clone(), bias = _bias.clone();
        if (_taskWeight is not null)
        {
            weight.index_copy_(0, _rows!, _taskWeight);
            bias.index_copy_(0, _rows!, _taskBias!);
        }
        return (weight, bias);
    }

    private void CloseTask()
    {
        foreach (IDisposable? part in new IDisposable?[] { _rows, _positions, _taskWeight, _taskBias }) part?.Dispose();
        (_rows, _positions, _taskWeight, _taskBias) = (null, null, null, null);
    }

    private void Replace(Tensor weight, Tensor bias)
    {
        _weight.Dispose();
        _bias.Dispose();
        (_weight, _bias) = (weight.DetachFromDisposeScope(), bias.DetachFromDisposeScope());
    }

    private static Tensor Nothing(Device device, params long[] rest)
    {
        using DisposeScope scope = NewDisposeScope();
        return zeros([0, .. rest], ScalarType.Float32, device).DetachFromDisposeScope();
    }
}
