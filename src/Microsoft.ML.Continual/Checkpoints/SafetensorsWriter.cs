using System.Buffers.Binary;
using System.Text.Json;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Checkpoints;

/// <summary>Writes safetensors files.</summary>
public static class SafetensorsWriter
{
    /// <summary>
    /// Writes tensors and metadata to a file. The file appears under its name only when it is complete: it is written beside it and then renamed.
    /// </summary>
    /// <param name="path">The file; an existing one is replaced. Its folder must exist.</param>
    /// <param name="tensors">The tensors by name, on any device; float64, float32, float16, bfloat16, whole numbers of 8 to 64 bits, or bool.</param>
    /// <param name="metadata">Text to store under <c>__metadata__</c>, or null.</param>
    /// <remarks>The same input gives the same bytes: wide types come first, so that all data is aligned, then names in ordinal order.</remarks>
    /// <exception cref="ArgumentException">A tensor is of a type that the format lacks, or too large.</exception>
    /// <exception cref="IOException">The file cannot be written; an existing one is as it was.</exception>
    public static void Write(string path, IReadOnlyDictionary<string, Tensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(tensors);
        List<(string Name, Tensor Value, string Type, int Size)> items = Arrange(tensors);
        byte[] header = MakeHeader(items, metadata);
        AtomicFile.Write(path, file => WriteTo(file, items, header));
    }

    /// <summary>Writes the same bytes to a stream, from its present position on.</summary>
    internal static void Write(Stream stream, IReadOnlyDictionary<string, Tensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        List<(string Name, Tensor Value, string Type, int Size)> items = Arrange(tensors);
        WriteTo(stream, items, MakeHeader(items, metadata));
    }

    private static void WriteTo(Stream stream, List<(string Name, Tensor Value, string Type, int Size)> items, byte[] header)
    {
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
        stream.Write(length);
        stream.Write(header);
        foreach ((_, Tensor value, _, _) in items)
        {
            if (value.numel() == 0) continue;
            using DisposeScope scope = NewDisposeScope();
            stream.Write(value.detach().to(CPU).contiguous().bytes);
        }
    }

    private static List<(string Name, Tensor Value, string Type, int Size)> Arrange(IReadOnlyDictionary<string, Tensor> tensors)
    {
        var items = new List<(string Name, Tensor Value, string Type, int Size)>();
        foreach ((string name, Tensor value) in tensors)
        {
            if (name == SafetensorsHeader.MetadataKey) throw new ArgumentException($"A tensor cannot be named '{name}': the format keeps the name for text.", nameof(tensors));
            (string type, int size) = SafetensorsTypes.Describe(value.dtype)
                ?? throw new ArgumentException($"Tensor '{name}': expected one of the types {SafetensorsTypes.Names}; found {value.dtype}.", nameof(tensors));
            if (value.numel() * size > int.MaxValue)
                throw new ArgumentException($"Tensor '{name}': expected at most {int.MaxValue} bytes; found {value.numel() * size}.", nameof(tensors));
            items.Add((name, value, type, size));
        }
        return [.. items.OrderByDescending(i => i.Size).ThenBy(i => i.Name, StringComparer.Ordinal)];
    }

    private static byte[] MakeHeader(List<(string Name, Tensor Value, string Type, int Size)> items, IReadOnlyDictionary<string, string>? metadata)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                json.WriteStartObject(SafetensorsHeader.MetadataKey);
                foreach ((string key, string value) in metadata.OrderBy(m => m.Key, StringComparer.Ordinal)) json.WriteString(key, value);
                json.WriteEndObject();
            }
            long offset = 0;
            foreach ((string name, Tensor value, string type, int size) in items)
            {
                long end = offset + value.numel() * size;
                json.WriteStartObject(name);
                json.WriteString("dtype", type);
                WriteNumbers(json, "shape", value.shape);
                WriteNumbers(json, "data_offsets", offset, end);
                json.WriteEndObject();
                offset = end;
            }
            json.WriteEndObject();
        }
        while (buffer.Length % 8 != 0) buffer.WriteByte((byte)' ');   // keeps the data aligned
        return buffer.ToArray();
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, params long[] numbers)
    {
        json.WriteStartArray(name);
        foreach (long number in numbers) json.WriteNumberValue(number);
        json.WriteEndArray();
    }
}
