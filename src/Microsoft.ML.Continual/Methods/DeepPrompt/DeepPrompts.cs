using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.DeepPrompt;

/// <summary>
/// The prompts of some blocks of a tower: tokens that a block's attention reads beside the image's and that end with the block. Makes the projection sites and collects what they ask for.
/// </summary>
/// <remarks>In the shape comments B is images, T tokens of an image, M prompts of a block, D width, H heads, d = D / H.</remarks>
internal sealed class DeepPrompts : IDisposable
{
    private readonly PromptedTower _tower;
    private readonly int _first, _length;
    private readonly Parameter[] _prompts;   // [M, D] each
    private readonly List<Tensor> _maps = [];

    /// <summary>Makes prompts uniform in [−range, range).</summary>
    public DeepPrompts(PromptedTower tower, int firstBlock, int blockCount, int length, double range, SeededRandom random)
    {
        (_tower, _first, _length) = (tower, firstBlock, length);
        using DisposeScope scope = NewDisposeScope();
        _prompts = [.. Enumerable.Range(0, blockCount).Select(_ => TrainableTensor.Create(random.UniformTensor(-range, range, length, tower.Width), tower.Device))];
        Sites = [.. _prompts.Select((_, i) => MakeSite(i))];
    }

    /// <summary>By the names of the released code.</summary>
    public IEnumerable<TrainableParameter> Parameters => _prompts.Select((prompt, i) => new TrainableParameter(StateName(i), prompt));

    public IReadOnlyList<ProjectionSite> Sites { get; }

    /// <summary>The prompts by block, for <see cref="BlockEdits.ContextTokens"/>.</summary>
    public IReadOnlyDictionary<int, Tensor> ByBlock => _prompts.Select((prompt, i) => (Block: _first + i, Prompt: (Tensor)prompt)).ToDictionary(p => p.Block, p => p.Prompt);

    /// <summary>Copies without gradient, by block.</summary>
    public Dictionary<int, Tensor> Freeze() => ByBlock.ToDictionary(p => p.Key, p => TrainableTensor.Freeze(p.Value));

    /// <summary>What tokens of images send into the wanted sources of the sites; see <see cref="ContinualMethod.CollectActivations"/>.</summary>
    public IReadOnlyDictionary<string, Tensor> Collect(Tensor images, IReadOnlyCollection<string> wanted)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        var kept = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        int last = -1;
        for (int i = 0; i < _prompts.Length; i++)
            if (wanted.Contains(SiteName(i)) || wanted.Contains(QueriesName(i)) || wanted.Contains(MixingName(i))) last = _first + i;
        if (last < 0) return kept;
        try
        {
            _tower.Forward(images, new BlockEdits { ContextTokens = ByBlock, Output = OutputTokens.All, BlockCount = last + 1, CaptureAttention = Attended, Capture = Ran });
            foreach (Tensor tensor in kept.Values) scope.Attach(tensor);
        }
        catch
        {
            foreach (Tensor tensor in kept.Values) tensor.Dispose();
            throw;
        }
        foreach (Tensor tensor in kept.Values) tensor.MoveToOuterDisposeScope();
        return kept;

        void Ran(BlockActivations block) => Keep(block.Block, SiteName, () => Master(block.Input));   // [B, T, D]

        void Attended(AttentionActivations attention)
        {
            Keep(attention.Block, QueriesName, () => Master(attention.JoinedQueries()));   // [B, H, T, d] -> [B, T, D]
            Keep(attention.Block, MixingName, () => Mixing(attention));
        }

        void Keep(int block, Func<int, string> name, Func<Tensor> make)
        {
            int i = block - _first;
            if (i < 0 || i >= _prompts.Length || !wanted.Contains(name(i))) return;
            using DisposeScope inner = NewDisposeScope();
            kept[name(i)] = make().DetachFromDisposeScope();
        }
    }

    /// <summary>The tensors in a state; see <see cref="MethodOptions.SizedTensors"/>.</summary>
    public static IEnumerable<SizedTensor> Sizes(int firstBlock, int blockCount, (long Size, string? Option) length, int width) =>
        Enumerable.Range(firstBlock, blockCount).Select(block => new SizedTensor(TensorName(block), length, (width, null)));

    public void SaveState(StateDictionary state)
    {
        state.Values["firstBlock"] = _first;
        for (int i = 0; i < _prompts.Length; i++) state.Add(StateName(i), _prompts[i]);
    }

    /// <summary>Checks what <see cref="LoadState"/> will take.</summary>
    public void CheckState(StateDictionary state)
    {
        int? first = (int?)state.Values["firstBlock"];
        if (first != _first) throw new InvalidDataException($"The state's prompts begin at block {first?.ToString() ?? "?"}; expected {_first}.");
        for (int i = 0; i < _prompts.Length; i++) state.Get(StateName(i), _length, _tower.Width);
        string next = StateName(_prompts.Length);
        if (state.Contains(next)) throw new InvalidDataException($"The state has prompts for more than {_prompts.Length} blocks: there is a tensor '{next}'.");
    }

    public void LoadState(StateDictionary state)
    {
        using IDisposable frozen = no_grad();
        for (int i = 0; i < _prompts.Length; i++) _prompts[i].copy_(state.Get(StateName(i), _length, _tower.Width));
    }

    public void Dispose()
    {
        foreach (Parameter prompt in _prompts) prompt.Dispose();
        foreach (Tensor maps in _maps) maps.Dispose();
    }

    private ProjectionSite MakeSite(int i)
    {
        BlockWeights weights = _tower.Block(_first + i);
        int width = _tower.Width;
        // Rows D … 2·D − 1 of the fused weight make the keys: [D, D] -> [H, d, D]. It shares the backbone's storage.
        Tensor maps = weights.QkvWeight.narrow(0, width, width).view(_tower.Heads, width / _tower.Heads, width).DetachFromDisposeScope();
        _maps.Add(maps);
        return new ProjectionSite(SiteName(i), _prompts[i], width, protectsOwnRows: true)
        {
            Readers = new MappedActivations(QueriesName(i), maps),
            MixingName = MixingName(i),
            Norm = new RowNorm(weights.Norm1Weight, weights.Norm1Bias, _tower.NormEpsilon),
        };
    }

    /// <summary>The attention of all heads of image tokens on the prompts, which stand last: [B, H, T, S] -> [B, H·T, M].</summary>
    private Tensor Mixing(AttentionActivations attention)
    {
        Tensor weights = attention.Weights();
        return Master(weights.narrow(3, weights.shape[3] - _length, _length).reshape(weights.shape[0], -1, _length));
    }

    // float32 beside float32 and bfloat16 weights; float64 stays, for tests.
    private static Tensor Master(Tensor value) => value.dtype == ScalarType.Float64 ? value.clone() : value.to(ScalarType.Float32, copy: true);

    private string SiteName(int i) => $"block{_first + i}.prompt";

    private string QueriesName(int i) => $"block{_first + i}.prompt.queries";

    private string MixingName(int i) => $"block{_first + i}.prompt.mixing";

    private string StateName(int i) => TensorName(_first + i);

    private static string TensorName(int block) => $"blocks.{block}.prompt.prompt";
}
