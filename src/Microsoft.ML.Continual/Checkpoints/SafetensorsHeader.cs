using System.Text.Json;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Checkpoints;

/// <summary>
/// Reads and checks the header: 8 bytes with its length, then JSON that maps each name to a type, a shape and a range of bytes.
/// Nothing in it is believed: ranges must fit the sizes, must not overlap, and must fill the rest of the file exactly.
/// </summary>
internal static class SafetensorsHeader
{
    public const string MetadataKey = "__metadata__";
    private const long LengthBytes = 8;
    private const int MaximumMessage = 1500;

    public static (Dictionary<string, CheckpointEntry> Entries, Dictionary<string, string> Metadata) Read(ByteSource file)
    {
        string path = file.Name;
        long fileLength = file.Length;
        if (fileLength < LengthBytes)
            throw Broken(path, $"a safetensors file starts with 8 bytes that give the header's length; the file has {fileLength} bytes");
        Span<byte> lengthField = stackalloc byte[(int)LengthBytes];
        file.ReadExactly(0, lengthField);
        ulong headerLength = System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(lengthField);
        if (headerLength > (ulong)(fileLength - LengthBytes) || headerLength > int.MaxValue)
            throw Broken(path, $"the header's length must be at most {Math.Min(fileLength - LengthBytes, int.MaxValue)}, what the file has room for; found {headerLength} " +
                               "(the file is truncated, or not a safetensors file)");
        byte[] header = file.ReadBytes(LengthBytes, (int)headerLength);
        long dataStart = LengthBytes + header.Length;
        try
        {
            using JsonDocument document = JsonDocument.Parse(header);
            return Parse(document.RootElement, path, dataStart, fileLength);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)   // the latter: text that is no Unicode
        {
            throw new InvalidDataException(Broken(path, $"the header must be JSON; {e.Message.TrimEnd('.')}").Message, e);
        }
    }

    private static (Dictionary<string, CheckpointEntry>, Dictionary<string, string>) Parse(JsonElement root, string path, long dataStart, long fileLength)
    {
        if (root.ValueKind != JsonValueKind.Object) throw Broken(path, $"the header must be a JSON object; found {root.ValueKind}");
        var entries = new Dictionary<string, CheckpointEntry>(StringComparer.Ordinal);
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        bool metadataSeen = false;
        foreach (JsonProperty property in root.EnumerateObject())
        {
            if (property.Name != MetadataKey)
            {
                if (!entries.TryAdd(property.Name, ParseEntry(property, path, dataStart, fileLength)))
                    throw Broken(path, $"the tensor '{property.Name}' occurs twice");
                continue;
            }
            if (metadataSeen) throw Broken(path, $"'{MetadataKey}' occurs twice");
            metadataSeen = true;
            if (property.Value.ValueKind != JsonValueKind.Object) throw Broken(path, $"'{MetadataKey}' must be a JSON object; found {property.Value.ValueKind}");
            foreach (JsonProperty item in property.Value.EnumerateObject())
            {
                if (item.Value.ValueKind != JsonValueKind.String) throw Broken(path, $"the metadata '{item.Name}' must be text; found {item.Value.ValueKind}");
                if (!metadata.TryAdd(item.Name, item.Value.GetString()!)) throw Broken(path, $"the metadata '{item.Name}' occurs twice");
            }
        }
        CheckLayout(entries.Values.Cast<SafetensorsEntry>(), path, dataStart, fileLength);
        return (entries, metadata);
    }

    private static SafetensorsEntry ParseEntry(JsonProperty property, string path, long dataStart, long fileLength)
    {
        string name = property.Name;
        JsonElement value = property.Value;
        if (value.ValueKind != JsonValueKind.Object) throw Broken(path, name, "an object with dtype, shape and data_offsets", value.ValueKind.ToString());
        if (!value.TryGetProperty("dtype", out JsonElement dtype) || dtype.ValueKind != JsonValueKind.String)
            throw Broken(path, name, "a dtype", "none");
        if (!SafetensorsTypes.TryParse(dtype.GetString()!, out ScalarType type, out int size))
            throw Broken(path, name, "one of the types " + SafetensorsTypes.Names, $"'{dtype.GetString()}'");
        long[] shape = ParseNumbers(value, "shape", path, name);
        long[] offsets = ParseNumbers(value, "data_offsets", path, name);
        if (offsets.Length != 2) throw Broken(path, name, "two data_offsets", offsets.Length.ToString());
        long dataLength = fileLength - dataStart;
        if (offsets[0] > offsets[1] || offsets[1] > dataLength)
            throw Broken(path, name, $"data_offsets that rise and end within the file's {dataLength} bytes of data", $"[{offsets[0]}, {offsets[1]}]" +
                                     (offsets[1] > dataLength ? " (the file is truncated?)" : ""));
        long bytes = TensorBytes.Count(shape, size) ?? throw Broken(path, name, "a shape that fits the file", TensorBytes.Text(shape));
        if (bytes != offsets[1] - offsets[0])
            throw Broken(path, name, $"{bytes} bytes for {dtype.GetString()} of shape {TensorBytes.Text(shape)}", $"{offsets[1] - offsets[0]} bytes in data_offsets");
        return new SafetensorsEntry(name, type, shape, dataStart + offsets[0], bytes);
    }

    private static long[] ParseNumbers(JsonElement entry, string field, string path, string name)
    {
        if (!entry.TryGetProperty(field, out JsonElement list) || list.ValueKind != JsonValueKind.Array) throw Broken(path, name, $"a list '{field}'", "none");
        long[] numbers = new long[list.GetArrayLength()];
        int i = 0;
        foreach (JsonElement item in list.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt64(out long number) || number < 0)
                throw Broken(path, name, $"whole numbers of 0 or more in '{field}'", item.GetRawText());
            numbers[i++] = number;
        }
        return numbers;
    }

    /// <summary>Laid side by side, the ranges must cover the data from its first byte to its last.</summary>
    private static void CheckLayout(IEnumerable<SafetensorsEntry> entries, string path, long dataStart, long fileLength)
    {
        long end = dataStart;
        foreach (SafetensorsEntry entry in entries.OrderBy(e => e.Offset).ThenBy(e => e.ByteCount))
        {
            if (entry.Offset != end)
                throw Broken(path, entry.Name, $"its bytes to begin at {end - dataStart}, where those before it end",
                             $"{entry.Offset - dataStart} ({(entry.Offset < end ? "an overlap" : "a hole")})");
            end += entry.ByteCount;
        }
        if (end != fileLength) throw Broken(path, $"the tensors must end with the file at {fileLength} bytes; they end at {end}");
    }

    // A name, or what the JSON reader quotes, may be as long as the file.
    private static InvalidDataException Broken(string path, string what) => new($"'{path}': {(what.Length <= MaximumMessage ? what : what[..MaximumMessage] + "…")}.");

    private static InvalidDataException Broken(string path, string tensor, string expected, string found) => Broken(path, $"tensor '{tensor}': expected {expected}; found {found}");
}
