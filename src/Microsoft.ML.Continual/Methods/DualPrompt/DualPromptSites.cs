using Microsoft.ML.Continual.Backbones;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.DualPrompt;

/// <summary>
/// The projection sites of one block's prompt, and the activations that images send into them.
/// </summary>
/// <remarks>
/// <para>By prefix tuning: <c>block{b}.{prompt}.key</c> (rows: tokens, all heads side by side; activations: the block's queries of all image tokens) and <c>block{b}.{prompt}.value</c> (rows: channels, each
/// with the values of the L tokens; activations: the attention weights on these tokens), both with their heads. By prompt tuning: <c>block{b}.{prompt}</c> (rows: tokens; activations: the
/// tokens that enter the block, without those of this prompt).</para>
/// <para>In the shape comments B is images, T tokens, S what attention reads, L tokens of a prompt, k selected prompts, H heads, d = D / H.</para>
/// </remarks>
internal sealed class DualPromptSites
{
    private readonly int _block, _heads, _length;
    private readonly long _tokens;
    private readonly string _prompt, _key, _value;
    private readonly bool _prefix;

    /// <param name="block">The block.</param>
    /// <param name="prompt">The parameter's short name, <c>g_prompt</c> or <c>e_prompt</c>.</param>
    /// <param name="parameter">The parameter.</param>
    /// <param name="slice">Its slice of this block: [2, …, L, H, d] by prefix tuning, [..., L, D] by prompt tuning.</param>
    /// <param name="mode">How it enters the block.</param>
    /// <param name="length">L.</param>
    /// <param name="selected">k; 1 for a prompt outside of a pool.</param>
    /// <param name="config">Sizes.</param>
    public DualPromptSites(int block, string prompt, Parameter parameter, Func<Tensor, Tensor> slice, PromptMode mode, int length, int selected, VisionTransformerConfig config)
    {
        (_block, _heads, _length, _tokens, _prefix) = (block, config.Heads, length, (long)selected * length, mode == PromptMode.PrefixTuning);
        _prompt = $"block{block}.{prompt}";
        (_key, _value) = ($"{_prompt}.key", $"{_prompt}.value");
        int width = config.Width, headWidth = config.HeadWidth;
        if (!_prefix)
        {
            Sites = [new ProjectionSite(_prompt, parameter, width, protectsOwnRows: true, slice)];
            return;
        }
        Tensor Keys(Tensor t)
        {
            Tensor half = slice(t).select(0, 0);   // [..., L, H, d]
            return half.view([.. half.shape[..^2], width]);
        }
        Tensor Values(Tensor t)
        {
            Tensor half = slice(t).select(0, 1);   // [..., L, H, d] -> [..., H, d, L]
            int axes = (int)half.dim();
            return half.permute([.. Enumerable.Range(0, axes - 3).Select(a => (long)a), axes - 2, axes - 1, axes - 3]);
        }
        Sites =
        [
            new ProjectionSite(_key, parameter, width, protectsOwnRows: false, Keys)
            {
                Role = SiteRole.KeyPrefix,
                Heads = [.. Enumerable.Range(0, config.Heads).Select(h => new ProjectionSite($"{_key}.head{h}", parameter, headWidth, protectsOwnRows: false, t => Keys(t).narrow(-1, h * headWidth, headWidth))
                {
                    Role = SiteRole.KeyPrefix,
                    Whole = _key,
                    SelectActivations = x => x.narrow(2, h * headWidth, headWidth),   // [B, T, D] -> [B, T, d]
                })],
            },
            new ProjectionSite(_value, parameter, length, protectsOwnRows: false, Values)
            {
                Role = SiteRole.ValuePrefix,
                ProjectedByDefault = false,
                Heads = [.. Enumerable.Range(0, config.Heads).Select(h => new ProjectionSite($"{_value}.head{h}", parameter, length, protectsOwnRows: false, t => Values(t).select(-3, h))
                {
                    Role = SiteRole.ValuePrefix,
                    ProjectedByDefault = false,
                    Whole = _value,
                    SelectActivations = x => x.narrow(1, h * (x.shape[1] / config.Heads), x.shape[1] / config.Heads),   // [B, H·T·k, L] -> [B, T·k, L]
                })],
            },
        ];
    }

    /// <summary>The sites; heads hang on them.</summary>
    public IReadOnlyList<ProjectionSite> Sites { get; }

    /// <summary>How many blocks must run for a site's activations: none where none of the names is one of these sites'.</summary>
    public int BlocksFor(IReadOnlyCollection<string> sites) => Sites.Any(s => sites.Contains(s.Name)) ? _block + 1 : 0;

    /// <summary>Takes the activations of prefixes out of their block's attention.</summary>
    /// <param name="attention">What some block's attention worked with.</param>
    /// <param name="sites">The names of the wanted sites.</param>
    /// <param name="activations">Where they go, by site name.</param>
    /// <param name="keep">The scope they are to live in: that of the pass ends with the block.</param>
    public void Collect(AttentionActivations attention, IReadOnlyCollection<string> sites, Dictionary<string, Tensor> activations, DisposeScope keep)
    {
        if (!_prefix || attention.Block != _block) return;
        using DisposeScope scope = NewDisposeScope();
        if (sites.Contains(_key)) Keep(_key, attention.JoinedQueries());   // [B, T, D]
        if (!sites.Contains(_value)) return;
        Tensor weights = attention.Weights().narrow(3, 0, _tokens);   // [B, H, T, S] -> [B, H, T, k·L] -> [B, H·T·k, L]
        Keep(_value, weights.reshape(weights.shape[0], _heads * weights.shape[2] * (_tokens / _length), _length));

        void Keep(string name, Tensor value)
        {
            activations[name] = value.to(ScalarType.Float32);
            keep.Attach(activations[name]);
        }
    }

    /// <summary>Takes the activations of prompts out of the tokens that entered their block.</summary>
    /// <param name="block">What some block computed.</param>
    /// <param name="sites">The names of the wanted sites.</param>
    /// <param name="activations">Where they go, by site name.</param>
    /// <param name="keep">The scope they are to live in: that of the pass ends with the block.</param>
    public void Collect(BlockActivations block, IReadOnlyCollection<string> sites, Dictionary<string, Tensor> activations, DisposeScope keep)
    {
        if (_prefix || block.Block != _block || !sites.Contains(_prompt)) return;
        using DisposeScope scope = NewDisposeScope();
        Tensor x = block.Input;   // [B, 1 + k·L + rest, D]: class token, this prompt, the rest
        activations[_prompt] = cat([x.narrow(1, 0, 1), x.narrow(1, 1 + _tokens, x.shape[1] - 1 - _tokens)], 1).to(ScalarType.Float32);
        keep.Attach(activations[_prompt]);
    }
}
