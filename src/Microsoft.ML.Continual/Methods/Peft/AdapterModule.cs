using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.Peft;

/// <summary>
/// Adapters beside attention. Sites: <c>block0.adapter.down</c> (rows: the bottleneck's channels; activations: the tokens after the norm) and <c>block0.adapter.up</c> (rows: the output's channels;
/// activations: the bottleneck after GELU).
/// </summary>
/// <remarks>In the shape comments B is images, T tokens, D width, r rank.</remarks>
internal sealed class AdapterModule : PeftModule
{
    private readonly List<(int Block, int Down, int Up, int Scale)> _places = [];

    public AdapterModule(AdapterOptions options, SeededRandom random) : base(options)
    {
        using DisposeScope scope = NewDisposeScope();
        int rank = options.Rank;
        double range = LinearRange(Width);
        foreach (int block in options.TunedBlocks)
        {
            int i = _places.Count;
            int down = Add(DownTensor(i), random.UniformTensor(-range, range, rank, Width)), up = Add(UpTensor(i), zeros(new long[] { Width, rank }));
            _places.Add((block, down, up, AddScale($"{i}.layer.3.scale")));
            AddSite(block, new ProjectionSite(DownName(block), At(down), Width, protectsOwnRows: false) { Role = SiteRole.Weight });
            AddSite(block, new ProjectionSite(UpName(block), At(up), rank, protectsOwnRows: false) { Role = SiteRole.Weight });
        }
    }

    /// <summary>See <see cref="MethodOptions.SizedTensors"/>.</summary>
    public static IEnumerable<SizedTensor> Sizes(AdapterOptions options)
    {
        (long, string?) rank = (options.Rank, nameof(AdapterOptions.Rank)), width = (options.Network.Width, null);
        return Enumerable.Range(0, options.TunedBlocks.Count).SelectMany(i => new SizedTensor[] { new(StateName(DownTensor(i)), rank, width), new(StateName(UpTensor(i)), width, rank) });
    }

    public override string Name => "Adapter";

    public override BlockEdits Edits(IReadOnlyList<Tensor> values) => new()
    {
        Adapters = _places.ToDictionary(p => p.Block, p => new ParallelAdapter(values[p.Down], Scaled(values, p.Up, p.Scale))),
    };

    protected override BlockEdits Watch(BlockEdits edits, IReadOnlyList<Tensor> values, Action<string, Func<Tensor>> keep) => edits with
    {
        CaptureLinear = input =>
        {
            if (input.Linear != BlockLinear.Qkv) return;
            foreach ((int block, int down, _, _) in _places.Where(p => p.Block == input.Block))
            {
                keep(DownName(block), () => input.Input);                                                                              // [B, T, D]
                keep(UpName(block), () => nn.functional.gelu(nn.functional.linear(input.Input, values[down].to(input.Input.dtype))));   // [B, T, r]
            }
        },
    };

    private static string DownTensor(int i) => $"{i}.layer.0.weight";

    private static string UpTensor(int i) => $"{i}.layer.2.weight";

    private static string DownName(int block) => $"block{block}.adapter.down";

    private static string UpName(int block) => $"block{block}.adapter.up";
}
