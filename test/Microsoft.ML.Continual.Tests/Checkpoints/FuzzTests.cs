using System.Text;
using Microsoft.ML.Continual.Checkpoints;
using Microsoft.ML.Continual.Checkpoints.Layouts;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Tests.Backbones;
using Microsoft.ML.Continual.Tests.Checkpoints.Writers;
using Microsoft.ML.Continual.Tests.Persistence;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Checkpoints;

/// <summary>
/// Damaged checkpoints of every format, thousands of each, the same in every run: each gives tensors or <see cref="InvalidDataException"/>, and never takes more memory
/// than a small multiple of its size.
/// </summary>
[TestClass]
public sealed class FuzzTests
{
    private const int Cases = 4000, MaximumMultiple = 64, AlwaysAllowedBytes = 1 << 18;

    [TestMethod]
    [DataRow("safetensors")]
    [DataRow("npz")]
    [DataRow("npz, deflated")]
    [DataRow("zip")]
    [DataRow("zip, training.pt")]
    [DataRow("legacy")]
    [DataRow("legacy, training_legacy.pt")]
    [DataRow("script")]
    [DataRow("script, torchscript.pt")]
    [DataRow("pickle in an honest zip")]
    [DataRow("header in an honest npz")]
    public void A_damaged_file_gives_tensors_or_an_error_that_says_so(string format)
    {
        (byte[] seed, Func<byte[], byte[]> wrap) = Seed(format);
        Assert.IsNull(Try(wrap(seed)), "the file is sound before it is damaged");
        var random = new SeededRandom(20260101 + format.Sum(c => c));
        int read = 0;
        var messages = new HashSet<string>();
        for (int i = 0; i < Cases; i++)
        {
            byte[] bytes = wrap(ByteMutation.Apply(seed, random));
            try
            {
                string? message = Try(bytes);
                if (message is null) read++;
                else messages.Add(message);
            }
            catch (Exception e) when (e is not AssertFailedException)
            {
                string path = Path.Combine(Path.GetTempPath(), $"continual-fuzz-{format.GetHashCode(StringComparison.Ordinal):x}-{i}.bin");
                File.WriteAllBytes(path, bytes);
                Assert.Fail($"case {i} of '{format}' (kept in {path}): {e}");
            }
        }
        // Else the damage is always the same, or none: the test would test nothing.
        Assert.IsGreaterThan(20, messages.Count);
        Assert.IsLessThan(Cases, read);
    }

    /// <summary>Opens and reads everything, as a caller would; gives the message of an error.</summary>
    private static string? Try(byte[] bytes)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        string? message = null;
        using (DisposeScope scope = NewDisposeScope())
        {
            try
            {
                using CheckpointFile file = CheckpointAssert.Open(bytes);
                (IReadOnlyDictionary<string, Tensor> tensors, _) = file.ReadAll();
                long total = 0;
                foreach (Tensor tensor in tensors.Values)
                {
                    Assert.IsTrue(tensor.is_contiguous());
                    total += tensor.numel() * tensor.element_size();
                }
                Assert.IsLessThanOrEqualTo(AlwaysAllowedBytes + (MaximumMultiple * (long)bytes.Length), total, "bytes of the tensors");
                Read(file, CheckpointLayout.VisionTransformer);
                Read(file, CheckpointLayout.Clip);
            }
            catch (InvalidDataException e)
            {
                Assert.Contains($"'{CheckpointAssert.Name}'", e.Message);
                Assert.IsLessThan(4000, e.Message.Length);
                message = e.Message;
            }
        }
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.IsLessThan(AlwaysAllowedBytes + (MaximumMultiple * (long)bytes.Length), allocated, "bytes allocated");
        return message;
    }

    private static void Read(CheckpointFile file, Func<CheckpointFile, CheckpointLayout> find)
    {
        try
        {
            CheckpointLayout layout = find(file);
            layout.ReadAll(layout.Tensors.Keys);
        }
        catch (InvalidDataException)
        {
            // Most damaged files, and one of the two for every sound one.
        }
    }

    private static (byte[] Seed, Func<byte[], byte[]> Wrap) Seed(string format)
    {
        using DisposeScope scope = NewDisposeScope();
        Dictionary<string, Tensor> weights = RandomTransformer.Weights(new(ImageSize: 4, PatchSize: 2, Width: 4, Depth: 1, Heads: 2, MlpWidth: 4));
        Dictionary<string, Tensor> google = ForeignNames.Google(weights, 1, 2);
        string[] parts = format.Split(", ");
        return parts switch
        {
            ["zip" or "legacy" or "script", var name] => (File.ReadAllBytes(PyTorchFileTests.PathOf(name)), bytes => bytes),
            ["safetensors"] => (Safetensors(weights), bytes => bytes),
            ["npz", ..] => (NpyWriter.Npz(google, deflate: parts.Length > 1), bytes => bytes),
            ["zip"] => (TorchWriter.Zip(weights, under: "model"), bytes => bytes),
            ["legacy"] => (TorchWriter.Legacy(ForeignNames.HuggingFaceTransformer(weights)), bytes => bytes),
            ["script"] => (TorchWriter.Script(RandomClip.Weights(1)), bytes => bytes),
            // Damage that no checksum notices: the zip around it is made anew.
            ["pickle in an honest zip"] => (Pickle(), bytes => TorchWriter.Zip(bytes, new byte[24], new byte[16])),
            ["header in an honest npz"] => (NpyWriter.Npy(weights["pos_embed"]), bytes => new ZipBuilder().Add("x.npy", bytes).ToArray()),
            _ => throw new ArgumentException(format),
        };
    }

    private static byte[] Safetensors(Dictionary<string, Tensor> weights)
    {
        string path = Path.Combine(Path.GetTempPath(), $"continual-{Guid.NewGuid():N}.safetensors");
        try
        {
            SafetensorsWriter.Write(path, weights, new Dictionary<string, string> { ["heads"] = "2" });
            return File.ReadAllBytes(path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static byte[] Pickle() => new PickleWriter().Op('}').Op('(')
        .Text("model").Global("collections", "OrderedDict").Op(')').Op('R').Op('q').Raw(1).Op('(')
        .Text("a").Tensor("0", 6, 0, [2, 3]).Op('q').Raw(2).Text("b").Tensor("0", 6, 1, [2, 2], [1, 2]).Text("c").Tensor("1", 2, 0, [2], type: "LongStorage").Op('u')
        .Text("same").Op('h').Raw(2)
        .Text("args").Global("argparse", "Namespace").Op(')').Raw(0x81).Op('}').Text("lr").Op('G').Raw(0x3f, 0xb9, 0, 0, 0, 0, 0, 0).Op('s').Op('b')
        .Text("list").Op(']').Op('(').Number(1).Number(-70000).Op('N').Raw(0x88).Op('e')
        .Text("bytes").Op('C').Raw(3).Raw(Encoding.ASCII.GetBytes("abc"))
        .Op('u').Stop();
}
