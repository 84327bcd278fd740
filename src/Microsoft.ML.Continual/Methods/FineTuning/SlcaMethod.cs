using System.Globalization;
using Microsoft.ML.Continual.Methods.Alignment;
using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.FineTuning;

/// <summary>SLCA; see <see cref="SlcaOptions"/>.</summary>
public sealed class SlcaMethod : NetworkTuningMethod
{
    private readonly SlcaOptions _options;
    private readonly ClassDistributions? _distributions;
    private (Tensor Weight, Tensor Bias)? _old;       // the classifier before the task
    private (Tensor Weight, Tensor Bias)? _aligned;   // what predicts; null where nothing was aligned
    private int[] _classes = [];                      // of the task
    private int _task;

    internal SlcaMethod(SlcaOptions options) : base(options, ClassMask.CurrentTask)
    {
        _options = options;
        _distributions = options.Alignment is { } alignment ? new ClassDistributions(alignment, Origin.Width) : null;
    }

    /// <inheritdoc/>
    public override string Name => "SLCA";

    /// <inheritdoc/>
    public override void BeginTask(MethodTask task)
    {
        base.BeginTask(task);
        (_classes, _task) = ([.. task.Classes.Distinct()], task.Index);
    }

    /// <summary>Gives rows of classes that are not the task's the bits they had: they took no part in the loss, but weight decay moves them.</summary>
    public override void FinishTraining()
    {
        if (_old is not { } old) return;
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        long[] rows = [.. Enumerable.Range(0, OldClassCount).Except(_classes).Select(c => (long)c)];
        if (rows.Length == 0) return;
        Tensor index = tensor((IList<long>)rows, new long[] { rows.Length }).to(Origin.Device);
        Head.Weight.index_copy_(0, index, old.Weight.index_select(0, index));
        Head.Bias.index_copy_(0, index, old.Bias.index_select(0, index));
    }

    /// <inheritdoc/>
    public override void Conclude(FinishedTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        if (_distributions is null) return;
        using DisposeScope scope = NewDisposeScope();
        _distributions.Learn(ClassFeatures.Collect(task, images => [Network.Features(images)])[0], _task, task.Random.Split());
        SeededRandom draws = task.Random.Split();
        Replace(ref _aligned, null);
        if (OldClassCount == 0) return;
        // A copy is aligned: the next task begins with the classifier as it was trained.
        using Parameter weight = TrainableTensor.Create(Head.Weight, Origin.Device), bias = TrainableTensor.Create(Head.Bias, Origin.Device);
        double loss = new ClassifierAligner(_options.Alignment!).Align(weight, bias, _distributions.Drawable(), _task, draws);
        Replace(ref _aligned, (TrainableTensor.Freeze(weight), TrainableTensor.Freeze(bias)));
        task.Log(string.Create(CultureInfo.InvariantCulture, $"{Name} aligned the classifier on drawn features of {ClassCount} classes, loss {loss:0.0000}"));
    }

    /// <inheritdoc/>
    public override void EndTask()
    {
        Replace(ref _old, null);
        base.EndTask();
    }

    /// <inheritdoc/>
    public override IScorer CreateScorer() => _aligned is { } aligned
        ? new TunedScorer(Network.Freeze(), TrainableTensor.Freeze(aligned.Weight), TrainableTensor.Freeze(aligned.Bias))
        : base.CreateScorer();

    /// <inheritdoc/>
    public override void SaveState(StateDictionary state)
    {
        base.SaveState(state);
        _distributions?.SaveState(state);
        if (_aligned is not { } aligned) return;
        state.Add("aligned.weight", aligned.Weight);
        state.Add("aligned.bias", aligned.Bias);
    }

    /// <inheritdoc/>
    public override void LoadState(StateDictionary state)
    {
        base.LoadState(state);
        _distributions?.LoadState(state);
        using DisposeScope scope = NewDisposeScope();
        Replace(ref _aligned, state.Contains("aligned.weight") ? (Copy("aligned.weight"), Copy("aligned.bias")) : null);

        Tensor Copy(string name) => state.Get(name, null).to(ScalarType.Float32).to(Origin.Device, copy: true).DetachFromDisposeScope();
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        Replace(ref _aligned, null);
        _distributions?.Dispose();
    }

    private protected override void Prepare(MethodTask task)
    {
        if (ClassCount > 0) Replace(ref _old, (TrainableTensor.Freeze(Head.Weight), TrainableTensor.Freeze(Head.Bias)));
    }

    private protected override void CheckState(StateDictionary state)
    {
        base.CheckState(state);
        _distributions?.CheckState(state, isTrained: true);
        if (!state.Contains("aligned.weight")) return;
        long classes = state.Get("head.bias", null).shape[0];
        state.Get("aligned.weight", classes, Origin.Width);
        state.Get("aligned.bias", classes);
    }

    private static void Replace(ref (Tensor Weight, Tensor Bias)? kept, (Tensor Weight, Tensor Bias)? next)
    {
        kept?.Weight.Dispose();
        kept?.Bias.Dispose();
        kept = next;
    }
}
