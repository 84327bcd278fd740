using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Backbones.Clip;
using Microsoft.ML.Continual.Checkpoints;
using Microsoft.ML.Continual.Tests.Checkpoints.Writers;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Backbones;

[TestClass]
public sealed class ClipModelTests
{
    private const double Float32 = 2e-5;

    private DisposeScope _scope = null!;
    private ClipModel _clip = null!;
    private string _folder = null!;

    [TestInitialize]
    public void Open()
    {
        _scope = NewDisposeScope();
        _clip = TinyClip.Create();
        _folder = Directory.CreateTempSubdirectory("clip-").FullName;
    }

    [TestCleanup]
    public void Close()
    {
        _clip.Dispose();
        _scope.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static Tensor Images(int count) => RandomTransformer.Images(count, TinyImages.Size);

    [TestMethod]
    public void The_patch_embedding_is_the_convolution_without_bias()
    {
        Dictionary<string, Tensor> weights = TinyClip.Weights(TinyClip.Config);
        Tensor images = Images(2);
        Tensor patches = nn.functional.conv2d(images, weights["visual.conv1.weight"], strides: [4L, 4L]).flatten(2).transpose(1, 2);   // [B, D, g, g] -> [B, N, D]
        Tensor expected = cat([weights["visual.class_embedding"].expand(2, 1, 16), patches], 1) + weights["visual.positional_embedding"];
        Assert.IsLessThan(Float32, RandomTransformer.Difference(_clip.Image.Embed(images), expected));
    }

    [TestMethod]
    public void Inserted_tokens_enter_behind_the_class_token_without_a_position()
    {
        Tensor tokens = _clip.Image.Embed(Images(2)), prompt = RandomTransformer.Tokens(3, 16);
        Tensor? input = null;
        _clip.Image.Forward(tokens, new BlockEdits { InputTokens = prompt, Capture = block => input ??= block.Input.clone().DetachFromDisposeScope() });
        Tensor norm = nn.functional.layer_norm(cat([tokens.narrow(1, 0, 1), prompt.expand(2, 3, 16), tokens.narrow(1, 1, 16)], 1), [16],
            TinyClip.Weights(TinyClip.Config)["visual.ln_pre.weight"], TinyClip.Weights(TinyClip.Config)["visual.ln_pre.bias"], 1e-5);
        Assert.IsLessThan(Float32, RandomTransformer.Difference(input!, norm));
        input!.Dispose();
    }

    [TestMethod]
    public void A_last_block_cut_to_the_wanted_tokens_gives_what_the_whole_block_gives()
    {
        Tensor tokens = _clip.Image.Embed(Images(3)), prompt = RandomTransformer.Tokens(4, 16);
        Tensor all = _clip.Image.Forward(tokens, new BlockEdits { InputTokens = prompt, Output = OutputTokens.All });
        foreach ((OutputTokens output, int first, int count) in new[] { (OutputTokens.Class, 0, 1), (OutputTokens.Inserted, 1, 4), (OutputTokens.ClassAndInserted, 0, 5) })
        {
            Tensor part = _clip.Image.Forward(tokens, new BlockEdits { InputTokens = prompt, Output = output });
            Assert.IsLessThan(Float32, RandomTransformer.Difference(part, all.narrow(1, first, count)), output.ToString());
        }
    }

    [TestMethod]
    [DataRow(AttentionPath.Plain)]
    [DataRow(AttentionPath.Fused)]
    public void What_stands_behind_the_end_of_a_text_does_not_matter(object path)
    {
        _clip.Text.AttentionPath = (AttentionPath)path;
        Tensor ids = _clip.Tokenize(["a cat", "a dog and an elk"]), longer = cat([ids, ones(2, 4, ScalarType.Int64)], 1), context = RandomTransformer.Tokens(2, 8);
        Assert.IsLessThan(Float32, RandomTransformer.Difference(_clip.Text.Forward(longer, context), _clip.Text.Forward(ids, context)));
        Assert.IsLessThan(Float32, RandomTransformer.Difference(_clip.Text.Forward(ids.narrow(0, 0, 1).narrow(1, 0, 4), context), _clip.Text.Forward(ids, context).narrow(0, 0, 1)));
    }

    [TestMethod]
    public void Context_of_the_tokens_own_embeddings_changes_nothing_and_one_for_each_text_may_be_given()
    {
        Tensor embedding = TinyClip.Weights(TinyClip.Config)["token_embedding.weight"], ids = _clip.Tokenize(["a cat", "dog dog dog"]);
        Tensor own = embedding.index_select(0, ids.narrow(1, 1, 2).reshape(-1)).view(2, 2, 8);
        Assert.AreEqual(0, RandomTransformer.Difference(_clip.EncodeTexts(ids, own), _clip.EncodeTexts(ids)));
        Tensor shared = RandomTransformer.Tokens(2, 8);
        Assert.AreEqual(0, RandomTransformer.Difference(_clip.EncodeTexts(ids, shared.expand(2, 2, 8)), _clip.EncodeTexts(ids, shared)));
        Assert.IsGreaterThan(1e-3, RandomTransformer.Difference(_clip.EncodeTexts(ids, shared), _clip.EncodeTexts(ids)));
    }

    [TestMethod]
    public void Gradients_of_context_and_inserted_tokens_equal_finite_differences()
    {
        ClipConfig config = TinyClip.Config with { ImageSize = 8, Width = 8, TextDepth = 1, MlpWidth = 12 };
        using ClipModel clip = TinyClip.Create(type: ScalarType.Float64, config: config);
        Tensor images = RandomTransformer.Images(2, 8), ids = clip.Tokenize(["a cat", "an elk"]);
        Tensor prompt = RandomTransformer.Tokens(2, 8).to(ScalarType.Float64), context = RandomTransformer.Tokens(2, 8).to(ScalarType.Float64) * 0.5;
        CheckGradient(prompt, p => clip.EncodeImages(images, new BlockEdits { InputTokens = p }).mm(clip.EncodeTexts(ids, context).t()).square().sum());
        CheckGradient(context, c => clip.EncodeImages(images, new BlockEdits { InputTokens = prompt }).mm(clip.EncodeTexts(ids, c).t()).square().sum());
    }

    [TestMethod]
    public void Positions_are_resampled_for_another_image_size()
    {
        Dictionary<string, Tensor> weights = TinyClip.Weights(TinyClip.Config);
        using ClipModel larger = ClipModel.FromTensors(weights, TinyClip.Config with { ImageSize = 24 });
        Tensor tokens = larger.Image.Embed(zeros(1, 3, 24, 24));
        CollectionAssert.AreEqual(new long[] { 1, 37, 16 }, tokens.shape);
        Tensor expected = PositionEmbedding.Resize(weights["visual.positional_embedding"].unsqueeze(0), 6);
        Assert.IsLessThan(Float32, RandomTransformer.Difference(tokens.narrow(1, 1, 36), expected.narrow(1, 1, 36)));
    }

    [TestMethod]
    public void A_checkpoint_is_loaded_with_its_sizes_and_the_vocabulary_beside_it()
    {
        string path = Save(TinyClip.Weights(TinyClip.Config), "model.");
        File.WriteAllLines(Path.Combine(_folder, "merges.txt"), TinyClip.Merges.Select(m => $"{m.Left} {m.Right}"));
        using ClipModel loaded = new MLContext(1).Continual().LoadClip(path, heads: 2, textHeads: 2);
        Assert.AreEqual(TinyClip.Config, loaded.Config);
        Assert.AreEqual(ImageNormalization.Clip, loaded.Normalization);
        Assert.AreEqual((path, 64), (loaded.Source, loaded.SourceSha256!.Length));
        Assert.AreEqual(Math.Exp(2.5), loaded.LogitScale, 1e-6);
        Tensor images = Images(2);
        Assert.AreEqual(0, RandomTransformer.Difference(loaded.EncodeImages(images), _clip.EncodeImages(images)));
        Assert.AreEqual(0, RandomTransformer.Difference(loaded.EncodeTexts(loaded.Tokenize(["cat"])), _clip.EncodeTexts(_clip.Tokenize(["cat"]))));
        using ClipModel exact = ClipModel.Load(path, heads: 2, textHeads: 2, quickGelu: false, computeType: ScalarType.BFloat16, imageSize: 24);
        Assert.AreEqual((24, ScalarType.BFloat16, false), (exact.ImageSize, exact.ComputeType, exact.Config.QuickGelu));
        CollectionAssert.AreEqual(new long[] { 1, 12 }, exact.EncodeImages(zeros(1, 3, 24, 24)).shape);
    }

    [TestMethod]
    public void Every_format_and_naming_gives_the_same_model()
    {
        Dictionary<string, Tensor> weights = TinyClip.Weights(TinyClip.Config);
        string path = Path.Combine(_folder, "clip.pt");
        Tensor images = Images(2), ids = _clip.Tokenize(["a cat", "dog"]);
        foreach ((string what, byte[] bytes) in new[] { ("TorchScript", TorchWriter.Script(weights)), ("Hugging Face", TorchWriter.Zip(ForeignNames.HuggingFaceClip(weights))) })
        {
            File.WriteAllBytes(path, bytes);
            using ClipModel loaded = ClipModel.Load(path, heads: 2, textHeads: 2);
            Assert.AreEqual(0, RandomTransformer.Difference(loaded.EncodeImages(images), _clip.EncodeImages(images)), what);
            Assert.AreEqual(0, RandomTransformer.Difference(loaded.EncodeTexts(ids), _clip.EncodeTexts(ids)), what);
        }
    }

    [TestMethod]
    public void Half_precision_weights_are_computed_in_float32_on_the_cpu()
    {
        string path = Save(TinyClip.Weights(TinyClip.Config).ToDictionary(w => w.Key, w => w.Value.to(ScalarType.Float16)), "");
        using ClipModel loaded = ClipModel.Load(path, heads: 2, textHeads: 2);
        Assert.AreEqual(ScalarType.Float32, loaded.ComputeType);
        Tensor images = Images(2);
        Assert.IsLessThan(0.01, RandomTransformer.Difference(loaded.EncodeImages(images), _clip.EncodeImages(images)));
    }

    [TestMethod]
    public void Sizes_follow_from_the_shapes_of_the_weights()
    {
        var base16 = new ClipConfig
        {
            ImageSize = 224, PatchSize = 16, Width = 768, Depth = 12, Heads = 12, MlpWidth = 3072,
            TextWidth = 512, TextDepth = 12, TextHeads = 8, TextMlpWidth = 2048, EmbedWidth = 512, ContextLength = 77, VocabularySize = 49408,
        };
        Assert.AreEqual(base16, ClipConfig.Infer(base16.TensorShapes()));
        Assert.AreEqual(149_620_737, base16.TensorShapes().Values.Sum(shape => shape.Aggregate(1L, (product, size) => product * size)));   // as published
        Assert.AreEqual("CLIP ViT 768x12, 12 heads, patch 16, image 224, text 512x12", base16.ToString());
    }

    [TestMethod]
    public void A_vocabulary_of_another_size_is_refused_with_both_sizes()
    {
        string path = Save(TinyClip.Weights(TinyClip.Config), "");
        string vocabulary = Path.Combine(_folder, "merges.txt");
        File.WriteAllLines(vocabulary, TinyClip.Merges.Take(5).Select(m => $"{m.Left} {m.Right}"));
        string message = Assert.ThrowsExactly<InvalidDataException>(() => ClipModel.Load(path, heads: 2, textHeads: 2)).Message;
        foreach (string part in new[] { vocabulary, "519", path, "520" }) StringAssert.Contains(message, part);
        message = Assert.ThrowsExactly<ArgumentException>(() => ClipModel.FromTensors(TinyClip.Weights(TinyClip.Config), TinyClip.Config, tokenizer: ClipTokenizer.FromMerges([]))).Message;
        foreach (string part in new[] { "520", "514" }) StringAssert.Contains(message, part);
        Assert.ThrowsExactly<FileNotFoundException>(() => ClipModel.Load(path, heads: 2, textHeads: 2, vocabularyPath: Path.Combine(_folder, "absent")));
        File.Delete(vocabulary);
        StringAssert.Contains(Assert.ThrowsExactly<FileNotFoundException>(() => ClipModel.Load(path, heads: 2, textHeads: 2, vocabularyPath: _folder)).Message, "bpe_simple_vocab_16e6.txt.gz");
        using ClipModel without = ClipModel.Load(path, heads: 2, textHeads: 2);
        Assert.IsNull(without.Tokenizer);
        StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(() => without.Tokenize(["cat"])).Message, "merges.txt");
    }

    [TestMethod]
    [DataRow("visual.conv1.weight", "visual.conv1.weight")]
    [DataRow("visual.proj", "visual.proj")]
    [DataRow("text_projection", "text_projection")]
    [DataRow("transformer.resblocks.1.ln_2.bias", "transformer.resblocks.1.ln_2.bias")]
    public void A_checkpoint_without_a_tensor_is_refused_with_its_name(string removed, string named)
    {
        Dictionary<string, Tensor> weights = TinyClip.Weights(TinyClip.Config);
        weights.Remove(removed);
        string path = Save(weights, ""), message = Assert.ThrowsExactly<InvalidDataException>(() => ClipModel.Load(path, heads: 2, textHeads: 2)).Message;
        StringAssert.Contains(message, path);
        StringAssert.Contains(message, named);
    }

    [TestMethod]
    public void A_checkpoint_of_other_shapes_or_with_other_tensors_is_refused()
    {
        void Refuse(Action<Dictionary<string, Tensor>> change, string named)
        {
            Dictionary<string, Tensor> weights = TinyClip.Weights(TinyClip.Config);
            change(weights);
            StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => ClipModel.Load(Save(weights, ""), heads: 2, textHeads: 2)).Message, named);
        }
        Refuse(w => w["visual.positional_embedding"] = zeros(16, 16), "'visual.positional_embedding'");
        Refuse(w => w["visual.ln_pre.weight"] = zeros(8), "'visual.ln_pre.weight'");
        Refuse(w => w["ln_final.weight"] = zeros(8, ScalarType.Int64), "'ln_final.weight'");
        Refuse(w => w["visual.other"] = zeros(5), "'visual.other'");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => ClipModel.Load(Save(TinyClip.Weights(TinyClip.Config), ""))).Message, "'heads'");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => ClipModel.Load(Save(TinyClip.Weights(TinyClip.Config), ""), heads: 2, textHeads: 3)).Message, "TextHeads");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => ClipModel.Load(Save(TinyClip.Weights(TinyClip.Config), ""), imageSize: 15, heads: 2, textHeads: 2)).Message, "15");
    }

    [TestMethod]
    public void Wrong_inputs_are_refused_with_their_shapes()
    {
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => _clip.EncodeImages(zeros(1, 3, 12, 12))).Message, "[1, 3, 12, 12]");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => _clip.EncodeTexts(zeros(1, 17, ScalarType.Int64))).Message, "[1, 17]");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => _clip.EncodeTexts(_clip.Tokenize(["cat"]), zeros(3, 8))).Message, "found 3");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => _clip.EncodeTexts(_clip.Tokenize(["cat"]), zeros(1, 9))).Message, "[1, 9]");
        string text = string.Join(' ', Enumerable.Repeat("cat", 15)), message = Assert.ThrowsExactly<ArgumentException>(() => _clip.Tokenize(["cat", text])).Message;
        foreach (string part in new[] { text, "16", "17" }) StringAssert.Contains(message, part);
    }

    [TestMethod]
    public void Passes_leave_no_tensor_behind()
    {
        Once();
        long before = LiveTensors.Count();
        for (int i = 0; i < 5; i++) Once();
        Assert.AreEqual(before, LiveTensors.Count());

        void Once()
        {
            using DisposeScope scope = NewDisposeScope();
            using ClipModel clip = TinyClip.Create();
            clip.EncodeImages(Images(2), new BlockEdits { InputTokens = RandomTransformer.Tokens(2, 16) });
            clip.EncodeTexts(clip.Tokenize(["cat", "dog"]), RandomTransformer.Tokens(1, 8));
        }
    }

    /// <summary>Compares autograd with central differences, entry by entry.</summary>
    internal static void CheckGradient(Tensor start, Func<Tensor, Tensor> loss)
    {
        var parameter = new Parameter(start.clone(), true);
        loss(parameter).backward();
        double[] gradient = parameter.grad!.reshape(-1).data<double>().ToArray();
        const double H = 1e-5;
        for (int i = 0; i < gradient.Length; i++)
        {
            double difference = (Moved(i, H) - Moved(i, -H)) / (2 * H);
            Assert.AreEqual(difference, gradient[i], 1e-6 * Math.Max(1, Math.Abs(difference)), $"entry {i}");
        }
        Assert.IsTrue(gradient.Any(g => Math.Abs(g) > 1e-4));

        double Moved(int i, double by)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor moved = start.clone();
            moved.view(-1).narrow(0, i, 1).add_(by);
            return loss(moved).item<double>();
        }
    }

    private string Save(Dictionary<string, Tensor> weights, string prefix)
    {
        string path = Path.Combine(_folder, "clip.safetensors");
        SafetensorsWriter.Write(path, weights.ToDictionary(w => prefix + w.Key, w => w.Value));
        return path;
    }
}
