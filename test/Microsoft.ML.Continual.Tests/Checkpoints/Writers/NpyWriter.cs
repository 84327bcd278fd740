using System.Buffers.Binary;
using System.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Checkpoints.Writers;

/// <summary>Writes .npy arrays and zips of them.</summary>
internal static class NpyWriter
{
    public static byte[] Npz(IReadOnlyDictionary<string, Tensor> tensors, bool deflate = false)
    {
        var zip = new ZipBuilder();
        foreach ((string name, Tensor tensor) in tensors) zip.Add(name + ".npy", Npy(tensor), deflate);
        return zip.ToArray();
    }

    public static byte[] Npy(Tensor tensor)
    {
        using DisposeScope scope = NewDisposeScope();
        string type = tensor.dtype switch
        {
            ScalarType.Float32 => "<f4",
            ScalarType.Float64 => "<f8",
            ScalarType.Float16 => "<f2",
            ScalarType.Int64 => "<i8",
            _ => throw new ArgumentException($"{tensor.dtype}"),
        };
        string shape = string.Concat(tensor.shape.Select(s => $"{s}, "));
        byte[] bytes = tensor.numel() == 0 ? [] : tensor.contiguous().bytes.ToArray();
        return Raw($"{{'descr': '{type}', 'fortran_order': False, 'shape': ({shape}), }}", bytes);
    }

    /// <summary>An array with a header of any text.</summary>
    public static byte[] Raw(string header, byte[] bytes, int version = 1)
    {
        byte[] text = (version == 3 ? Encoding.UTF8 : Encoding.Latin1).GetBytes(header + "\n");
        byte[] length = new byte[version == 1 ? 2 : 4];
        if (version == 1) BinaryPrimitives.WriteUInt16LittleEndian(length, (ushort)text.Length);
        else BinaryPrimitives.WriteUInt32LittleEndian(length, (uint)text.Length);
        return [0x93, .. "NUMPY"u8, (byte)version, 0, .. length, .. text, .. bytes];
    }
}
