using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Checkpoints;
using Microsoft.ML.Continual.Checkpoints.Layouts;
using Microsoft.ML.Continual.Tests.Backbones;
using Microsoft.ML.Continual.Tests.Checkpoints.Writers;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Checkpoints;

/// <summary>The same network out of every format and under every family's names.</summary>
[TestClass]
public sealed class LayoutTests
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"continual-{Guid.NewGuid():N}.checkpoint");
    private DisposeScope _scope = null!;
    private Dictionary<string, Tensor> _weights = null!;

    [TestInitialize]
    public void Open()
    {
        _scope = NewDisposeScope();
        _weights = RandomTransformer.Weights(RandomTransformer.Config);
    }

    [TestCleanup]
    public void Close()
    {
        _scope.Dispose();
        File.Delete(_path);
    }

    [TestMethod]
    [DataRow("", false)]
    [DataRow("opt/target/", true)]
    public void Google_files_load_and_tell_the_heads(string prefix, bool deflate)
    {
        // Heads as shapes say, not as the width would suggest.
        VisionTransformerConfig config = RandomTransformer.Config with { Heads = 4 };
        Dictionary<string, Tensor> google = ForeignNames.Google(_weights, config.Depth, config.Heads, prefix);
        if (prefix.Length > 0) google["opt/state/step"] = zeros(1);   // the optimiser's, outside the prefix
        IsTheNetwork(NpyWriter.Npz(google, deflate), config);
    }

    [TestMethod]
    public void Hugging_face_files_load()
    {
        Dictionary<string, Tensor> foreign = ForeignNames.HuggingFaceTransformer(_weights);
        foreign["classifier.weight"] = zeros(3, 16);
        foreign["vit.pooler.dense.weight"] = zeros(16, 16);
        IsTheNetwork(TorchWriter.Zip(foreign), RandomTransformer.Config);
        SafetensorsWriter.Write(_path, foreign);
        IsTheNetwork(File.ReadAllBytes(_path), RandomTransformer.Config);
    }

    [TestMethod]
    public void Deit_files_load_from_under_model()
    {
        _weights["head.weight"] = zeros(7, 16);
        _weights["head.bias"] = zeros(7);
        IsTheNetwork(TorchWriter.Zip(_weights, under: "model"), RandomTransformer.Config);
        IsTheNetwork(TorchWriter.Legacy(_weights, under: "state_dict"), RandomTransformer.Config);
        IsTheNetwork(TorchWriter.Script(_weights), RandomTransformer.Config);
    }

    [TestMethod]
    public void Dino_files_load_alone_and_as_the_teacher_of_a_training_checkpoint()
    {
        IsTheNetwork(TorchWriter.Legacy(_weights), RandomTransformer.Config);
        Dictionary<string, Tensor> training = [];
        foreach ((string name, Tensor tensor) in _weights)
        {
            training["student.module.backbone." + name] = zeros_like(tensor);
            training["teacher.backbone." + name] = tensor;
        }
        training["teacher.head.mlp.0.weight"] = zeros(3, 16);
        training["student.module.head.mlp.0.weight"] = zeros(3, 16);
        IsTheNetwork(TorchWriter.Zip(training), RandomTransformer.Config);
        IsTheNetwork(TorchWriter.Script(training), RandomTransformer.Config);
    }

    [TestMethod]
    [DataRow(ScalarType.Float16)]
    [DataRow(ScalarType.BFloat16)]
    [DataRow(ScalarType.Float64)]
    public void Other_floating_types_load_as_float32(ScalarType type)
    {
        _weights = _weights.ToDictionary(w => w.Key, w => w.Value.to(type));
        File.WriteAllBytes(_path, TorchWriter.Zip(_weights));
        using VisionTransformer loaded = VisionTransformer.Load(_path, heads: 2);
        using VisionTransformer expected = VisionTransformer.FromTensors(_weights.ToDictionary(w => w.Key, w => w.Value.to(ScalarType.Float32)), RandomTransformer.Config);
        Assert.AreEqual(ScalarType.Float32, loaded.ComputeType);
        Assert.AreEqual(0, RandomTransformer.Difference(loaded.ClassFeature(RandomTransformer.Images(2)), expected.ClassFeature(RandomTransformer.Images(2))), 0);
    }

    [TestMethod]
    public void Missing_and_surplus_tensors_are_listed_and_counted()
    {
        foreach (string name in _weights.Keys.Where(n => n.StartsWith("blocks.1.", StringComparison.Ordinal)).ToArray()) _weights.Remove(name);
        foreach (int i in new[] { 0, 1, 2, 3 }) _weights[$"blocks.2.ls{i}.gamma"] = zeros(16);
        File.WriteAllBytes(_path, TorchWriter.Zip(_weights));
        string message = Assert.ThrowsExactly<InvalidDataException>(() => VisionTransformer.Load(_path, heads: 2)).Message;
        foreach (string text in new[] { _path, "12 missing", "'blocks.1.norm1.bias': expected the shape [16]", "4 surplus", "gamma' of shape [16]", "…" }) StringAssert.Contains(message, text);
    }

    [TestMethod]
    public void Missing_parts_are_named_as_the_file_names_them()
    {
        Dictionary<string, Tensor> google = ForeignNames.Google(_weights, 3, 2);
        google.Remove("Transformer/encoderblock_1/MultiHeadDotProductAttention_1/key/kernel");
        google["Transformer/encoderblock_1/LayerScale_0/scale"] = zeros(16);
        File.WriteAllBytes(_path, NpyWriter.Npz(google));
        string message = Assert.ThrowsExactly<InvalidDataException>(() => VisionTransformer.Load(_path)).Message;
        foreach (string text in new[] { "Google's names", "1 missing", "'blocks.1.attn.qkv.weight' (in the file 'Transformer/encoderblock_1/MultiHeadDotProductAttention_1/key/kernel')", "LayerScale_0" })
            StringAssert.Contains(message, text);
        google["Transformer/encoderblock_1/MultiHeadDotProductAttention_1/key/kernel"] = zeros(16, 16);
        File.WriteAllBytes(_path, NpyWriter.Npz(google));
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => VisionTransformer.Load(_path)).Message, "[width, heads, head width] each");
    }

    [TestMethod]
    public void Clip_comes_by_openais_names_out_of_every_format()
    {
        Dictionary<string, Tensor> weights = RandomClip.Weights();
        Dictionary<string, Tensor> script = weights.ToDictionary(w => w.Key, w => w.Value.to(ScalarType.Float16));
        foreach (string name in new[] { "input_resolution", "context_length", "vocab_size" }) script[name] = tensor(224L, ScalarType.Int64);
        script["transformer.resblocks.0.attn_mask"] = zeros(7, 7);
        IsClip(TorchWriter.Script(script), weights, ScalarType.Float16);
        IsClip(TorchWriter.Zip(weights.ToDictionary(w => "module." + w.Key, w => w.Value), under: "state_dict"), weights, ScalarType.Float32);
        IsClip(TorchWriter.Zip(ForeignNames.HuggingFaceClip(weights)), weights, ScalarType.Float32);
        SafetensorsWriter.Write(_path, ForeignNames.HuggingFaceClip(weights));
        IsClip(File.ReadAllBytes(_path), weights, ScalarType.Float32);
    }

    [TestMethod]
    public void Clip_and_plain_transformers_are_told_apart()
    {
        foreach (Dictionary<string, Tensor> clip in new[] { RandomClip.Weights(), ForeignNames.HuggingFaceClip(RandomClip.Weights()) })
        {
            File.WriteAllBytes(_path, TorchWriter.Zip(clip));
            StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => VisionTransformer.Load(_path)).Message, "this is a CLIP checkpoint: use LoadClip");
        }
        foreach (byte[] plain in new[] { TorchWriter.Zip(_weights), NpyWriter.Npz(ForeignNames.Google(_weights, 3, 2)), TorchWriter.Legacy(ForeignNames.HuggingFaceTransformer(_weights)) })
        {
            using CheckpointFile file = CheckpointAssert.Open(plain);
            StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => CheckpointLayout.Clip(file)).Message, "this is a plain vision transformer: use LoadVisionTransformer");
        }
        using CheckpointFile neither = CheckpointAssert.Open(TorchWriter.Zip(new Dictionary<string, Tensor> { ["fc.weight"] = zeros(2, 2) }));
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => CheckpointLayout.Clip(neither)).Message, "1 tensors: 'fc.weight'");
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => CheckpointLayout.VisionTransformer(neither)).Message, "'fc.weight'");
    }

    [TestMethod]
    public void Loading_leaves_no_tensor_but_the_weights()
    {
        byte[] bytes = NpyWriter.Npz(ForeignNames.Google(_weights, 3, 2));
        long before = LiveTensors.Count();
        IsTheNetwork(bytes, RandomTransformer.Config);
        Assert.AreEqual(before, LiveTensors.Count());
        using (CheckpointFile file = CheckpointAssert.Open(bytes))
        {
            CheckpointLayout layout = CheckpointLayout.VisionTransformer(file);
            (IReadOnlyDictionary<string, Tensor> tensors, _) = layout.ReadAll(layout.Tensors.Keys);
            Assert.AreEqual(before + tensors.Count, LiveTensors.Count());
            foreach (Tensor tensor in tensors.Values) tensor.Dispose();
        }
        Assert.AreEqual(before, LiveTensors.Count());
    }

    private static void IsClip(byte[] bytes, Dictionary<string, Tensor> expected, ScalarType type)
    {
        using CheckpointFile file = CheckpointAssert.Open(bytes);
        CheckpointLayout layout = CheckpointLayout.Clip(file);
        layout.Require("CLIP model", expected.ToDictionary(w => w.Key, w => w.Value.shape));
        (IReadOnlyDictionary<string, Tensor> tensors, _) = layout.ReadAll(expected.Keys);
        foreach ((string name, Tensor weight) in expected)
        {
            Assert.AreEqual(type, tensors[name].dtype, name);
            CollectionAssert.AreEqual(CheckpointAssert.Numbers(weight.to(type)), CheckpointAssert.Numbers(tensors[name]), name);
            CollectionAssert.AreEqual(CheckpointAssert.Numbers(tensors[name]), CheckpointAssert.Numbers(layout.Read(name)), name);
        }
    }

    private void IsTheNetwork(byte[] bytes, VisionTransformerConfig config)
    {
        using DisposeScope scope = NewDisposeScope();
        string path = _path + ".loaded";
        File.WriteAllBytes(path, bytes);
        try
        {
            bool tellsHeads = bytes.AsSpan().IndexOf("query/kernel"u8) >= 0;
            using VisionTransformer loaded = VisionTransformer.Load(path, heads: tellsHeads ? null : config.Heads);
            using VisionTransformer expected = VisionTransformer.FromTensors(_weights, config);
            Assert.AreEqual(config, loaded.Config);
            Tensor images = RandomTransformer.Images(2);
            Assert.AreEqual(0, RandomTransformer.Difference(loaded.ClassFeature(images), expected.ClassFeature(images)), 0);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
