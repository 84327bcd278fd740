using TorchSharp.Modules;

namespace TorchSharp;

/// <summary>Reading single numbers out of tensors, and a few facts about shapes and types.</summary>
public static class TensorExtensionMethods
{
    public static float ToSingle(this torch.Tensor value) => (float)value.ToScalar().AsDouble;
    public static double ToDouble(this torch.Tensor value) => value.ToScalar().AsDouble;
    public static Half ToHalf(this torch.Tensor value) => (Half)value.ToScalar().AsDouble;
    public static sbyte ToSByte(this torch.Tensor value) => (sbyte)value.ToScalar().AsInt64;
    public static byte ToByte(this torch.Tensor value) => (byte)value.ToScalar().AsInt64;
    public static short ToInt16(this torch.Tensor value) => (short)value.ToScalar().AsInt64;
    public static int ToInt32(this torch.Tensor value) => (int)value.ToScalar().AsInt64;
    public static long ToInt64(this torch.Tensor value) => value.ToScalar().AsInt64;
    public static bool ToBoolean(this torch.Tensor value) => value.ToScalar().AsBool;

    public static Parameter AsParameter(this torch.Tensor tensor) => new(tensor);

    public static long TotalSize(this IEnumerable<long> shape)
    {
        long total = 1;
        foreach (long size in shape) total *= size;
        return total;
    }

    public static int ElementSize(this torch.ScalarType type) => type switch
    {
        torch.ScalarType.Byte or torch.ScalarType.Int8 or torch.ScalarType.Bool => 1,
        torch.ScalarType.Int16 or torch.ScalarType.Float16 or torch.ScalarType.BFloat16 => 2,
        torch.ScalarType.Int32 or torch.ScalarType.Float32 => 4,
        torch.ScalarType.Int64 or torch.ScalarType.Float64 or torch.ScalarType.ComplexFloat32 => 8,
        torch.ScalarType.ComplexFloat64 => 16,
        _ => throw new NotImplementedException($"{type}"),
    };

    public static ReadOnlySpan<int> IntShape(this torch.Tensor tensor) => Array.ConvertAll(tensor.shape, size => (int)size);
}
