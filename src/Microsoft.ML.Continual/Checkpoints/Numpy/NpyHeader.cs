using System.Buffers.Binary;
using System.Text;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Checkpoints.Numpy;

/// <summary>The header of a .npy array, versions 1 to 3.</summary>
/// <param name="Type">The type of the elements.</param>
/// <param name="Shape">The sizes.</param>
/// <param name="BigEndian">Whether the bytes of an element begin with the highest.</param>
/// <param name="FortranOrder">Whether the first index runs fastest; else the last does.</param>
/// <param name="Length">The number of the header's bytes: where the elements begin.</param>
internal sealed record NpyHeader(ScalarType Type, long[] Shape, bool BigEndian, bool FortranOrder, int Length)
{
    private const int MaximumText = ushort.MaxValue;

    private static readonly Dictionary<string, ScalarType> s_types = new(StringComparer.Ordinal)
    {
        ["f2"] = ScalarType.Float16, ["f4"] = ScalarType.Float32, ["f8"] = ScalarType.Float64,
        ["i1"] = ScalarType.Int8, ["i2"] = ScalarType.Int16, ["i4"] = ScalarType.Int32, ["i8"] = ScalarType.Int64,
        ["u1"] = ScalarType.Byte, ["b1"] = ScalarType.Bool,
    };

    /// <summary>The bytes of the elements.</summary>
    public long ByteCount => TensorBytes.Count(Shape, TensorBytes.Size(Type))!.Value;

    /// <summary>Reads the header at the start of an array.</summary>
    /// <param name="read">Gives the next bytes of the array.</param>
    /// <param name="size">The number of the array's bytes, header and elements.</param>
    /// <exception cref="FormatException">The header is wrong, or does not fit the size; the message says what was expected and what was found.</exception>
    public static NpyHeader Read(Action<byte[]> read, long size)
    {
        byte[] start = new byte[8];
        if (size < 10) throw new FormatException($"expected a .npy header of at least 10 bytes; found {size} bytes");
        read(start);
        if (start[0] != 0x93 || !start.AsSpan(1).StartsWith("NUMPY"u8))
            throw new FormatException("expected a .npy array, which begins with '\\x93NUMPY'; found other bytes");
        int version = start[6];
        if (version is < 1 or > 3 || start[7] != 0) throw new FormatException($"expected version 1, 2 or 3 of the .npy format; found {version}.{start[7]}");
        byte[] lengthField = new byte[version == 1 ? 2 : 4];
        if (size < start.Length + lengthField.Length) throw new FormatException($"expected a .npy header; the array ends within it, after {size} bytes");
        read(lengthField);
        long textLength = version == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(lengthField) : BinaryPrimitives.ReadUInt32LittleEndian(lengthField);
        int before = start.Length + lengthField.Length;
        if (textLength > Math.Min(MaximumText, size - before)) throw new FormatException($"expected a .npy header of at most {Math.Min(MaximumText, size - before)} bytes; found {textLength}");
        byte[] text = new byte[textLength];
        read(text);
        NpyHeader header = Parse((version == 3 ? Encoding.UTF8 : Encoding.Latin1).GetString(text), before + (int)textLength);
        if (header.ByteCount != size - header.Length)
            throw new FormatException($"expected {header.ByteCount} bytes for {header.Type} of shape {TensorBytes.Text(header.Shape)}; found {size - header.Length}");
        return header;
    }

    private static NpyHeader Parse(string text, int length)
    {
        if (PythonLiteral.Parse(text) is not List<(string Key, object Value)> items) throw new FormatException("expected a dictionary in the .npy header");
        object? description = null, order = null, shape = null;
        foreach ((string key, object value) in items)
        {
            ref object? place = ref key == "descr" ? ref description : ref key == "fortran_order" ? ref order : ref shape;
            if (key is not ("descr" or "fortran_order" or "shape") || place is not null)
                throw new FormatException($"expected 'descr', 'fortran_order' and 'shape' once each in the .npy header; found '{key}'{(place is null ? "" : " twice")}");
            place = value;
        }
        if (order is not bool fortranOrder) throw new FormatException("expected 'fortran_order' True or False in the .npy header");
        if (shape is not object[] sizes || sizes.Any(s => s is not long)) throw new FormatException("expected 'shape' a tuple of whole numbers in the .npy header");
        if (description is not string type) throw new FormatException("expected 'descr' one element type in the .npy header; found fields, or none (structured arrays are not read)");
        long[] shapeNumbers = [.. sizes.Cast<long>()];
        (ScalarType scalarType, bool bigEndian) = ParseType(type);
        if (TensorBytes.Count(shapeNumbers, TensorBytes.Size(scalarType)) is null) throw new FormatException($"expected a shape that fits the file; found {TensorBytes.Text(shapeNumbers)}");
        return new NpyHeader(scalarType, shapeNumbers, bigEndian, fortranOrder, length);
    }

    private static (ScalarType Type, bool BigEndian) ParseType(string description)
    {
        if (description.Length > 1 && description[1] == 'O')
            throw new FormatException($"expected numbers; found the type '{description}': Python objects, which are pickled and are not read");
        if (description.Length == 3 && "<>|=".Contains(description[0]) && s_types.TryGetValue(description[1..], out ScalarType type))
            return (type, description[0] == '>');
        throw new FormatException($"expected one of the types {string.Join(", ", s_types.Keys)} after '<', '>' or '|'; found '{description}'");
    }
}
