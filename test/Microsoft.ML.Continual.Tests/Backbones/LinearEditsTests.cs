using Microsoft.ML.Continual.Backbones;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Backbones;

/// <summary>Other weights, low-rank updates, adapters, tokens behind the norm and compensated prefixes.</summary>
[TestClass]
public sealed class LinearEditsTests
{
    private const double Float32 = 2e-5;
    private const int Width = 16, Heads = 2, Mlp = 24, Rank = 3;

    private DisposeScope _scope = null!;
    private VisionTransformer _backbone = null!;
    private Dictionary<string, Tensor> _weights = null!;
    private Tensor _images = null!;

    [TestInitialize]
    public void Open()
    {
        _scope = NewDisposeScope();
        _backbone = RandomTransformer.Create();
        _weights = RandomTransformer.Weights(RandomTransformer.Config);
        _images = RandomTransformer.Images(3);
    }

    [TestCleanup]
    public void Close()
    {
        _backbone.Dispose();
        _scope.Dispose();
    }

    private static (string Name, int Outputs, int Inputs) Sizes(BlockLinear linear) => linear switch
    {
        BlockLinear.Qkv => ("attn.qkv", 3 * Width, Width),
        BlockLinear.Out => ("attn.proj", Width, Width),
        BlockLinear.Fc1 => ("mlp.fc1", Mlp, Width),
        _ => ("mlp.fc2", Width, Mlp),
    };

    private static BlockEdits Edit(int block, BlockLinear linear, LinearEdit edit, OutputTokens output) =>
        new() { Linears = new Dictionary<(int, BlockLinear), LinearEdit> { [(block, linear)] = edit }, Output = output };

    [TestMethod]
    [DataRow(BlockLinear.Qkv, 1, OutputTokens.All)]
    [DataRow(BlockLinear.Qkv, 2, OutputTokens.Class)]   // the last block makes queries of the class token only
    [DataRow(BlockLinear.Out, 2, OutputTokens.Class)]
    [DataRow(BlockLinear.Fc1, 0, OutputTokens.All)]
    [DataRow(BlockLinear.Fc2, 2, OutputTokens.Class)]
    public void A_low_rank_update_equals_the_weight_it_is_merged_into(BlockLinear linear, int block, OutputTokens output)
    {
        (string name, int outputs, int inputs) = Sizes(linear);
        Tensor down = RandomTransformer.Tokens(Rank, inputs), up = RandomTransformer.Tokens(outputs, Rank), frozen = _weights[$"blocks.{block}.{name}.weight"];
        Tensor factored = _backbone.Forward(_images, Edit(block, linear, new LinearEdit { Down = down, Up = up }, output));
        Tensor merged = _backbone.Forward(_images, Edit(block, linear, new LinearEdit { Weight = frozen + up.mm(down) }, output));
        Assert.IsLessThan(Float32, RandomTransformer.Difference(factored, merged));
        Assert.IsGreaterThan(1e-2, RandomTransformer.Difference(factored, _backbone.Forward(_images, new BlockEdits { Output = output })));
        Tensor both = _backbone.Forward(_images, Edit(block, linear, new LinearEdit { Weight = frozen - up.mm(down), Down = down, Up = up }, output));
        Assert.IsLessThan(Float32, RandomTransformer.Difference(both, _backbone.Forward(_images, new BlockEdits { Output = output })));
    }

    [TestMethod]
    public void Gradients_reach_replaced_weights_and_factors()
    {
        var weight = new Parameter(_weights["blocks.2.attn.qkv.weight"].clone(), true);
        Parameter down = new(RandomTransformer.Tokens(Rank, Width), true), up = new(RandomTransformer.Tokens(Width, Rank), true);
        _backbone.Forward(_images, new BlockEdits
        {
            Linears = new Dictionary<(int, BlockLinear), LinearEdit> { [(2, BlockLinear.Qkv)] = new() { Weight = weight }, [(1, BlockLinear.Out)] = new() { Down = down, Up = up } },
        }).square().sum().backward();
        foreach (Parameter parameter in new[] { weight, down, up }) Assert.IsGreaterThan(0f, parameter.grad!.abs().max().item<float>());
    }

    [TestMethod]
    public void The_inputs_of_all_maps_are_shown_and_explain_what_the_block_adds()
    {
        var seen = new Dictionary<BlockLinear, Tensor>();
        Tensor? mlp = null;
        _backbone.Forward(_images, new BlockEdits
        {
            Output = OutputTokens.All,
            CaptureLinear = input =>
            {
                if (input.Block != 1) return;
                seen.Add(input.Linear, input.Input.clone());   // each once
                _scope.Attach(seen[input.Linear]);
            },
            Capture = block =>
            {
                if (block.Block == 1) _scope.Attach(mlp = block.Mlp.clone());
            },
        });
        CollectionAssert.AreEqual(new long[] { 3, 10, Width }, seen[BlockLinear.Qkv].shape);
        CollectionAssert.AreEqual(new long[] { 3, 10, Width }, seen[BlockLinear.Out].shape);
        CollectionAssert.AreEqual(new long[] { 3, 10, Mlp }, seen[BlockLinear.Fc2].shape);
        Tensor hidden = nn.functional.gelu(nn.functional.linear(seen[BlockLinear.Fc1], _weights["blocks.1.mlp.fc1.weight"], _weights["blocks.1.mlp.fc1.bias"]));
        Assert.IsLessThan(Float32, RandomTransformer.Difference(hidden, seen[BlockLinear.Fc2]));
        Assert.IsLessThan(Float32, RandomTransformer.Difference(nn.functional.linear(seen[BlockLinear.Fc2], _weights["blocks.1.mlp.fc2.weight"], _weights["blocks.1.mlp.fc2.bias"]), mlp!));
    }

    [TestMethod]
    [DataRow(1, OutputTokens.All)]
    [DataRow(2, OutputTokens.Class)]
    public void An_adapter_adds_its_bottleneck_to_what_attention_adds(int block, OutputTokens output)
    {
        Tensor down = RandomTransformer.Tokens(Rank, Width), up = RandomTransformer.Tokens(Width, Rank);
        Tensor? plain = null, adapted = null, normed = null;
        _backbone.Forward(_images, new BlockEdits { Output = output, Capture = Keep(b => plain = b), CaptureLinear = i => { if (i.Block == block && i.Linear == BlockLinear.Qkv) _scope.Attach(normed = i.Input.clone()); } });
        _backbone.Forward(_images, new BlockEdits { Output = output, Capture = Keep(b => adapted = b), Adapters = new Dictionary<int, ParallelAdapter> { [block] = new(down, up) } });
        Tensor expected = plain! + nn.functional.gelu(normed!.narrow(1, 0, plain!.shape[1]).matmul(down.t())).matmul(up.t());
        Assert.IsLessThan(Float32, RandomTransformer.Difference(adapted!, expected));

        Action<BlockActivations> Keep(Action<Tensor> keep) => activations =>
        {
            if (activations.Block != block) return;
            Tensor copy = activations.Attention.clone();
            _scope.Attach(copy);
            keep(copy);
        };
    }

    [TestMethod]
    public void Tokens_behind_the_norm_equal_a_prefix_of_their_keys_and_values()
    {
        Tensor tokens = RandomTransformer.Tokens(4, Width), qkv = nn.functional.linear(tokens, _weights["blocks.1.attn.qkv.weight"], _weights["blocks.1.attn.qkv.bias"]);
        Tensor byTokens = _backbone.Forward(_images, new BlockEdits { NormedContextTokens = new Dictionary<int, Tensor> { [1] = tokens }, Output = OutputTokens.All });
        var prefix = new AttentionPrefix(qkv.narrow(1, Width, Width), qkv.narrow(1, 2 * Width, Width));
        Tensor byPrefix = _backbone.Forward(_images, new BlockEdits { Prefixes = new Dictionary<int, AttentionPrefix> { [1] = prefix }, Output = OutputTokens.All });
        Assert.IsLessThan(Float32, RandomTransformer.Difference(byTokens, byPrefix));
    }

    [TestMethod]
    public void A_compensated_prefix_adds_its_own_attention_to_that_on_the_tokens()
    {
        Tensor keys = RandomTransformer.Tokens(4, Width), values = keys * 2;
        AttentionActivations? shown = null;
        var edits = new BlockEdits
        {
            Prefixes = new Dictionary<int, AttentionPrefix> { [1] = new(keys, values) { CompensatedFrom = 0 } },
            CaptureAttention = attention =>
            {
                if (attention.Block != 1) return;
                shown = attention;
                Tensor weights = attention.Weights(), plain = (attention with { CompensatedFrom = null }).Weights();
                Assert.AreEqual(0, RandomTransformer.Difference(weights.narrow(3, 4, 10), plain.narrow(3, 4, 10)), 0, "the tokens' share stays");
                Tensor own = (attention.Queries * (1 / Math.Sqrt(Width / Heads))).matmul(attention.Keys.narrow(2, 0, 4).transpose(2, 3)).softmax(-1);
                Assert.IsLessThan(Float32, RandomTransformer.Difference(weights.narrow(3, 0, 4), own));   // scaling to 1 is a softmax of its own
            },
        };
        _backbone.Forward(_images, edits);
        Assert.IsNotNull(shown);
        ArgumentException refused = Assert.ThrowsExactly<ArgumentException>(() => _backbone.Forward(_images, edits with
        {
            Prefixes = new Dictionary<int, AttentionPrefix> { [1] = new(keys, values) { CompensatedFrom = 11 } },
            CaptureAttention = null,
        }));
        StringAssert.Contains(refused.Message, "found 11 to 14");
    }

    [TestMethod]
    public void Edits_that_do_not_fit_are_named()
    {
        Refuse("Linears[1, Out].Weight", "[15, 16]", Edit(1, BlockLinear.Out, new LinearEdit { Weight = zeros(15, 16) }, OutputTokens.Class));
        Refuse("Linears[1, Fc1].Down", "[3, 15]", Edit(1, BlockLinear.Fc1, new LinearEdit { Down = zeros(3, 15), Up = zeros(24, 3) }, OutputTokens.Class));
        Refuse("Linears[1, Fc1].Up", "[24, 4]", Edit(1, BlockLinear.Fc1, new LinearEdit { Down = zeros(3, 16), Up = zeros(24, 4) }, OutputTokens.Class));
        Refuse("Linears[1, Fc2]", "belong together", Edit(1, BlockLinear.Fc2, new LinearEdit { Up = zeros(16, 4) }, OutputTokens.Class));
        Refuse("Linears", "found 3", Edit(3, BlockLinear.Fc2, new LinearEdit(), OutputTokens.Class));
        Refuse("Adapters[1].Down", "[3, 15]", new BlockEdits { Adapters = new Dictionary<int, ParallelAdapter> { [1] = new(zeros(3, 15), zeros(16, 3)) } });
        Refuse("Adapters[1].Up", "[16, 2]", new BlockEdits { Adapters = new Dictionary<int, ParallelAdapter> { [1] = new(zeros(3, 16), zeros(16, 2)) } });
        Refuse("NormedContextTokens[2]", "[4, 15]", new BlockEdits { NormedContextTokens = new Dictionary<int, Tensor> { [2] = zeros(4, 15) } });

        void Refuse(string what, string found, BlockEdits edits)
        {
            string message = Assert.ThrowsExactly<ArgumentException>(() => _backbone.Forward(_images, edits)).Message;
            StringAssert.Contains(message, what);
            StringAssert.Contains(message, found);
        }
    }
}
