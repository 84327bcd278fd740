using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.Peft;

/// <summary>Prompts at the input of attention. Site: <c>block0.prompt</c> (rows: the prompt's tokens, whose products with each other count too; activations: the image's tokens after the norm).</summary>
/// <remarks>In the shape comments B is images, T tokens, L tokens of a prompt, D width.</remarks>
internal sealed class AttentionPromptModule : PeftModule
{
    private const double InitialRange = 0.01;

    private readonly int _length;
    private readonly List<(int Block, int Tokens, int Scale)> _places = [];

    public AttentionPromptModule(AttentionPromptOptions options, SeededRandom random) : base(options)
    {
        _length = options.Length;
        using DisposeScope scope = NewDisposeScope();
        foreach (int block in options.TunedBlocks)
        {
            int i = _places.Count, tokens = Add(TokensTensor(i), random.UniformTensor(0, InitialRange, _length, Width));
            _places.Add((block, tokens, AddScale($"{i}.scaler.scale")));
            AddSite(block, new ProjectionSite(SiteName(block), At(tokens), Width, protectsOwnRows: true));
        }
    }

    /// <summary>See <see cref="MethodOptions.SizedTensors"/>.</summary>
    public static IEnumerable<SizedTensor> Sizes(AttentionPromptOptions options) => Enumerable.Range(0, options.TunedBlocks.Count)
        .Select(i => new SizedTensor(StateName(TokensTensor(i)), (options.Length, nameof(AttentionPromptOptions.Length)), (options.Network.Width, null)));

    public override string Name => "AttentionPrompt";

    public override BlockEdits Edits(IReadOnlyList<Tensor> values) => new() { NormedContextTokens = _places.ToDictionary(p => p.Block, p => Scaled(values, p.Tokens, p.Scale)) };

    protected override BlockEdits Watch(BlockEdits edits, IReadOnlyList<Tensor> values, Action<string, Func<Tensor>> keep) => edits with
    {
        CaptureLinear = input =>
        {
            if (input.Linear == BlockLinear.Qkv) keep(SiteName(input.Block), () => input.Input.narrow(1, 0, input.Input.shape[1] - _length));   // [B, T + L, D] -> [B, T, D]
        },
    };

    private static string TokensTensor(int i) => $"{i}.tokens";

    private static string SiteName(int block) => $"block{block}.prompt";
}
