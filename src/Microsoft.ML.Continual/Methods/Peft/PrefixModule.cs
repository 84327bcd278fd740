using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.Peft;

/// <summary>
/// Prefixes of keys and values. Sites: <c>block0.prefix.key</c> (rows: tokens, all heads side by side; activations: the queries of all tokens) and <c>block0.prefix.value</c> (rows: channels, each with
/// the values of the L tokens; activations: the attention weights on these tokens), both with their heads.
/// </summary>
/// <remarks>In the shape comments B is images, T tokens, S what attention reads, L tokens of a prefix, H heads, D width, d = D / H.</remarks>
internal sealed class PrefixModule : PeftModule
{
    private const double InitialRange = 0.01;

    private readonly int _length;
    private readonly int? _compensatedFrom;
    private readonly List<(int Block, int Keys, int KeyScale, int Values, int ValueScale)> _places = [];

    public PrefixModule(PrefixOptions options, SeededRandom random) : base(options)
    {
        _length = options.Length;
        _compensatedFrom = options.Compensation switch { PrefixCompensation.Prefix => 0, PrefixCompensation.ReleasedCode => 1, _ => null };
        using DisposeScope scope = NewDisposeScope();
        foreach (int block in options.TunedBlocks)
        {
            int i = _places.Count;
            int keys = Add(KeyTensor(i), random.UniformTensor(0, InitialRange, _length, Width)), keyScale = AddScale($"{i}.key.scaler.scale");
            int values = Add(ValueTensor(i), random.UniformTensor(0, InitialRange, _length, Width)), valueScale = AddScale($"{i}.val.scaler.scale");
            _places.Add((block, keys, keyScale, values, valueScale));
            AddSite(block, KeySite(KeyName(block), At(keys)));
            AddSite(block, ValueSite(ValueName(block), At(values)));
        }
        TrainedOnce = options.FreezeValues ? _places.SelectMany(p => new[] { p.Values, p.ValueScale }).Where(place => place >= 0).ToHashSet() : new HashSet<int>();
    }

    /// <summary>See <see cref="MethodOptions.SizedTensors"/>.</summary>
    public static IEnumerable<SizedTensor> Sizes(PrefixOptions options)
    {
        (long, string?) length = (options.Length, nameof(PrefixOptions.Length)), width = (options.Network.Width, null);
        return Enumerable.Range(0, options.TunedBlocks.Count).SelectMany(i => new SizedTensor[] { new(StateName(KeyTensor(i)), length, width), new(StateName(ValueTensor(i)), length, width) });
    }

    public override string Name => "Prefix";

    public override IReadOnlySet<int> TrainedOnce { get; }

    public override BlockEdits Edits(IReadOnlyList<Tensor> values) => new()
    {
        Prefixes = _places.ToDictionary(p => p.Block, p => new AttentionPrefix(Scaled(values, p.Keys, p.KeyScale), Scaled(values, p.Values, p.ValueScale)) { CompensatedFrom = _compensatedFrom }),
    };

    protected override BlockEdits Watch(BlockEdits edits, IReadOnlyList<Tensor> values, Action<string, Func<Tensor>> keep) => edits with
    {
        CaptureAttention = attention =>
        {
            keep(KeyName(attention.Block), attention.JoinedQueries);   // [B, T, D]
            // [B, H, T, S] -> [B, H, T, L] -> [B, H·T, L]
            keep(ValueName(attention.Block), () => attention.Weights().narrow(3, 0, _length).reshape(attention.Queries.shape[0], -1, _length));
        },
    };

    private ProjectionSite KeySite(string name, Parameter keys)
    {
        int d = Network.Config.HeadWidth;
        return new ProjectionSite(name, keys, Width, protectsOwnRows: false)
        {
            Role = SiteRole.KeyPrefix,
            Heads = [.. Enumerable.Range(0, Network.Config.Heads).Select(h => new ProjectionSite($"{name}.head{h}", keys, d, protectsOwnRows: false, t => t.narrow(1, h * d, d))
            {
                Role = SiteRole.KeyPrefix, Whole = name, SelectActivations = x => x.narrow(2, h * d, d),   // [B, T, D] -> [B, T, d]
            })],
        };
    }

    private ProjectionSite ValueSite(string name, Parameter values)
    {
        int heads = Network.Config.Heads, d = Network.Config.HeadWidth;
        return new ProjectionSite(name, values, _length, protectsOwnRows: false, t => t.t())   // [L, D] -> [D, L]
        {
            Role = SiteRole.ValuePrefix,
            ProjectedByDefault = false,
            Heads = [.. Enumerable.Range(0, heads).Select(h => new ProjectionSite($"{name}.head{h}", values, _length, protectsOwnRows: false, t => t.narrow(1, h * d, d).t())
            {
                Role = SiteRole.ValuePrefix, ProjectedByDefault = false, Whole = name,
                SelectActivations = x => x.narrow(1, h * (x.shape[1] / heads), x.shape[1] / heads),   // [B, H·T, L] -> [B, T, L]
            })],
        };
    }

    private static string KeyTensor(int i) => $"{i}.key.tokens";

    private static string ValueTensor(int i) => $"{i}.val.tokens";

    private static string KeyName(int block) => $"block{block}.prefix.key";

    private static string ValueName(int block) => $"block{block}.prefix.value";
}
