using Microsoft.ML.Continual.Backbones;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Backbones;

/// <summary>Prefixes, block tokens, context tokens and looks into blocks.</summary>
[TestClass]
public sealed class BlockEditsTests
{
    private const double Float32 = 2e-5;
    private const int Width = 16, Heads = 2;

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

    /// <summary>Keys and values that a block makes of tokens [P, D].</summary>
    private AttentionPrefix AsPrefix(Tensor tokens, int block)
    {
        string name = $"blocks.{block}.";
        Tensor normal = nn.functional.layer_norm(tokens, [Width], _weights[name + "norm1.weight"], _weights[name + "norm1.bias"], 1e-6);
        Tensor qkv = nn.functional.linear(normal, _weights[name + "attn.qkv.weight"], _weights[name + "attn.qkv.bias"]);
        return new AttentionPrefix(qkv.narrow(-1, Width, Width), qkv.narrow(-1, 2 * Width, Width));
    }

    [TestMethod]
    [DataRow(AttentionPath.Plain, 0)]
    [DataRow(AttentionPath.Fused, 1)]
    [DataRow(AttentionPath.Plain, 2)]
    public void Context_tokens_equal_a_prefix_of_their_keys_and_values(object path, int block)
    {
        _backbone.AttentionPath = (AttentionPath)path;
        Tensor tokens = RandomTransformer.Tokens(3, 4, Width);
        Tensor byContext = _backbone.Forward(_images, new BlockEdits { ContextTokens = new Dictionary<int, Tensor> { [block] = tokens }, Output = OutputTokens.All });
        Tensor byPrefix = _backbone.Forward(_images, new BlockEdits { Prefixes = new Dictionary<int, AttentionPrefix> { [block] = AsPrefix(tokens, block) }, Output = OutputTokens.All });
        Assert.IsLessThan(Float32, RandomTransformer.Difference(byContext, byPrefix));
        CollectionAssert.AreEqual(new long[] { 3, 10, Width }, byContext.shape);   // they end with the block
        Assert.IsGreaterThan(1e-2, RandomTransformer.Difference(byContext, _backbone.Forward(_images, new BlockEdits { Output = OutputTokens.All })));
    }

    [TestMethod]
    public void Tokens_before_the_first_block_are_input_tokens_without_the_class_position()
    {
        Tensor tokens = RandomTransformer.Tokens(4, Width), position = _weights["pos_embed"].select(1, 0);
        Tensor byInput = _backbone.Forward(_images, new BlockEdits { InputTokens = tokens, Output = OutputTokens.All });
        Tensor byBlock = _backbone.Forward(_images, new BlockEdits { BlockTokens = new Dictionary<int, Tensor> { [0] = tokens + position }, Output = OutputTokens.All });
        Assert.IsLessThan(Float32, RandomTransformer.Difference(byBlock, byInput));
    }

    [TestMethod]
    public void Tokens_that_enter_late_go_on_and_can_be_asked_for()
    {
        var edits = new BlockEdits { BlockTokens = new Dictionary<int, Tensor> { [1] = RandomTransformer.Tokens(2, Width), [2] = RandomTransformer.Tokens(3, 3, Width) }, Output = OutputTokens.All };
        var counts = new List<long>();
        Tensor all = _backbone.Forward(_images, edits with { Capture = block => counts.Add(block.Input.shape[1]) });
        CollectionAssert.AreEqual(new long[] { 10, 12, 15 }, counts);
        Tensor inserted = _backbone.Forward(_images, edits with { Output = OutputTokens.Inserted });
        CollectionAssert.AreEqual(new long[] { 3, 5, Width }, inserted.shape);
        Assert.IsLessThan(Float32, RandomTransformer.Difference(inserted, all.narrow(1, 1, 5)));
    }

    [TestMethod]
    public void A_prefix_for_all_images_equals_the_same_prefix_given_per_image()
    {
        AttentionPrefix shared = AsPrefix(RandomTransformer.Tokens(4, Width), 1);
        Tensor Run(AttentionPrefix prefix) => _backbone.Forward(_images, new BlockEdits { Prefixes = new Dictionary<int, AttentionPrefix> { [1] = prefix } });
        Tensor perImage = Run(new AttentionPrefix(shared.Keys.expand(3, 4, Width), shared.Values.expand(3, 4, Width)));
        Assert.AreEqual(0, RandomTransformer.Difference(perImage, Run(shared)), 0);
    }

    [TestMethod]
    [DataRow(AttentionPath.Plain)]
    [DataRow(AttentionPath.Fused)]
    public void Gradients_of_prefixes_equal_finite_differences(object path)
    {
        var config = new VisionTransformerConfig(8, 4, 8, 2, 2, 12);
        using VisionTransformer backbone = RandomTransformer.Create(config, ScalarType.Float64);
        backbone.AttentionPath = (AttentionPath)path;
        Tensor images = RandomTransformer.Images(2, 8), direction = RandomTransformer.Tokens(2, 1, 8).to(ScalarType.Float64);
        Tensor start = RandomTransformer.Tokens(2, 2, 8).to(ScalarType.Float64);   // keys, values
        Tensor Loss(Tensor both) => (backbone.Forward(images, new BlockEdits { Prefixes = new Dictionary<int, AttentionPrefix> { [0] = new(both.select(0, 0), both.select(0, 1)) } }) * direction).sum();

        var parameter = new Parameter(start.clone(), true);
        Loss(parameter).backward();
        double[] gradient = parameter.grad!.reshape(-1).data<double>().ToArray();
        const double H = 1e-5;
        for (int i = 0; i < gradient.Length; i++)
        {
            Tensor Moved(double by)
            {
                Tensor moved = start.clone();
                moved.view(-1).narrow(0, i, 1).add_(by);
                return moved;
            }
            double difference = (Loss(Moved(H)).item<double>() - Loss(Moved(-H)).item<double>()) / (2 * H);
            Assert.AreEqual(difference, gradient[i], 1e-6 * Math.Max(1, Math.Abs(difference)), $"entry {i}");
        }
    }

    [TestMethod]
    public void A_look_into_attention_explains_what_attention_added()
    {
        AttentionPrefix prefix = AsPrefix(RandomTransformer.Tokens(4, Width), 1);
        Tensor? explained = null, added = null;
        _backbone.Forward(_images, new BlockEdits
        {
            Prefixes = new Dictionary<int, AttentionPrefix> { [1] = prefix },
            Output = OutputTokens.All,
            CaptureAttention = attention =>
            {
                if (attention.Block != 1) return;
                CollectionAssert.AreEqual(new long[] { 3, Heads, 14, Width / Heads }, attention.Keys.shape);
                Tensor mixed = attention.Weights().matmul(attention.Values).transpose(1, 2).reshape(3, 10, Width);
                _scope.Attach(explained = nn.functional.linear(mixed, _weights["blocks.1.attn.proj.weight"], _weights["blocks.1.attn.proj.bias"]));
                Assert.AreEqual(0, RandomTransformer.Difference(attention.JoinedQueries().view(3, 10, Heads, Width / Heads).transpose(1, 2), attention.Queries), 0);
            },
            Capture = block =>
            {
                if (block.Block == 1) _scope.Attach(added = block.Attention.clone());
            },
        });
        Assert.IsLessThan(Float32, RandomTransformer.Difference(explained!, added!));
    }

    [TestMethod]
    public void A_pass_that_stops_early_shows_the_same_blocks_and_no_more()
    {
        var whole = new List<Tensor>();
        var part = new List<Tensor>();
        _backbone.Forward(_images, new BlockEdits { Capture = block => Keep(whole, block.Input) });
        _backbone.Forward(_images, new BlockEdits { BlockCount = 2, Capture = block => Keep(part, block.Input) });
        Assert.HasCount(2, part);
        for (int i = 0; i < 2; i++) Assert.AreEqual(0, RandomTransformer.Difference(part[i], whole[i]), 0);

        void Keep(List<Tensor> list, Tensor input)
        {
            list.Add(input.clone());
            _scope.Attach(list[^1]);
        }
    }

    [TestMethod]
    public void Edits_that_do_not_fit_are_named()
    {
        Refuse("Prefixes", "found 3", new BlockEdits { Prefixes = new Dictionary<int, AttentionPrefix> { [3] = AsPrefix(RandomTransformer.Tokens(4, Width), 1) } });
        Refuse("Prefixes[1].Keys", "[4, 15]", new BlockEdits { Prefixes = new Dictionary<int, AttentionPrefix> { [1] = new(zeros(4, 15), zeros(4, 15)) } });
        Refuse("Prefixes[1]", "[5, 16]", new BlockEdits { Prefixes = new Dictionary<int, AttentionPrefix> { [1] = new(zeros(4, 16), zeros(5, 16)) } });
        Refuse("BlockTokens[2]", "[2, 4, 16]", new BlockEdits { BlockTokens = new Dictionary<int, Tensor> { [2] = zeros(2, 4, 16) } });
        Refuse("ContextTokens", "found -1", new BlockEdits { ContextTokens = new Dictionary<int, Tensor> { [-1] = zeros(4, 16) } });
        Refuse("BlockCount", "found 4", new BlockEdits { BlockCount = 4 });
        Refuse("InputTokens", "null", new BlockEdits { Output = OutputTokens.Inserted });

        void Refuse(string what, string found, BlockEdits edits)
        {
            string message = Assert.ThrowsExactly<ArgumentException>(() => _backbone.Forward(_images, edits)).Message;
            StringAssert.Contains(message, what);
            StringAssert.Contains(message, found);
        }
    }

    [TestMethod]
    [DataRow(0, OutputTokens.All)]
    [DataRow(2, OutputTokens.Class)]   // the last block computes the wanted token only
    public void An_adapter_beside_the_MLP_adds_a_tenth_of_its_two_layers_to_the_block(int block, OutputTokens output)
    {
        Tensor down = RandomTransformer.Tokens(4, Width), downBias = RandomTransformer.Tokens(4), up = RandomTransformer.Tokens(Width, 4), upBias = RandomTransformer.Tokens(Width);
        BlockActivations? plain = null, adapted = null;
        Run(null, b => plain = b);
        Run(new MlpAdapter(down, downBias, up, upBias), b => adapted = b);
        long wanted = plain!.Output.shape[1];
        Tensor middle = plain.Input.narrow(1, 0, wanted) + plain.Attention;   // behind attention, before the norm
        Tensor expected = plain.Output + nn.functional.linear(nn.functional.linear(middle, down, downBias).relu(), up, upBias) * 0.1;
        Assert.IsLessThan(Float32, RandomTransformer.Difference(adapted!.Output, expected));
        Assert.IsGreaterThan(1e-3, RandomTransformer.Difference(adapted.Output, plain.Output));
        Run(new MlpAdapter(down, downBias, zeros_like(up), zeros_like(upBias)), b => adapted = b);
        Assert.AreEqual(0, RandomTransformer.Difference(adapted.Output, plain.Output));
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => Run(new MlpAdapter(down, downBias, up.narrow(1, 0, 3), upBias), _ => { })).Message, $"MlpAdapters[{block}].Up");

        Tensor Copy(Tensor tensor)
        {
            Tensor copy = tensor.clone();
            _scope.Attach(copy);
            return copy;
        }

        void Run(MlpAdapter? adapter, Action<BlockActivations> keep) => _backbone.Forward(_images, new BlockEdits
        {
            MlpAdapters = adapter is null ? null : new Dictionary<int, MlpAdapter> { [block] = adapter },
            Output = output,
            Capture = b =>
            {
                if (b.Block == block) keep(new BlockActivations(b.Block, Copy(b.Input), Copy(b.Attention), Copy(b.Mlp), Copy(b.Output)));
            },
        });
    }
}
