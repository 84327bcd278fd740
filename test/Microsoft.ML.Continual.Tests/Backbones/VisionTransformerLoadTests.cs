using System.Security.Cryptography;
using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Checkpoints;
using Microsoft.ML.Continual.Tests.Contract;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Backbones;

[TestClass]
public sealed class VisionTransformerLoadTests
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"continual-{Guid.NewGuid():N}.safetensors");
    private readonly Dictionary<string, string> _metadata = new() { ["heads"] = "2" };
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
    public void Sizes_follow_from_the_tensors_and_a_classifier_is_ignored()
    {
        _weights["head.weight"] = zeros(7, 16);
        _weights["head.bias"] = zeros(7);
        using VisionTransformer loaded = Load();
        Assert.AreEqual(RandomTransformer.Config, loaded.Config);
        Assert.AreEqual("ViT 16x3, 2 heads, patch 4, image 12", loaded.Architecture);
        Assert.AreEqual(_path, loaded.Source);
        Assert.AreEqual(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(_path))), loaded.SourceSha256);
        Assert.AreEqual(ScalarType.Float32, loaded.ComputeType);
        Assert.AreSame(ImageNormalization.None, loaded.Normalization);
        using VisionTransformer original = VisionTransformer.FromTensors(_weights, RandomTransformer.Config);
        Tensor images = RandomTransformer.Images(2);
        Assert.AreEqual(0, RandomTransformer.Difference(loaded.ClassFeature(images), original.ClassFeature(images)), 0);
    }

    [TestMethod]
    public void Names_may_stand_behind_a_prefix()
    {
        _weights = _weights.ToDictionary(w => "module.backbone." + w.Key, w => w.Value);
        _weights["projector.weight"] = zeros(3, 3);   // another part of the wrapped model
        using VisionTransformer loaded = Load();
        Assert.AreEqual(RandomTransformer.Config, loaded.Config);
    }

    [TestMethod]
    public void Metadata_gives_what_shapes_do_not_tell_and_arguments_win()
    {
        _metadata["image_size"] = "20";
        _metadata["mean"] = "0.1,0.2,0.3";
        _metadata["std"] = "[0.4, 0.5, 0.6]";
        using (VisionTransformer loaded = Load())
        {
            Assert.AreEqual(20, loaded.ImageSize);
            Assert.AreEqual(25, loaded.Config.PatchCount);
            CollectionAssert.AreEqual(new[] { 0.1f, 0.2f, 0.3f }, loaded.Normalization.Mean.ToArray());
            CollectionAssert.AreEqual(new[] { 0.4f, 0.5f, 0.6f }, loaded.Normalization.Deviation.ToArray());
            CollectionAssert.AreEqual(new long[] { 1, 1, 16 }, loaded.Forward(RandomTransformer.Images(1, 20)).shape);
        }
        using VisionTransformer other = VisionTransformer.Load(_path, imageSize: 16, heads: 4, computeType: ScalarType.BFloat16, normalization: ImageNormalization.Inception);
        Assert.AreEqual((16, 4, ScalarType.BFloat16), (other.ImageSize, other.Config.Heads, other.ComputeType));
        Assert.AreSame(ImageNormalization.Inception, other.Normalization);
    }

    [TestMethod]
    public void A_normalisation_that_is_none_is_refused()
    {
        ImageNormalization[] wrong = [new([0, 0], [1, 1, 1]), new([0, 0, 0], [1, 0, 1]), new([0, float.NaN, 0], [1, 1, 1]), new([0, 0, 0], null!)];
        foreach (ImageNormalization normalization in wrong)
            StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => VisionTransformer.Load(_path, normalization: normalization)).Message, "three positive deviations");
    }

    [TestMethod]
    public void Another_number_of_heads_changes_the_result()
    {
        Tensor images = RandomTransformer.Images(1);
        using VisionTransformer two = Load();
        using VisionTransformer four = VisionTransformer.Load(_path, heads: 4);
        Assert.IsGreaterThan(1e-3, RandomTransformer.Difference(four.ClassFeature(images), two.ClassFeature(images)));
    }

    [TestMethod]
    public void Half_precision_files_load_as_float32()
    {
        Tensor images = RandomTransformer.Images(1);
        using VisionTransformer exact = Load();
        foreach (ScalarType type in new[] { ScalarType.Float16, ScalarType.BFloat16 })
        {
            SafetensorsWriter.Write(_path, _weights.ToDictionary(w => w.Key, w => w.Value.to(type)), _metadata);
            using VisionTransformer half = VisionTransformer.Load(_path);
            Assert.AreEqual(ScalarType.Float32, half.ComputeType);
            Assert.IsLessThan(0.05, RandomTransformer.Difference(half.ClassFeature(images), exact.ClassFeature(images)));
        }
    }

    [TestMethod]
    public void Heads_that_nothing_tells_must_be_given()
    {
        _metadata.Clear();
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => Load()).Message, "heads");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => VisionTransformer.Load(_path, heads: 3)).Message, "found 3");
        using VisionTransformer loaded = VisionTransformer.Load(_path, heads: 2);
        Assert.AreEqual(2, loaded.Config.Heads);
    }

    [TestMethod]
    public void An_image_size_that_patches_do_not_fill_is_refused()
    {
        using (Load())
        {
        }
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => VisionTransformer.Load(_path, imageSize: 14)).Message, "found 14");
    }

    [TestMethod]
    [DataRow("blocks.1.attn.qkv.bias", null, "expected the shape [48]")]
    [DataRow("blocks.0.attn.qkv.weight", "40,16", "[48, 16]")]
    [DataRow("blocks.2.ls1.gamma", "16", "[16]")]
    [DataRow("dist_token", "1,1,16", "[1, 1, 16]")]
    [DataRow("pos_embed", "1,9,16", "[1, 1 + a square number, 16]")]
    [DataRow("patch_embed.proj.weight", "16,1,4,4", "[width, 3, patch, patch]")]
    [DataRow("patch_embed.proj.weight", null, "no tensor 'patch_embed.proj.weight'")]
    public void Another_architecture_is_refused_with_the_tensor_named(string name, string? shape, string expected)
    {
        if (shape is null) _weights.Remove(name);
        else _weights[name] = zeros([.. shape.Split(',').Select(long.Parse)]);
        string message = Assert.ThrowsExactly<InvalidDataException>(() => Load()).Message;
        StringAssert.Contains(message, _path);
        StringAssert.Contains(message, name);
        StringAssert.Contains(message, expected);
    }

    [TestMethod]
    [DataRow("heads", "two")]
    [DataRow("image_size", "-12")]
    [DataRow("mean", "0.5,0.5")]
    public void Metadata_that_is_no_number_is_refused(string key, string value)
    {
        _metadata[key] = value;
        _metadata.TryAdd("std", "1,1,1");
        string message = Assert.ThrowsExactly<InvalidDataException>(() => Load()).Message;
        StringAssert.Contains(message, key);
        StringAssert.Contains(message, value);
    }

    [TestMethod]
    public void A_failed_load_leaves_no_tensors_behind()
    {
        _weights.Remove("norm.bias");
        Assert.ThrowsExactly<InvalidDataException>(() => Load());
        long before = Tensor.TotalCount;
        Assert.ThrowsExactly<InvalidDataException>(() => VisionTransformer.Load(_path));
        Assert.AreEqual(before, Tensor.TotalCount);
    }

    [TestMethod, TestCategory("RealData")]
    public void DeiT_tiny_loads_at_its_own_and_at_a_smaller_size()
    {
        string file = Path.Combine(Path.GetDirectoryName(Repository.Root)!, "shared", "data", "weights", "deit_tiny_patch16_224.safetensors");
        if (!File.Exists(file)) Assert.Inconclusive($"No file '{file}'.");
        using VisionTransformer own = VisionTransformer.Load(file);
        Assert.AreEqual("ViT 192x12, 3 heads, patch 16, image 224", own.Architecture);
        using VisionTransformer small = VisionTransformer.Load(file, imageSize: 64);
        Tensor feature = small.ClassFeature(RandomTransformer.Images(1, 64));
        CollectionAssert.AreEqual(new long[] { 1, 192 }, feature.shape);
        Assert.IsTrue(feature.isfinite().all().item<bool>());
    }

    private VisionTransformer Load()
    {
        SafetensorsWriter.Write(_path, _weights, _metadata);
        return VisionTransformer.Load(_path);
    }
}
