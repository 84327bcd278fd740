using Microsoft.ML.Continual.Checkpoints;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Checkpoints;

/// <summary>What tests of checkpoints ask again and again.</summary>
internal static class CheckpointAssert
{
    public const string Name = "memory.file";

    public static CheckpointFile Open(byte[] bytes) => CheckpointFile.Open(new MemoryStream(bytes), Name);

    /// <summary>The bytes are refused, when they are opened or when everything is read, with a message that names the file and has all the texts.</summary>
    public static void IsRefused(byte[] bytes, params string[] expected)
    {
        using DisposeScope scope = NewDisposeScope();
        string message = Assert.ThrowsExactly<InvalidDataException>(() =>
        {
            using CheckpointFile file = Open(bytes);
            file.ReadAll();
        }).Message;
        StringAssert.Contains(message, $"'{Name}'");
        foreach (string text in expected) StringAssert.Contains(message, text);
    }

    /// <summary>The tensor has the shape and the numbers.</summary>
    public static void Holds(CheckpointFile file, string name, long[] shape, params double[] expected)
    {
        using DisposeScope scope = NewDisposeScope();
        CollectionAssert.AreEqual(shape, file.Entries[name].Shape.ToArray(), name);
        Tensor tensor = file.Read(name);
        Assert.AreEqual(file.Entries[name].Type, tensor.dtype, name);
        CollectionAssert.AreEqual(shape, tensor.shape, name);
        CollectionAssert.AreEqual(expected, Numbers(tensor), $"{name}: {string.Join(", ", Numbers(tensor))}");
    }

    public static double[] Numbers(Tensor tensor)
    {
        using DisposeScope scope = NewDisposeScope();
        return tensor.numel() == 0 ? [] : tensor.to(ScalarType.Float64).reshape(-1).data<double>().ToArray();
    }
}
