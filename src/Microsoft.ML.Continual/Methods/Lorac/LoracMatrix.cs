using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.Lorac;

/// <summary>One weight matrix of one block: the frozen weight, the factors of closed tasks, and in a task the new pair and the trainable ω of the old ones.</summary>
/// <remarks>A is [in, r], B [r, out], P = A·B; the weight in use is W₀ + (Σ ω_i P_i + P_t)ᵀ / r, [out, in].</remarks>
internal sealed class LoracMatrix : IDisposable
{
    private const double QrPerturbation = 1e-8;   // keeps the derivative of QR finite where columns of A are zero

    private readonly int _rank;
    private readonly Tensor _base;   // [out, in], a view of the backbone's
    private bool _entersLoss, _penalised;
    private Tensor? _oldDowns, _merged;   // of the task in training: [in, t·r] and, if nothing trains, [out, in]
    private Tensor? _oldResidual;         // ‖CᵀC − I‖² of the old columns, a scalar

    public LoracMatrix(VisionTransformer backbone, int block, LoracMap map, int rank)
    {
        (Block, Map, _rank) = (block, map, rank);
        BlockWeights w = backbone.Block(block);
        int width = backbone.Width;
        using DisposeScope scope = NewDisposeScope();
        _base = map switch
        {
            LoracMap.Query or LoracMap.Key or LoracMap.Value => w.QkvWeight.narrow(0, (int)map * width, width).DetachFromDisposeScope(),
            LoracMap.Out => w.ProjWeight.detach().DetachFromDisposeScope(),
            LoracMap.Fc1 => w.Fc1Weight.detach().DetachFromDisposeScope(),
            _ => w.Fc2Weight.detach().DetachFromDisposeScope(),
        };
    }

    public int Block { get; }

    public LoracMap Map { get; }

    /// <summary>The name in the released code's manner, such as <c>blocks.3.q_lora</c>.</summary>
    public string Name => $"blocks.{Block}.{Map switch { LoracMap.Query => "q", LoracMap.Key => "k", LoracMap.Value => "v", LoracMap.Out => "out", LoracMap.Fc1 => "fc1", _ => "fc2" }}_lora";

    public long Inputs => _base.shape[1];

    public long Outputs => _base.shape[0];

    /// <summary>What closed tasks have left.</summary>
    public LoracFactors Factors { get; private set; } = new();

    /// <summary>Whether it gets no new pairs and its ω are fixed.</summary>
    public bool IsFrozen { get; set; }

    /// <summary>A of the task in training.</summary>
    public Parameter? Down { get; private set; }

    /// <summary>B of the task in training; null where its update stays out of the loss.</summary>
    public Parameter? Up { get; private set; }

    /// <summary>The trainable ω of the old pairs, [t].</summary>
    public Parameter? Omegas { get; private set; }

    /// <summary>Opens a task.</summary>
    /// <param name="down">The initial A, [in, r].</param>
    /// <param name="isPairFrozen">Whether the new pair stays out of the loss.</param>
    public void BeginTask(Tensor down, bool isPairFrozen)
    {
        DropTask();
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        (_entersLoss, _penalised) = (!isPairFrozen, !IsFrozen);
        int tasks = Factors.Bank.Count, pairs = Factors.Downs.Count;
        if (_entersLoss || _penalised) Down = TrainableTensor.Create(down, _base.device);
        if (_entersLoss) Up = TrainableTensor.Create(zeros(new long[] { _rank, Outputs }), _base.device);
        if (!IsFrozen && tasks > 0) Omegas = TrainableTensor.Create(Factors.Bank[tasks - 1], _base.device);
        if (Down is null && Omegas is null) _merged = Merged(tasks - 1).DetachFromDisposeScope();
        if (!_penalised || pairs == 0) return;
        _oldDowns = cat([.. Factors.Downs], 1).DetachFromDisposeScope();
        _oldResidual = Residual(_oldDowns, _oldDowns, isSame: true).DetachFromDisposeScope();
    }

    /// <summary>The A of the task in training as it enters the update and the penalty, [in, r]: itself, or its Q.</summary>
    public Tensor CurrentDown(LoracOrthogonality orthogonality)
    {
        if (orthogonality == LoracOrthogonality.Direct) return Down!;
        using DisposeScope scope = NewDisposeScope();
        return Orthonormal(Down!).MoveToOuterDisposeScope();
    }

    /// <summary>The factors of the whole update in training: [in, n·r] with ω and 1/r in it, and [n·r, out]; null where there is none.</summary>
    /// <param name="down">As <see cref="CurrentDown"/>; null where no pair is trained.</param>
    public (Tensor Downs, Tensor Ups)? TrainingFactors(Tensor? down)
    {
        int tasks = Factors.Bank.Count, pairs = Factors.Downs.Count;
        using DisposeScope scope = NewDisposeScope();
        List<Tensor> downs = [], ups = [];
        if (pairs > 0)
        {
            downs.Add(Factors.ScaledDowns(Omegas ?? Factors.Bank[tasks - 1], pairs, _rank));
            ups.AddRange(Factors.Ups);
        }
        if (_entersLoss)
        {
            downs.Add(down! * (1.0 / _rank));
            ups.Add(Up!);
        }
        if (downs.Count == 0) return null;
        return (cat(downs, 1).MoveToOuterDisposeScope(), cat(ups, 0).MoveToOuterDisposeScope());
    }

    /// <summary>The weight in training, [out, in]: float32 where anything of it trains.</summary>
    public Tensor TrainingWeight(Tensor? down)
    {
        using DisposeScope scope = NewDisposeScope();
        if (_merged is not null) return _merged.detach().MoveToOuterDisposeScope();
        if (TrainingFactors(down) is not { } factors) return _base.to(ScalarType.Float32).detach().clone().MoveToOuterDisposeScope();
        return (_base.to(ScalarType.Float32) + factors.Ups.t().mm(factors.Downs.t())).MoveToOuterDisposeScope();   // [out, n·r] × [n·r, in]
    }

    /// <summary>‖CᵀC − I‖² with the columns of all tasks, a scalar; null where the matrix is not penalised.</summary>
    public Tensor? Penalty(Tensor? down)
    {
        if (!_penalised) return null;
        using DisposeScope scope = NewDisposeScope();
        Tensor square = Residual(down!, down!, isSame: true);
        // The blocks of CᵀC: old with old is constant, old with new occurs twice.
        if (_oldDowns is not null) square = square + _oldResidual! + Residual(_oldDowns, down!, isSame: false) * 2;
        return square.MoveToOuterDisposeScope();
    }

    /// <summary>Closes the task: keeps the pair and the ω of its composition.</summary>
    public void EndTask(LoracOrthogonality orthogonality)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        int tasks = Factors.Bank.Count;
        Tensor own = ones(new long[] { 1 }, ScalarType.Float32, _base.device);
        Factors.AddBank(tasks == 0 ? own : cat([Omegas ?? Factors.Bank[tasks - 1], own], 0).detach());
        if (Down is not null)
        {
            Tensor up = Up ?? zeros(new long[] { _rank, Outputs }, ScalarType.Float32, _base.device);
            Factors.AddPair(CurrentDown(orthogonality).detach().clone(), up.detach().clone());
        }
    }

    /// <summary>Frees what a task has for itself.</summary>
    public void DropTask()
    {
        foreach (Tensor? tensor in new[] { Down, Up, Omegas, _oldDowns, _oldResidual, _merged }) tensor?.Dispose();
        (Down, Up, Omegas, _oldDowns, _oldResidual, _merged) = (null, null, null, null, null, null);
    }

    /// <summary>The weight with the update of a task's composition, [out, in] float32; −1 for the plain one.</summary>
    public Tensor Merged(int task) => Merged(Factors, task);

    /// <summary>As <see cref="Merged(int)"/>, from a copy of the factors.</summary>
    public Tensor Merged(LoracFactors factors, int task)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor weight = _base.to(ScalarType.Float32);
        return (factors.Delta(task, _rank) is { } delta ? weight + delta.t() : weight.clone()).detach().MoveToOuterDisposeScope();
    }

    public void SaveState(StateDictionary state)
    {
        if (Factors.Bank.Count == 0) return;
        using DisposeScope scope = NewDisposeScope();
        int tasks = Factors.Bank.Count;
        state.Add(Name + "_O", stack(Factors.Bank.Select(omegas => cat([omegas, ones(new long[] { tasks - omegas.shape[0] }, ScalarType.Float32, omegas.device)], 0))));   // [T, T]
        if (Factors.Downs.Count == 0) return;
        state.Add(Name + "_A", stack(Factors.Downs));   // [n, in, r]
        state.Add(Name + "_B", stack(Factors.Ups));     // [n, r, out]
    }

    /// <summary>Checks what <see cref="LoadState"/> will take.</summary>
    public void CheckState(StateDictionary state, int tasks)
    {
        if (tasks == 0) return;
        state.Get(Name + "_O", tasks, tasks);
        long pairs = state.Get(Name + "_A", -1, Inputs, _rank).shape[0];
        if (pairs < 1 || pairs > tasks) throw new InvalidDataException($"The state's tensor '{Name}_A' holds {pairs} pairs; expected 1 to {tasks}, the number of its tasks.");
        state.Get(Name + "_B", pairs, _rank, Outputs);
    }

    public void LoadState(StateDictionary state, int tasks)
    {
        DropTask();
        Factors.Dispose();
        Factors = new LoracFactors();
        if (tasks == 0) return;
        using DisposeScope scope = NewDisposeScope();
        Tensor omegas = state.Get(Name + "_O", null).to(ScalarType.Float32), downs = state.Get(Name + "_A", null).to(ScalarType.Float32), ups = state.Get(Name + "_B", null).to(ScalarType.Float32);
        for (int i = 0; i < tasks; i++) Factors.AddBank(omegas.select(0, i).narrow(0, 0, i + 1).clone().to(_base.device));
        for (int i = 0; i < downs.shape[0]; i++) Factors.AddPair(downs.select(0, i).clone().to(_base.device), ups.select(0, i).clone().to(_base.device));
    }

    public void Dispose()
    {
        DropTask();
        Factors.Dispose();
        _base.Dispose();
    }

    /// <summary>Q of the reduced QR decomposition whose R has a positive diagonal: [in, r].</summary>
    internal static Tensor Orthonormal(Tensor down)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor q, Tensor r) = linalg.qr(down + eye(down.shape[0], down.shape[1], down.dtype, down.device) * QrPerturbation);
        Tensor signs = r.diagonal(0, 0, 1).detach().ge(0).to(down.dtype) * 2 - 1;
        return (q * signs).MoveToOuterDisposeScope();
    }

    // ‖LᵀR − I‖² or ‖LᵀR‖².
    private static Tensor Residual(Tensor left, Tensor right, bool isSame)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor products = left.t().mm(right);
        if (isSame) products = products - eye(products.shape[0], products.shape[0], products.dtype, products.device);
        return products.square().sum().MoveToOuterDisposeScope();
    }
}
