using System.Security.Cryptography;
using Microsoft.ML.Continual.Checkpoints;
using Microsoft.ML.Continual.Tests.Contract;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Checkpoints;

/// <summary>The files in <c>files/</c> that PyTorch and NumPy wrote; <c>make_files.py</c> there says what is in them.</summary>
[TestClass]
public sealed class PyTorchFileTests
{
    private static readonly double[] s_six = [-2, -1, 0, 1, 2, 3];
    private DisposeScope _scope = null!;

    [TestInitialize]
    public void Open() => _scope = NewDisposeScope();

    [TestCleanup]
    public void Close() => _scope.Dispose();

    [TestMethod]
    [DataRow("training.pt", "PyTorch zip")]
    [DataRow("training_protocol4.pt", "PyTorch zip")]
    [DataRow("training_legacy.pt", "PyTorch legacy file")]
    public void A_training_checkpoint_gives_its_tensors_of_every_type_and_view(string name, string format)
    {
        using CheckpointFile file = CheckpointFile.Open(PathOf(name));
        Assert.AreEqual(format, file.Format);
        foreach ((string type, ScalarType expected) in new[]
        {
            ("weight", ScalarType.Float32), ("float64", ScalarType.Float64), ("float16", ScalarType.Float16), ("bfloat16", ScalarType.BFloat16),
            ("int64", ScalarType.Int64), ("int32", ScalarType.Int32), ("int16", ScalarType.Int16), ("int8", ScalarType.Int8),
        })
        {
            Assert.AreEqual(expected, file.Entries["model." + type].Type, type);
            CheckpointAssert.Holds(file, "model." + type, [2, 3], s_six);
        }
        CheckpointAssert.Holds(file, "model.uint8", [2, 3], 0, 1, 2, 3, 4, 5);
        CheckpointAssert.Holds(file, "model.bool", [3], 1, 0, 1);
        CheckpointAssert.Holds(file, "model.scalar", [], -2);
        CheckpointAssert.Holds(file, "model.empty", [0, 3]);

        double[] whole = [.. Enumerable.Range(-2, 24).Select(i => (double)i)];
        CheckpointAssert.Holds(file, "views.whole", [4, 6], whole);
        CheckpointAssert.Holds(file, "views.again", [4, 6], whole);
        CheckpointAssert.Holds(file, "views.transposed", [6, 4], [.. from c in Enumerable.Range(0, 6) from r in Enumerable.Range(0, 4) select whole[(6 * r) + c]]);
        CheckpointAssert.Holds(file, "views.column", [4], -1, 5, 11, 17);
        CheckpointAssert.Holds(file, "views.corner", [2, 3], 6, 7, 8, 12, 13, 14);
        CheckpointAssert.Holds(file, "views.every_other", [2, 2], -2, 1, 10, 13);
        CheckpointAssert.Holds(file, "views.row", [6], 16, 17, 18, 19, 20, 21);
        CheckpointAssert.Holds(file, "views.parameter", [2, 2], -2, -1, 0, 1);
    }

    [TestMethod]
    public void A_torchscript_archive_gives_its_parameters_by_the_path_of_attributes()
    {
        using CheckpointFile file = CheckpointFile.Open(PathOf("torchscript.pt"));
        Assert.AreEqual("TorchScript archive", file.Format);
        string[] expected = ["scale", .. from i in new[] { 0, 1 } from n in new[] { "in_proj_weight", "norm.weight", "norm.bias" } select $"blocks.{i}.{n}"];
        CollectionAssert.AreEquivalent(expected, file.Entries.Keys.ToArray());
        Assert.AreEqual(ScalarType.Float16, file.Entries["blocks.1.in_proj_weight"].Type);
        CheckpointAssert.Holds(file, "blocks.1.in_proj_weight", [2, 3], s_six);
        CheckpointAssert.Holds(file, "scale", [3], -2, -1, 0);
    }

    [TestMethod]
    public void A_pickled_module_is_refused_with_its_class_named() =>
        CheckpointAssert.IsRefused(File.ReadAllBytes(PathOf("whole_module.pt")), "torch.nn.modules.linear.Linear", "not allowed", "state_dict");

    [TestMethod]
    [DataRow("arrays.npz")]
    [DataRow("arrays_compressed.npz")]
    public void Numpy_arrays_come_in_every_type_and_order(string name)
    {
        using CheckpointFile file = CheckpointFile.Open(PathOf(name));
        Assert.AreEqual("npz", file.Format);
        foreach (string array in new[] { "float32", "float64", "float16", "int64", "int32", "int16", "int8", "fortran", "big_endian", "big_endian_short", "opt/target/Transformer/nested" })
            CheckpointAssert.Holds(file, array, [2, 3], s_six);
        CheckpointAssert.Holds(file, "fortran3", [2, 3, 4], [.. Enumerable.Range(-2, 24).Select(i => (double)i)]);
        CheckpointAssert.Holds(file, "uint8", [2, 3], 0, 1, 2, 3, 4, 5);
        CheckpointAssert.Holds(file, "bool", [3], 1, 0, 1);
        CheckpointAssert.Holds(file, "scalar", [], -2);
        CheckpointAssert.Holds(file, "empty", [0, 3]);
    }

    [TestMethod]
    public void Python_objects_in_an_array_are_refused() =>
        CheckpointAssert.IsRefused(File.ReadAllBytes(PathOf("objects.npz")), "objects.npy", "'|O'", "pickled");

    [TestMethod]
    public void Reading_all_takes_the_hash_and_what_is_wanted()
    {
        string path = PathOf("training.pt");
        string expected = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)));
        using CheckpointFile file = CheckpointFile.Open(path);
        (IReadOnlyDictionary<string, Tensor> tensors, string sha256) = file.ReadAll(n => n.StartsWith("views.", StringComparison.Ordinal));
        Assert.AreEqual(expected, sha256);
        Assert.HasCount(8, tensors);
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => file.Read("views.none")).Message, "'views.none'");
    }

    internal static string PathOf(string name) => Path.Combine(Repository.Root, "test", "Microsoft.ML.Continual.Tests", "Checkpoints", "files", name);
}
