using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.CodaPrompt;

/// <summary>Rows to which each task adds some. Only those of the present task are a parameter; the others are frozen, so that no optimiser can move them.</summary>
/// <param name="name">The parameter's name.</param>
/// <param name="device">Where they are.</param>
/// <param name="rowShape">The shape of one row.</param>
internal sealed class GrowingRows(string name, Device device, params long[] rowShape) : IDisposable
{
    private Tensor? _learned;       // [f, …]
    private Parameter? _trained;    // [c, …]

    /// <summary>The rows of the present task; empty outside of tasks.</summary>
    public IEnumerable<TrainableParameter> Parameters => _trained is null ? [] : [new(name, _trained)];

    /// <summary>The number of rows, those of the present task among them.</summary>
    public long Count => (_learned?.shape[0] ?? 0) + (_trained?.shape[0] ?? 0);

    /// <summary>All rows [M, …], in the caller's dispose scope; gradients flow to the present task's.</summary>
    public Tensor All() => (_learned, _trained) switch
    {
        (null, null) => zeros((long[])[0, .. rowShape], ScalarType.Float32, device),
        ({ } learned, null) => learned.alias(),
        (null, { } trained) => trained.alias(),
        ({ } learned, { } trained) => cat([learned, trained], 0),
    };

    /// <summary>Adds rows to train.</summary>
    public void BeginTask(int count, ComponentStart start, SeededRandom random)
    {
        EndTask();
        using DisposeScope scope = NewDisposeScope();
        _trained = TrainableTensor.Create(OrthogonalRows.Draw(All().flatten(1), count, start, random).view([count, .. rowShape]), device);
    }

    /// <summary>Freezes what was trained.</summary>
    public void EndTask()
    {
        if (_trained is not null) Replace(Frozen());
    }

    /// <summary>A copy of all rows without gradient, in no dispose scope.</summary>
    public Tensor Frozen()
    {
        using DisposeScope scope = NewDisposeScope();
        return TrainableTensor.Freeze(All());
    }

    public void SaveState(StateDictionary state)
    {
        using DisposeScope scope = NewDisposeScope();
        state.Add(name, All());
    }

    /// <summary>Checks what <see cref="LoadState"/> will take.</summary>
    /// <returns>The number of rows.</returns>
    public long CheckState(StateDictionary state, long count = -1) => state.Get(name, [count, .. rowShape]).shape[0];

    public void LoadState(StateDictionary state)
    {
        using DisposeScope scope = NewDisposeScope();
        Replace(TrainableTensor.Freeze(state.Get(name, null).to(ScalarType.Float32).to(device)));
    }

    public void Dispose()
    {
        _learned?.Dispose();
        _trained?.Dispose();
        (_learned, _trained) = (null, null);
    }

    private void Replace(Tensor rows)
    {
        Dispose();
        _learned = rows;
    }
}
