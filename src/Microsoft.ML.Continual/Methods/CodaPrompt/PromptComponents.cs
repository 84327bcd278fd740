using Microsoft.ML.Continual.Numerics;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.CodaPrompt;

/// <summary>The components, keys and attention vectors of one block.</summary>
internal sealed class PromptComponents(int block, int length, int width, Device device) : IDisposable
{
    private readonly GrowingRows _prompts = new(PromptName(block), device, length, width), _keys = new($"e_k_{block}", device, width), _attention = new($"e_a_{block}", device, width);

    /// <summary>The name of a block's components in a state, [M, length, width].</summary>
    public static string PromptName(int block) => $"e_p_{block}";

    /// <summary>The number M of components.</summary>
    public long Count => _prompts.Count;

    public IEnumerable<TrainableParameter> Parameters => [.. _prompts.Parameters, .. _keys.Parameters, .. _attention.Parameters];

    /// <summary>All rows, in the caller's dispose scope, with gradients to the present task's.</summary>
    public ComponentTensors Tensors() => new(block, _prompts.All(), _keys.All(), _attention.All());

    /// <summary>All rows without gradient, in no dispose scope.</summary>
    public ComponentTensors Freeze() => new(block, _prompts.Frozen(), _keys.Frozen(), _attention.Frozen());

    public void BeginTask(int count, ComponentStart start, SeededRandom random)
    {
        foreach (GrowingRows rows in All) rows.BeginTask(count, start, random);
    }

    public void EndTask()
    {
        foreach (GrowingRows rows in All) rows.EndTask();
    }

    public void SaveState(StateDictionary state)
    {
        foreach (GrowingRows rows in All) rows.SaveState(state);
    }

    /// <summary>Checks what <see cref="LoadState"/> will take.</summary>
    public void CheckState(StateDictionary state)
    {
        long count = _prompts.CheckState(state);
        _keys.CheckState(state, count);
        _attention.CheckState(state, count);
    }

    public void LoadState(StateDictionary state)
    {
        foreach (GrowingRows rows in All) rows.LoadState(state);
    }

    public void Dispose()
    {
        foreach (GrowingRows rows in All) rows.Dispose();
    }

    private GrowingRows[] All => [_prompts, _keys, _attention];
}
