namespace TorchSharp;

public static partial class torch
{
    // Facts about types and shapes, and the text form's default.

    public const TensorStringStyle julia = TensorStringStyle.Julia;
    public const TensorStringStyle numpy = TensorStringStyle.Numpy;
    public const TensorStringStyle csharp = TensorStringStyle.CSharp;

    /// <summary>The limits of a floating-point type.</summary>
    public struct FInfo
    {
        public int bits;
        public double eps;
        public double max;
        public double min;
        public double tiny;
        public double smallest_normal;
        public double resolution;
    }

    public static FInfo finfo() => finfo(default_dtype);

    public static FInfo finfo(ScalarType dtype) => dtype switch
    {
        ScalarType.Float16 => Info(16, 11, -14, 15, 1e-3),
        ScalarType.BFloat16 => Info(16, 8, -126, 127, 1e-2),
        ScalarType.Float32 => Info(32, 24, -126, 127, 1e-6),
        ScalarType.Float64 => Info(64, 53, -1022, 1023, 1e-15),
        _ => throw new ArgumentException($"{dtype} is not a floating-point type", nameof(dtype)),
    };

    private static FInfo Info(int bits, int digits, int lowest, int highest, double resolution)
    {
        double eps = Math.Pow(2, 1 - digits), max = (2 - eps) * Math.Pow(2, highest), tiny = Math.Pow(2, lowest);
        return new FInfo { bits = bits, eps = eps, max = max, min = -max, tiny = tiny, smallest_normal = tiny, resolution = resolution };
    }

    public static long max_int_value(ScalarType type) => type switch
    {
        ScalarType.Byte => byte.MaxValue,
        ScalarType.Int8 => sbyte.MaxValue,
        ScalarType.Int16 => short.MaxValue,
        ScalarType.Int32 => int.MaxValue,
        ScalarType.Int64 => long.MaxValue,
        _ => throw new ArgumentException($"{type} is not an integral type", nameof(type)),
    };

    public static ScalarType result_type(Tensor tensor1, Tensor tensor2)
    {
        // The type of an empty sum: the dispatcher knows the rules, and nothing is computed.
        using var scope = NewDisposeScope();
        Tensor left = zeros(tensor1.ndim == 0 ? [] : [0], tensor1.dtype), right = zeros(tensor2.ndim == 0 ? [] : [0], tensor2.dtype);
        return left.add(right).dtype;
    }

    public static ScalarType promote_types(ScalarType type1, ScalarType type2)
    {
        using var scope = NewDisposeScope();
        return zeros([0], type1).add(zeros([0], type2)).dtype;
    }

    public static Size broadcast_shapes(params long[][] shapes)
    {
        int rank = shapes.Length == 0 ? 0 : shapes.Max(shape => shape.Length);
        var result = new long[rank];
        Array.Fill(result, 1);
        foreach (long[] shape in shapes)
            for (int i = 1; i <= shape.Length; i++)
            {
                ref long size = ref result[rank - i];
                if (size == 1) size = shape[^i];
                else if (shape[^i] != 1 && shape[^i] != size) throw new ArgumentException($"shapes do not broadcast: {shape[^i]} against {size}");
            }
        return new Size(result);
    }
}
