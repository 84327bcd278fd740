using Microsoft.ML.Continual.Backbones;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Backbones;

[TestClass]
public sealed class VisionTransformerTests
{
    private const double Float32 = 2e-5;

    private DisposeScope _scope = null!;
    private VisionTransformer _backbone = null!;

    [TestInitialize]
    public void Open()
    {
        _scope = NewDisposeScope();
        _backbone = RandomTransformer.Create();
    }

    [TestCleanup]
    public void Close()
    {
        _backbone.Dispose();
        _scope.Dispose();
    }

    [TestMethod]
    [DataRow(AttentionPath.Plain)]
    [DataRow(AttentionPath.Fused)]
    public void A_last_block_cut_to_the_wanted_tokens_gives_what_the_whole_block_gives(object path)
    {
        _backbone.AttentionPath = (AttentionPath)path;
        Tensor images = RandomTransformer.Images(3), prompts = RandomTransformer.Tokens(4, 16);
        Tensor all = _backbone.Forward(images, new BlockEdits { InputTokens = prompts, Output = OutputTokens.All });
        CollectionAssert.AreEqual(new long[] { 3, 14, 16 }, all.shape);
        foreach ((OutputTokens output, int first, int count) in new[] { (OutputTokens.Class, 0, 1), (OutputTokens.Inserted, 1, 4), (OutputTokens.ClassAndInserted, 0, 5) })
        {
            Tensor part = _backbone.Forward(images, new BlockEdits { InputTokens = prompts, Output = output });
            Assert.IsLessThan(Float32, RandomTransformer.Difference(part, all.narrow(1, first, count)), output.ToString());
        }
    }

    [TestMethod]
    public void Fused_and_plain_attention_agree_in_results_and_gradients()
    {
        Tensor images = RandomTransformer.Images(2);
        (Tensor output, Tensor gradient) Run(AttentionPath path)
        {
            _backbone.AttentionPath = path;
            var prompts = new Parameter(RandomTransformer.Tokens(2, 3, 16), true);
            Tensor tokens = _backbone.Forward(images, new BlockEdits { InputTokens = prompts, Output = OutputTokens.ClassAndInserted });
            tokens.square().sum().backward();
            return (tokens, prompts.grad!);
        }
        (Tensor plain, Tensor plainGradient) = Run(AttentionPath.Plain);
        (Tensor fused, Tensor fusedGradient) = Run(AttentionPath.Fused);
        Assert.IsLessThan(Float32, RandomTransformer.Difference(fused, plain));
        Assert.IsLessThan(Float32, RandomTransformer.Difference(fusedGradient, plainGradient));
    }

    [TestMethod]
    public void Inserted_tokens_take_the_class_position_and_patches_keep_theirs()
    {
        Dictionary<string, Tensor> weights = RandomTransformer.Weights(RandomTransformer.Config);
        Tensor? input = null;
        _backbone.ForwardPatches(zeros(1, 9, 16), new BlockEdits
        {
            InputTokens = zeros(5, 16),
            Capture = block => input ??= block.Input.clone().DetachFromDisposeScope(),
        });
        Tensor positions = weights["pos_embed"];
        for (int i = 1; i <= 5; i++) Assert.IsTrue(input!.select(1, i).equal(positions.select(1, 0)).all().item<bool>(), $"token {i}");
        Assert.IsTrue(input!.narrow(1, 6, 9).equal(positions.narrow(1, 1, 9)).all().item<bool>());
        Assert.AreEqual(0, RandomTransformer.Difference(input!.select(1, 0), (positions.select(1, 0) + weights["cls_token"].select(1, 0))), 1e-7);
        input!.Dispose();
    }

    [TestMethod]
    public void Tokens_shared_by_all_images_equal_the_same_tokens_given_per_image()
    {
        Tensor images = RandomTransformer.Images(3), prompts = RandomTransformer.Tokens(2, 16);
        Tensor shared = _backbone.Forward(images, new BlockEdits { InputTokens = prompts, Output = OutputTokens.All });
        Tensor perImage = _backbone.Forward(images, new BlockEdits { InputTokens = prompts.unsqueeze(0).expand(3, 2, 16), Output = OutputTokens.All });
        Assert.AreEqual(0, RandomTransformer.Difference(perImage, shared), 0);
    }

    [TestMethod]
    [DataRow(AttentionPath.Plain)]
    [DataRow(AttentionPath.Fused)]
    public void Gradients_of_inserted_tokens_equal_finite_differences(object path)
    {
        var config = new VisionTransformerConfig(8, 4, 8, 2, 2, 12);
        using VisionTransformer backbone = RandomTransformer.Create(config, ScalarType.Float64);
        backbone.AttentionPath = (AttentionPath)path;
        Tensor images = RandomTransformer.Images(2, 8), direction = RandomTransformer.Tokens(2, 2, 8).to(ScalarType.Float64).roll(1, 2);
        Tensor start = RandomTransformer.Tokens(2, 8).to(ScalarType.Float64);
        Tensor Loss(Tensor prompts) => (backbone.Forward(images, new BlockEdits { InputTokens = prompts, Output = OutputTokens.Inserted }) * direction).sum();

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
    public void Bfloat16_stays_close_to_float32()
    {
        using VisionTransformer half = RandomTransformer.Create(type: ScalarType.BFloat16);
        Tensor images = RandomTransformer.Images(2), prompts = RandomTransformer.Tokens(3, 16);
        var edits = new BlockEdits { InputTokens = prompts, Output = OutputTokens.All };
        Tensor output = half.Forward(images, edits);
        Assert.AreEqual(ScalarType.BFloat16, output.dtype);
        Assert.IsLessThan(0.05, RandomTransformer.Difference(output, _backbone.Forward(images, edits)));
    }

    [TestMethod]
    public void Weights_are_frozen_copies()
    {
        Dictionary<string, Tensor> weights = RandomTransformer.Weights(RandomTransformer.Config);
        using VisionTransformer backbone = VisionTransformer.FromTensors(weights, RandomTransformer.Config);
        Tensor images = RandomTransformer.Images(1);
        Tensor before = backbone.ClassFeature(images);
        foreach (Tensor weight in weights.Values) weight.zero_();
        Assert.AreEqual(0, RandomTransformer.Difference(backbone.ClassFeature(images), before), 0);
        Assert.IsFalse(backbone.Forward(images).requires_grad);
    }

    [TestMethod]
    public void Trainable_weights_are_the_given_tensors_and_receive_gradients()
    {
        Dictionary<string, Tensor> weights = RandomTransformer.Weights(RandomTransformer.Config);
        Dictionary<string, Parameter> parameters = weights.ToDictionary(w => w.Key, w => new Parameter(w.Value, true));
        using (VisionTransformer backbone = VisionTransformer.FromTensors(parameters.ToDictionary(p => p.Key, p => (Tensor)p.Value), RandomTransformer.Config, trainable: true))
        {
            backbone.Forward(RandomTransformer.Images(2), new BlockEdits { Output = OutputTokens.All }).square().sum().backward();
        }
        foreach ((string name, Parameter parameter) in parameters)
            Assert.IsGreaterThan(0, parameter.grad!.abs().sum().item<float>(), name);   // and still alive after the backbone is gone
    }

    [TestMethod]
    public void Patch_embedding_equals_the_strided_convolution()
    {
        Dictionary<string, Tensor> weights = RandomTransformer.Weights(RandomTransformer.Config);
        Tensor images = RandomTransformer.Images(2);
        Tensor convolved = nn.functional.conv2d(images, weights["patch_embed.proj.weight"], weights["patch_embed.proj.bias"], [4, 4]).flatten(2).transpose(1, 2);
        Assert.IsLessThan(Float32, RandomTransformer.Difference(_backbone.EmbedPatches(images), convolved));
    }

    [TestMethod]
    public void A_position_grid_resized_to_itself_keeps_its_bits_and_a_constant_grid_stays_constant()
    {
        Tensor positions = RandomTransformer.Tokens(1, 10, 16);
        Assert.AreSame(positions, PositionEmbedding.Resize(positions, 3));
        Tensor constant = cat([positions.narrow(1, 0, 1), ones(1, 9, 16)], 1);
        Tensor resized = PositionEmbedding.Resize(constant, 7);
        CollectionAssert.AreEqual(new long[] { 1, 50, 16 }, resized.shape);
        Assert.IsTrue(resized.narrow(1, 0, 1).equal(constant.narrow(1, 0, 1)).all().item<bool>());
        Assert.IsLessThan(1e-6, RandomTransformer.Difference(resized.narrow(1, 1, 49), ones(1, 49, 16)));
    }

    [TestMethod]
    public void Wrong_shapes_are_refused_with_both_shapes_named()
    {
        var image = Assert.ThrowsExactly<ArgumentException>(() => _backbone.Forward(zeros(1, 3, 16, 16)));
        StringAssert.Contains(image.Message, "[B, 3, 12, 12]");
        StringAssert.Contains(image.Message, "[1, 3, 16, 16]");
        var tokens = Assert.ThrowsExactly<ArgumentException>(() => _backbone.Forward(zeros(2, 3, 12, 12), new BlockEdits { InputTokens = zeros(3, 4, 16) }));
        StringAssert.Contains(tokens.Message, "[3, 4, 16]");
        var output = Assert.ThrowsExactly<ArgumentException>(() => _backbone.Forward(zeros(2, 3, 12, 12), new BlockEdits { Output = OutputTokens.Inserted }));
        StringAssert.Contains(output.Message, nameof(BlockEdits.InputTokens));
    }

    [TestMethod]
    public void A_missing_or_misshapen_tensor_is_named()
    {
        Dictionary<string, Tensor> weights = RandomTransformer.Weights(RandomTransformer.Config);
        weights["blocks.1.mlp.fc1.weight"] = zeros(24, 15);
        var shape = Assert.ThrowsExactly<ArgumentException>(() => VisionTransformer.FromTensors(weights, RandomTransformer.Config));
        StringAssert.Contains(shape.Message, "blocks.1.mlp.fc1.weight");
        StringAssert.Contains(shape.Message, "[24, 16]");
        StringAssert.Contains(shape.Message, "[24, 15]");
        weights.Remove("norm.bias");
        weights["blocks.1.mlp.fc1.weight"] = zeros(24, 16);
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => VisionTransformer.FromTensors(weights, RandomTransformer.Config)).Message, "norm.bias");
    }

    [TestMethod]
    public void A_disposed_backbone_refuses_to_run()
    {
        VisionTransformer backbone = RandomTransformer.Create();
        backbone.Dispose();
        Assert.ThrowsExactly<ObjectDisposedException>(() => backbone.Forward(zeros(1, 3, 12, 12)));
    }

    [TestMethod]
    public void Forward_passes_on_several_threads_agree()
    {
        Tensor images = RandomTransformer.Images(2);
        double expected = Sum(), worst = 0;
        Parallel.For(0, 16, _ =>
        {
            double difference = Math.Abs(Sum() - expected);
            lock (_backbone) worst = Math.Max(worst, difference);
        });
        Assert.IsLessThan(1e-4, worst);

        double Sum()
        {
            using DisposeScope scope = NewDisposeScope();
            return _backbone.ClassFeature(images).sum().item<float>();
        }
    }

    [TestMethod]
    public void Repeated_passes_leave_no_tensors_behind()
    {
        Tensor images = RandomTransformer.Images(2), prompts = new Parameter(RandomTransformer.Tokens(3, 16), true);
        long Live()
        {
            using (DisposeScope scope = NewDisposeScope())
            {
                _backbone.Forward(images, new BlockEdits { InputTokens = prompts, Output = OutputTokens.Inserted }).sum().backward();
                _backbone.ClassFeature(images);
                prompts.grad = null;
            }
            return Tensor.TotalCount;
        }
        Live();
        long before = Live();
        for (int i = 0; i < 20; i++) Live();
        Assert.AreEqual(before, Live());
    }
}
