using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Checkpoints;

/// <summary>The element types of the format, by their names in the header.</summary>
internal static class SafetensorsTypes
{
    private static readonly (string Name, ScalarType Type, int Size)[] Known =
    [
        ("F64", ScalarType.Float64, 8), ("I64", ScalarType.Int64, 8),
        ("F32", ScalarType.Float32, 4), ("I32", ScalarType.Int32, 4),
        ("F16", ScalarType.Float16, 2), ("BF16", ScalarType.BFloat16, 2), ("I16", ScalarType.Int16, 2),
        ("U8", ScalarType.Byte, 1), ("I8", ScalarType.Int8, 1), ("BOOL", ScalarType.Bool, 1),
    ];

    /// <summary>The names that are understood, for messages.</summary>
    public static string Names => string.Join(", ", Known.Select(k => k.Name));

    public static bool TryParse(string name, out ScalarType type, out int size)
    {
        (string found, type, size) = Known.FirstOrDefault(k => k.Name == name);
        return found is not null;
    }

    /// <summary>The name and the element size of a type; null for types the format lacks.</summary>
    public static (string Name, int Size)? Describe(ScalarType type)
    {
        foreach ((string name, ScalarType known, int size) in Known)
            if (known == type) return (name, size);
        return null;
    }
}
