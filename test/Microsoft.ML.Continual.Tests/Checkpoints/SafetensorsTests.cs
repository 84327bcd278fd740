using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Microsoft.ML.Continual.Checkpoints;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Checkpoints;

[TestClass]
public sealed class SafetensorsTests
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"continual-{Guid.NewGuid():N}.safetensors");
    private DisposeScope _scope = null!;

    [TestInitialize]
    public void Open() => _scope = NewDisposeScope();

    [TestCleanup]
    public void Close()
    {
        _scope.Dispose();
        File.Delete(_path);
    }

    [TestMethod]
    public void Every_type_comes_back_as_it_was_written()
    {
        Tensor numbers = arange(0, 24, ScalarType.Float32).reshape(2, 3, 4) - 7;
        ScalarType[] types = [ScalarType.Float64, ScalarType.Float32, ScalarType.Float16, ScalarType.BFloat16, ScalarType.Int64, ScalarType.Int32, ScalarType.Int16, ScalarType.Int8, ScalarType.Byte, ScalarType.Bool];
        Dictionary<string, Tensor> tensors = types.ToDictionary(t => t.ToString(), t => (t == ScalarType.Byte ? numbers + 7 : numbers).to(t));
        tensors["scalar"] = tensor(2.5f);
        tensors["empty"] = zeros(0, 5);
        tensors["transposed"] = numbers.transpose(0, 2);
        SafetensorsWriter.Write(_path, tensors, new Dictionary<string, string> { ["key"] = "välue \"quoted\"" });

        using SafetensorsFile file = SafetensorsFile.Open(_path);
        Assert.AreEqual("välue \"quoted\"", file.Metadata["key"]);
        CollectionAssert.AreEquivalent(tensors.Keys, file.Entries.Keys.ToArray());
        foreach ((string name, Tensor expected) in tensors)
        {
            Tensor found = file.Read(name);
            Assert.AreEqual(expected.dtype, found.dtype, name);
            CollectionAssert.AreEqual(expected.shape, found.shape, name);
            if (expected.numel() > 0) Assert.AreEqual(0, (expected.to(ScalarType.Float64) - found.to(ScalarType.Float64)).abs().max().item<double>(), name);
        }
    }

    [TestMethod]
    public void One_pass_reads_the_wanted_tensors_and_hashes_the_whole_file()
    {
        SafetensorsWriter.Write(_path, new Dictionary<string, Tensor> { ["a"] = rand(300, 1000), ["b"] = ones(3, ScalarType.Byte), ["c"] = rand(2) });
        string expected = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(_path)));
        using SafetensorsFile file = SafetensorsFile.Open(_path);
        Assert.AreEqual(expected, file.GetSha256());
        (IReadOnlyDictionary<string, Tensor> tensors, string sha256) = file.ReadAll(n => n != "a");
        Assert.AreEqual(expected, sha256);
        CollectionAssert.AreEquivalent(new[] { "b", "c" }, tensors.Keys.ToArray());
    }

    [TestMethod]
    public void The_same_content_gives_the_same_bytes()
    {
        Tensor a = rand(3), b = ones(2, ScalarType.Int64);
        SafetensorsWriter.Write(_path, new Dictionary<string, Tensor> { ["a"] = a, ["b"] = b }, new Dictionary<string, string> { ["x"] = "1", ["y"] = "2" });
        byte[] first = File.ReadAllBytes(_path);
        SafetensorsWriter.Write(_path, new Dictionary<string, Tensor> { ["b"] = b, ["a"] = a }, new Dictionary<string, string> { ["y"] = "2", ["x"] = "1" });
        CollectionAssert.AreEqual(first, File.ReadAllBytes(_path));
    }

    [TestMethod]
    public void A_refused_write_leaves_the_old_file_and_nothing_else()
    {
        SafetensorsWriter.Write(_path, new Dictionary<string, Tensor> { ["a"] = rand(3) });
        byte[] before = File.ReadAllBytes(_path);
        string message = Assert.ThrowsExactly<ArgumentException>(() =>
            SafetensorsWriter.Write(_path, new Dictionary<string, Tensor> { ["a"] = rand(3), ["z"] = zeros(2, ScalarType.ComplexFloat32) })).Message;
        StringAssert.Contains(message, "'z'");
        Assert.ThrowsExactly<ArgumentException>(() => SafetensorsWriter.Write(_path, new Dictionary<string, Tensor> { ["__metadata__"] = rand(3) }));
        CollectionAssert.AreEqual(before, File.ReadAllBytes(_path));
        Assert.IsEmpty(Directory.GetFiles(Path.GetTempPath(), Path.GetFileName(_path) + ".*.tmp"));
    }

    [TestMethod]
    public void A_file_cut_anywhere_is_refused()
    {
        SafetensorsWriter.Write(_path, new Dictionary<string, Tensor> { ["a"] = rand(3), ["b"] = rand(2, 2) });
        byte[] whole = File.ReadAllBytes(_path);
        for (int length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(_path, whole[..length]);
            string message = Assert.ThrowsExactly<InvalidDataException>(() => SafetensorsFile.Open(_path), $"{length} bytes").Message;
            StringAssert.Contains(message, _path);
        }
        File.WriteAllBytes(_path, [.. whole, 0]);
        Assert.ThrowsExactly<InvalidDataException>(() => SafetensorsFile.Open(_path));
    }

    [TestMethod]
    [DataRow("""{"t":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"t":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}""", "'t' occurs twice")]
    [DataRow("""{"t":{"dtype":"F32","shape":[3],"data_offsets":[0,8]},"u":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}""", "expected 12 bytes")]
    [DataRow("""{"t":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"u":{"dtype":"F32","shape":[3],"data_offsets":[4,16]}}""", "an overlap")]
    [DataRow("""{"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"u":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}""", "a hole")]
    [DataRow("""{"t":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "must end with the file")]
    [DataRow("""{"t":{"dtype":"F32","shape":[5],"data_offsets":[0,20]}}""", "16 bytes of data")]
    [DataRow("""{"t":{"dtype":"F32","shape":[4],"data_offsets":[16,0]}}""", "[16, 0]")]
    [DataRow("""{"t":{"dtype":"F32","shape":[-4],"data_offsets":[0,16]}}""", "found -4")]
    [DataRow("""{"t":{"dtype":"F32","shape":[4.5],"data_offsets":[0,16]}}""", "found 4.5")]
    [DataRow("""{"t":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,16]}}""", "a shape that fits the file")]
    [DataRow("""{"t":{"dtype":"Q4","shape":[4],"data_offsets":[0,16]}}""", "found 'Q4'")]
    [DataRow("""{"t":{"shape":[4],"data_offsets":[0,16]}}""", "a dtype")]
    [DataRow("""{"t":{"dtype":"F32","data_offsets":[0,16]}}""", "'shape'")]
    [DataRow("""{"t":{"dtype":"F32","shape":[4],"data_offsets":[0]}}""", "two data_offsets")]
    [DataRow("""{"t":7}""", "found Number")]
    [DataRow("""[1]""", "JSON object")]
    [DataRow("""{"t":""", "must be JSON")]
    [DataRow("""{"__metadata__":{"a":1}}""", "must be text")]
    [DataRow("""{"__metadata__":{"a":"1","a":"2"}}""", "occurs twice")]
    public void A_lying_header_is_refused(string header, string expected)
    {
        WriteRaw(header, new byte[16]);
        string message = Assert.ThrowsExactly<InvalidDataException>(() => SafetensorsFile.Open(_path)).Message;
        StringAssert.Contains(message, _path);
        StringAssert.Contains(message, expected);
    }

    [TestMethod]
    [DataRow(ulong.MaxValue)]
    [DataRow(1UL << 40)]
    [DataRow(17UL)]
    public void A_header_longer_than_the_file_is_refused(ulong length)
    {
        byte[] bytes = new byte[24];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);
        File.WriteAllBytes(_path, bytes);
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => SafetensorsFile.Open(_path)).Message, length.ToString());
    }

    [TestMethod]
    public void A_name_that_is_not_there_is_named()
    {
        SafetensorsWriter.Write(_path, new Dictionary<string, Tensor> { ["a"] = rand(3) });
        using SafetensorsFile file = SafetensorsFile.Open(_path);
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => file.Read("b")).Message, "'b'");
        Assert.ThrowsExactly<FileNotFoundException>(() => SafetensorsFile.Open(_path + ".absent"));
    }

    private void WriteRaw(string header, byte[] data)
    {
        byte[] text = Encoding.UTF8.GetBytes(header), length = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)text.Length);
        File.WriteAllBytes(_path, [.. length, .. text, .. data]);
    }
}
