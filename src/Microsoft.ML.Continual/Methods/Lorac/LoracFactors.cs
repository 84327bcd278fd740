using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.Lorac;

/// <summary>
/// What closed tasks have left of one weight matrix: pairs of factors, and by task the factors ω with which that task composes them. Nothing here is ever written again, so that copies share the memory.
/// </summary>
/// <remarks>In the shape comments r is the rank. The first tasks have pairs, those after the matrix was frozen have none.</remarks>
internal sealed class LoracFactors : IDisposable
{
    private readonly List<Tensor> _downs = [], _ups = [], _bank = [];

    /// <summary>A of each task with a pair, [in, r].</summary>
    public IReadOnlyList<Tensor> Downs => _downs;

    /// <summary>B of each task with a pair, [r, out].</summary>
    public IReadOnlyList<Tensor> Ups => _ups;

    /// <summary>By task t: ω₀ … ω_t, [t + 1].</summary>
    public IReadOnlyList<Tensor> Bank => _bank;

    /// <summary>Keeps a pair; takes over the tensors.</summary>
    public void AddPair(Tensor down, Tensor up)
    {
        _downs.Add(down.DetachFromDisposeScope());
        _ups.Add(up.DetachFromDisposeScope());
    }

    /// <summary>Keeps the factors of a task; takes over the tensor.</summary>
    public void AddBank(Tensor omegas) => _bank.Add(omegas.DetachFromDisposeScope());

    /// <summary>The update of a task's composition, Σ_{i ≤ task} ω_i · A_i · B_i / r: [in, out]; null before the first pair.</summary>
    public Tensor? Delta(int task, int rank)
    {
        int count = Math.Min(_downs.Count, task + 1);
        if (count == 0) return null;
        using DisposeScope scope = NewDisposeScope();
        return ScaledDowns(_bank[task], count, rank).mm(cat(_ups.GetRange(0, count), 0)).MoveToOuterDisposeScope();   // [in, count·r] × [count·r, out]
    }

    /// <summary>[ω₀·A₀ … ω_n·A_n] / r of the first pairs: [in, count·r].</summary>
    public Tensor ScaledDowns(Tensor omegas, int count, int rank)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor each = omegas.narrow(0, 0, count).unsqueeze(1).expand(count, rank).reshape(count * rank) * (1.0 / rank);   // [count] -> [count·r]
        return (cat(_downs.GetRange(0, count), 1) * each).MoveToOuterDisposeScope();
    }

    /// <summary>Other handles on the same memory.</summary>
    public LoracFactors Share()
    {
        using DisposeScope scope = NewDisposeScope();
        var copy = new LoracFactors();
        for (int i = 0; i < _downs.Count; i++) copy.AddPair(_downs[i].detach(), _ups[i].detach());
        foreach (Tensor omegas in _bank) copy.AddBank(omegas.detach());
        return copy;
    }

    public void Dispose()
    {
        foreach (Tensor tensor in _downs.Concat(_ups).Concat(_bank)) tensor.Dispose();
        _downs.Clear();
        _ups.Clear();
        _bank.Clear();
    }
}
