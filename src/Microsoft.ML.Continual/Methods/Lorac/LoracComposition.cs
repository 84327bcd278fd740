using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Numerics;
using System.Text.Json.Nodes;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.Lorac;

/// <summary>All adapted weight matrices of a backbone, in the order of their kinds and in each of the blocks.</summary>
internal sealed class LoracComposition : IDisposable
{
    private readonly VisionTransformer _backbone;
    private readonly LoracOptions _options;
    private readonly LoracMatrix[] _matrices;
    private readonly int _first, _count;
    private bool _inTask;

    public LoracComposition(LoracOptions options)
    {
        (_options, _backbone) = (options, (VisionTransformer)options.Backbone!);
        (_first, _count) = (options.FirstBlock, options.BlockCount ?? _backbone.Config.Depth - options.FirstBlock);
        int kinds = options.Placement == LoracPlacement.All ? 6 : 4;
        _matrices = [.. from map in Enumerable.Range(0, kinds) from block in Enumerable.Range(_first, _count) select new LoracMatrix(_backbone, block, (LoracMap)map, options.Rank)];
    }

    public IReadOnlyList<LoracMatrix> Matrices => _matrices;

    /// <summary>The number of closed tasks.</summary>
    public int TaskCount { get; private set; }

    /// <summary>Whether the weights of frozen matrices too have gradients in training; for tests.</summary>
    public bool MeasuresFrozen { get; set; }

    public IEnumerable<TrainableParameter> Parameters
    {
        get
        {
            foreach (LoracMatrix matrix in _matrices)
            {
                if (matrix.Down is { } down) yield return new TrainableParameter(matrix.Name + "_A", down);
                if (matrix.Up is { } up) yield return new TrainableParameter(matrix.Name + "_B", up);
            }
            foreach (LoracMatrix matrix in _matrices)
                if (matrix.Omegas is { } omegas) yield return new TrainableParameter(matrix.Name + "_O", omegas) { LearningRateScale = _options.OmegaLearningRateScale };
        }
    }

    /// <summary>Opens a task.</summary>
    /// <param name="initialDown">Gives the initial A of a matrix, [in, r].</param>
    public void BeginTask(Func<LoracMatrix, Tensor> initialDown)
    {
        using DisposeScope scope = NewDisposeScope();
        foreach (LoracMatrix matrix in _matrices) matrix.BeginTask(initialDown(matrix), (_options.KeysUseQueryMask && matrix.Map == LoracMap.Key ? Find(matrix.Block, LoracMap.Query) : matrix).IsFrozen);
        _inTask = true;
    }

    /// <summary>The edits of a training step and the penalty's λ · Σ ‖CᵀC − I‖, null without one.</summary>
    /// <param name="weights">Receives the weights whose gradients are kept, by the order of the matrices, if weights are to be made; null for low-rank updates beside the frozen weights.</param>
    /// <returns>Tensors in the caller's dispose scope.</returns>
    public (Dictionary<(int Block, BlockLinear Linear), LinearEdit> Edits, Tensor? Penalty) Train(Tensor?[]? weights)
    {
        // No scope of its own: the edits belong to the caller's forward pass.
        var edits = new Dictionary<(int, BlockLinear), LinearEdit>();
        Tensor?[] downs = [.. _matrices.Select(matrix => matrix.Down is null ? null : matrix.CurrentDown(_options.Orthogonality))];
        List<Tensor> squares = [];
        if (_options.OrthogonalityWeight > 0)
            for (int i = 0; i < _matrices.Length; i++)
                if (_matrices[i].Penalty(downs[i]) is { } square) squares.Add(square);
        if (weights is null) AddLowRank(edits, downs);
        else AddWeights(edits, downs, weights);
        // The derivative at orthonormal columns is 0, not 0/0.
        return (edits, squares.Count == 0 ? null : stack(squares).clamp_min(1e-12).sqrt().sum() * _options.OrthogonalityWeight);
    }

    /// <summary>Closes the task, if one is open: its composition becomes the newest. The parameters stay until <see cref="DropTask"/>.</summary>
    public void EndTask()
    {
        if (!_inTask) return;
        foreach (LoracMatrix matrix in _matrices) matrix.EndTask(_options.Orthogonality);
        _inTask = false;
        TaskCount++;
    }

    /// <summary>Frees what the task has for itself.</summary>
    public void DropTask()
    {
        _inTask = false;
        foreach (LoracMatrix matrix in _matrices) matrix.DropTask();
    }

    /// <summary>Merges a task's composition.</summary>
    public MergedWeights Merge(int task) => Merge([.. _matrices.Select(matrix => matrix.Factors)], task);

    /// <summary>As <see cref="Merge(int)"/>, from factors in the order of the matrices.</summary>
    public MergedWeights Merge(IReadOnlyList<LoracFactors> factors, int task) => Merger()(factors, task);

    /// <summary>What merges factors, of these or as they were: it lives as long as the backbone, whatever becomes of this object.</summary>
    public Func<IReadOnlyList<LoracFactors>, int, MergedWeights> Merger()
    {
        (VisionTransformer backbone, int rank, int first, int count) = (_backbone, _options.Rank, _first, _count);
        (int, LoracMap)[] places = [.. _matrices.Select(matrix => (matrix.Block, matrix.Map))];
        return (factors, task) =>
        {
            using DisposeScope scope = NewDisposeScope();
            using IDisposable frozen = no_grad();
            var updates = places.Zip(factors).ToDictionary(pair => pair.First, pair => pair.Second);
            var linears = new Dictionary<(int, BlockLinear), LinearEdit>();
            for (int block = first; block < first + count; block++)
            {
                BlockWeights w = backbone.Block(block);
                Add(block, BlockLinear.Qkv, w.QkvWeight, LoracMap.Query, LoracMap.Key, LoracMap.Value);
                Add(block, BlockLinear.Out, w.ProjWeight, LoracMap.Out);
                Add(block, BlockLinear.Fc1, w.Fc1Weight, LoracMap.Fc1);
                Add(block, BlockLinear.Fc2, w.Fc2Weight, LoracMap.Fc2);
            }
            return new MergedWeights(linears);

            void Add(int block, BlockLinear linear, Tensor weight, params LoracMap[] maps)
            {
                if (!updates.ContainsKey((block, maps[0]))) return;
                using DisposeScope inner = NewDisposeScope();
                Tensor?[] deltas = [.. maps.Select(map => updates[(block, map)].Delta(task, rank))];   // [in, out] each
                if (deltas.Any(delta => delta is null)) return;
                Tensor merged = weight.to(ScalarType.Float32) + cat([.. deltas.Select(delta => delta!)], 1).t();
                linears.Add((block, linear), new LinearEdit { Weight = merged.to(weight.dtype).DetachFromDisposeScope() });
            }
        };
    }

    public void SaveState(StateDictionary state)
    {
        state.Values["tasks"] = TaskCount;
        state.Values["matrices"] = new JsonArray([.. _matrices.Select(matrix => (JsonNode)matrix.Name)]);
        state.Values["frozen"] = new JsonArray([.. _matrices.Select(matrix => (JsonNode)matrix.IsFrozen)]);
        foreach (LoracMatrix matrix in _matrices) matrix.SaveState(state);
    }

    /// <summary>Checks what <see cref="LoadState"/> will take and returns the number of tasks.</summary>
    /// <exception cref="InvalidDataException">The state is of other matrices, of another rank, or damaged.</exception>
    public int CheckState(StateDictionary state)
    {
        if ((int?)state.Values["tasks"] is not { } tasks || tasks < 0) throw new InvalidDataException($"The state's number of tasks is '{state.Values["tasks"]}'; expected 0 or more.");
        string[] names = state.Values["matrices"] is JsonArray list ? [.. list.Select(name => (string?)name ?? "")] : [];
        if (!names.SequenceEqual(_matrices.Select(matrix => matrix.Name)))
            throw new InvalidDataException($"The state has updates of {names.Length} matrices, {names.FirstOrDefault()} to {names.LastOrDefault()}; expected {_matrices.Length}, {_matrices[0].Name} to {_matrices[^1].Name}, by {nameof(LoracOptions.Placement)}, {nameof(LoracOptions.FirstBlock)} and {nameof(LoracOptions.BlockCount)}.");
        if (state.Values["frozen"] is not JsonArray frozen || frozen.Count != _matrices.Length) throw new InvalidDataException($"The state does not say which of its {_matrices.Length} matrices are frozen.");
        foreach (LoracMatrix matrix in _matrices) matrix.CheckState(state, tasks);
        return tasks;
    }

    public void LoadState(StateDictionary state, int tasks)
    {
        (TaskCount, _inTask) = (tasks, false);
        for (int i = 0; i < _matrices.Length; i++)
        {
            _matrices[i].LoadState(state, tasks);
            _matrices[i].IsFrozen = (bool)state.Values["frozen"]![i]!;
        }
    }

    public void Dispose()
    {
        foreach (LoracMatrix matrix in _matrices) matrix.Dispose();
    }

    private LoracMatrix Find(int block, LoracMap map) => _matrices[(int)map * _count + block - _first];

    private void AddLowRank(Dictionary<(int, BlockLinear), LinearEdit> edits, Tensor?[] downs)
    {
        for (int block = _first; block < _first + _count; block++)
        {
            (Tensor Downs, Tensor Ups)?[] parts = [.. new[] { LoracMap.Query, LoracMap.Key, LoracMap.Value }.Select(map => Factors(block, map))];
            if (parts.All(part => part is not null))
            {
                // Three updates of one fused map: the second factor has a block for each. [3·n·r, in], [3·D, 3·n·r]
                edits.Add((block, BlockLinear.Qkv), new LinearEdit
                {
                    Down = cat([.. parts.Select(part => part!.Value.Downs)], 1).t(), Up = block_diag([.. parts.Select(part => part!.Value.Ups.t())]),
                });
            }
            Add(block, BlockLinear.Out, LoracMap.Out);
            if (_options.Placement != LoracPlacement.All) continue;
            Add(block, BlockLinear.Fc1, LoracMap.Fc1);
            Add(block, BlockLinear.Fc2, LoracMap.Fc2);
        }

        void Add(int block, BlockLinear linear, LoracMap map)
        {
            if (Factors(block, map) is { } factors) edits.Add((block, linear), new LinearEdit { Down = factors.Downs.t(), Up = factors.Ups.t() });
        }

        (Tensor Downs, Tensor Ups)? Factors(int block, LoracMap map) => Find(block, map).TrainingFactors(downs[(int)map * _count + block - _first]);
    }

    private void AddWeights(Dictionary<(int, BlockLinear), LinearEdit> edits, Tensor?[] downs, Tensor?[] weights)
    {
        for (int i = 0; i < _matrices.Length; i++)
        {
            Tensor weight = _matrices[i].TrainingWeight(downs[i]);
            if (weight.requires_grad) weight.retain_grad();
            else if (MeasuresFrozen) weight.requires_grad_(true);
            weights[i] = weight;
        }
        for (int block = _first; block < _first + _count; block++)
        {
            edits.Add((block, BlockLinear.Qkv), new LinearEdit { Weight = cat([At(block, LoracMap.Query), At(block, LoracMap.Key), At(block, LoracMap.Value)], 0) });   // 3 × [D, D] -> [3·D, D]
            edits.Add((block, BlockLinear.Out), new LinearEdit { Weight = At(block, LoracMap.Out) });
            if (_options.Placement != LoracPlacement.All) continue;
            edits.Add((block, BlockLinear.Fc1), new LinearEdit { Weight = At(block, LoracMap.Fc1) });
            edits.Add((block, BlockLinear.Fc2), new LinearEdit { Weight = At(block, LoracMap.Fc2) });
        }

        Tensor At(int block, LoracMap map) => weights[(int)map * _count + block - _first]!;
    }
}
