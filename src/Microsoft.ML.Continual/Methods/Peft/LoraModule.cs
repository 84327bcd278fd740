using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.Peft;

/// <summary>
/// Low-rank updates of linear maps. Sites for each map: <c>block0.lora.qkv.down</c> (rows: the r directions; activations: what enters the map) and <c>block0.lora.qkv.up</c> (rows: the map's outputs;
/// activations: what the first factor makes of that). The maps are qkv, q, k, v, out, fc1, fc2.
/// </summary>
/// <remarks>In the shape comments B is images, T tokens, D width, r rank.</remarks>
internal sealed class LoraModule : PeftModule
{
    private static readonly (LoraTargets Target, BlockLinear Linear, string Name)[] Maps =
    [
        (LoraTargets.Qkv, BlockLinear.Qkv, "qkv"), (LoraTargets.Query, BlockLinear.Qkv, "q"), (LoraTargets.Key, BlockLinear.Qkv, "k"), (LoraTargets.Value, BlockLinear.Qkv, "v"),
        (LoraTargets.Out, BlockLinear.Out, "out"), (LoraTargets.Fc1, BlockLinear.Fc1, "fc1"), (LoraTargets.Fc2, BlockLinear.Fc2, "fc2"),
    ];

    // First is the first of the map's outputs that the update changes.
    private sealed record Update(int Block, BlockLinear Linear, string Map, int Down, int Up, int Scale, long First);

    private readonly List<Update> _updates = [];

    public LoraModule(LoraOptions options, SeededRandom random) : base(options)
    {
        using DisposeScope scope = NewDisposeScope();
        foreach ((int block, LoraTargets target, BlockLinear linear, string map, string name, int inputs, long outputs) in PlacesOf(options))
        {
            long first = target switch { LoraTargets.Key => Width, LoraTargets.Value => 2 * Width, _ => 0 };
            double range = LinearRange(inputs);
            int down = Add(DownTensor(name), random.UniformTensor(-range, range, options.Rank, inputs)), up = Add(UpTensor(name), zeros(new long[] { outputs, options.Rank }));
            var update = new Update(block, linear, map, down, up, AddScale($"{name}.scale.scale"), first);
            _updates.Add(update);
            AddSite(block, new ProjectionSite(DownName(update), At(down), inputs, protectsOwnRows: false) { Role = SiteRole.Weight });
            AddSite(block, new ProjectionSite(UpName(update), At(up), options.Rank, protectsOwnRows: false) { Role = SiteRole.Weight });
        }
    }

    /// <summary>See <see cref="MethodOptions.SizedTensors"/>.</summary>
    public static IEnumerable<SizedTensor> Sizes(LoraOptions options)
    {
        (long, string?) rank = (options.Rank, nameof(LoraOptions.Rank));
        return PlacesOf(options).SelectMany(p => new SizedTensor[] { new(StateName(DownTensor(p.Name)), rank, (p.Inputs, null)), new(StateName(UpTensor(p.Name)), (p.Outputs, null), rank) });
    }

    public override string Name => "LoRA";

    public override BlockEdits Edits(IReadOnlyList<Tensor> values) => new()
    {
        Linears = _updates.GroupBy(u => (u.Block, u.Linear)).ToDictionary(group => group.Key, group => new LinearEdit
        {
            // One product for all parts of a map: the first factors below each other, the second ones beside each other, with zeros for the outputs of the other parts.
            Down = group.Count() == 1 ? values[group.Single().Down] : cat([.. group.Select(u => values[u.Down])], 0),          // [r, in] each -> [n·r, in]
            Up = group.Count() == 1 ? WholeUp(group.Single(), values) : cat([.. group.Select(u => WholeUp(u, values))], 1),    // [out, r] each -> [out, n·r]
        }),
    };

    /// <summary>The weights with the updates in them, so that prediction costs what the plain network costs.</summary>
    public override (IReadOnlyList<Tensor> Tensors, Func<IReadOnlyList<Tensor>, BlockEdits> Edits) Freeze()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        Dictionary<(int, BlockLinear), LinearEdit> edits = Edits([.. Parameters.Select(p => (Tensor)p.Value)]).Linears!.ToDictionary(e => e.Key, e => e.Value);
        (int Block, BlockLinear Linear)[] maps = [.. edits.Keys];
        Tensor[] merged = [.. maps.Select(map => Merge(Weight(map.Block, map.Linear), edits[map]).DetachFromDisposeScope())];
        return (merged, weights => new BlockEdits { Linears = maps.Select((map, i) => (map, weights[i])).ToDictionary(m => m.map, m => new LinearEdit { Weight = m.Item2 }) });
    }

    protected override BlockEdits Watch(BlockEdits edits, IReadOnlyList<Tensor> values, Action<string, Func<Tensor>> keep) => edits with
    {
        CaptureLinear = input =>
        {
            foreach (Update update in _updates.Where(u => u.Block == input.Block && u.Linear == input.Linear))
            {
                keep(DownName(update), () => input.Input);                                                                                 // [B, T, in]
                keep(UpName(update), () => nn.functional.linear(input.Input, values[update.Down].to(input.Input.dtype)));   // [B, T, r]
            }
        },
    };

    // [out, in]; added up in the precision of the factors.
    private static Tensor Merge(Tensor weight, LinearEdit edit) => (weight.to(edit.Up!.dtype) + edit.Up.mm(edit.Down!)).to(weight.dtype);

    /// <summary>The second factor for all outputs of its map, [out, r].</summary>
    private Tensor WholeUp(Update update, IReadOnlyList<Tensor> values)
    {
        Tensor up = Scaled(values, update.Up, update.Scale);
        long outputs = Weight(update.Block, update.Linear).shape[0], behind = outputs - update.First - up.shape[0];
        return up.shape[0] == outputs ? up : nn.functional.pad(up, new long[] { 0, 0, update.First, behind }, PaddingModes.Constant, 0);
    }

    private static IEnumerable<(int Block, LoraTargets Target, BlockLinear Linear, string Map, string Name, int Inputs, long Outputs)> PlacesOf(LoraOptions options) =>
        from entry in options.TunedBlocks.Select((block, i) => (Block: block, Place: i))
        from map in Maps
        where (options.Targets & map.Target) != 0
        let shape = Weight(options.Network, entry.Block, map.Linear).shape
        let isPart = map.Target is LoraTargets.Query or LoraTargets.Key or LoraTargets.Value
        select (entry.Block, map.Target, map.Linear, map.Name, map.Target == LoraTargets.Qkv ? $"{entry.Place}" : $"{entry.Place}.{map.Name}", (int)shape[1], isPart ? options.Network.Width : shape[0]);

    private static string DownTensor(string name) => $"{name}.lora_A.weight";

    private static string UpTensor(string name) => $"{name}.lora_B.weight";

    private Tensor Weight(int block, BlockLinear linear) => Weight(Network, block, linear);

    private static Tensor Weight(VisionTransformer network, int block, BlockLinear linear)
    {
        BlockWeights weights = network.Block(block);
        return linear switch { BlockLinear.Qkv => weights.QkvWeight, BlockLinear.Out => weights.ProjWeight, BlockLinear.Fc1 => weights.Fc1Weight, _ => weights.Fc2Weight };
    }

    private static string DownName(Update update) => $"block{update.Block}.lora.{update.Map}.down";

    private static string UpName(Update update) => $"block{update.Block}.lora.{update.Map}.up";
}
