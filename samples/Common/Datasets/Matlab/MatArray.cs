using System.Buffers.Binary;

namespace Microsoft.ML.Continual.Samples.Datasets.Matlab;

/// <summary>A real numeric array of a MATLAB file, in MATLAB's order: the first index runs fastest. Its values stay in the file.</summary>
/// <param name="Name">The variable.</param>
/// <param name="Type">How the values are stored, which may be narrower than the variable's class.</param>
/// <param name="Shape">Two sizes or more.</param>
/// <param name="File">Where the values are: the file itself, or a temporary one where they were packed.</param>
/// <param name="Offset">Where in it they begin. All are there.</param>
internal sealed record MatArray(string Name, MatType Type, IReadOnlyList<int> Shape, ByteFile File, long Offset)
{
    /// <summary>The number of values.</summary>
    public long Count => Shape.Aggregate(1L, (product, size) => product * size);

    /// <summary>The values as numbers.</summary>
    /// <exception cref="InvalidDataException">They are too many for the memory of one array.</exception>
    public double[] ReadNumbers()
    {
        int size = Type.Size();
        if (Count > Array.MaxLength / size) throw new InvalidDataException($"'{File.Name}', '{Name}': expected at most {Array.MaxLength / size} values; found {Count}");
        byte[] bytes = File.Read(Offset, (int)Count * size);
        double[] numbers = new double[(int)Count];
        for (int i = 0; i < numbers.Length; i++) numbers[i] = Number(bytes.AsSpan(i * size, size));
        return numbers;
    }

    private double Number(ReadOnlySpan<byte> value) => Type switch
    {
        MatType.Int8 => (sbyte)value[0],
        MatType.UInt8 => value[0],
        MatType.Int16 => BinaryPrimitives.ReadInt16LittleEndian(value),
        MatType.UInt16 => BinaryPrimitives.ReadUInt16LittleEndian(value),
        MatType.Int32 => BinaryPrimitives.ReadInt32LittleEndian(value),
        MatType.UInt32 => BinaryPrimitives.ReadUInt32LittleEndian(value),
        MatType.Single => BinaryPrimitives.ReadSingleLittleEndian(value),
        MatType.Int64 => BinaryPrimitives.ReadInt64LittleEndian(value),
        MatType.UInt64 => BinaryPrimitives.ReadUInt64LittleEndian(value),
        _ => BinaryPrimitives.ReadDoubleLittleEndian(value),
    };
}
