using System.Globalization;
using System.IO.Compression;
using System.Reflection;
using System.Text.Json.Nodes;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms;

namespace Microsoft.ML;

/// <summary>Fitted models as zip files, in a layout of the stand-in's own: what can be saved, what is refused and what a load needs are as in ML.NET.</summary>
internal static class ModelZip
{
    private const string Root = "TransformerChain", SchemaEntry = "Schema.json";

    private static readonly Type[] s_raw =
    [
        typeof(sbyte), typeof(byte), typeof(short), typeof(ushort), typeof(int), typeof(uint), typeof(long), typeof(ulong), typeof(float), typeof(double), typeof(bool), typeof(ReadOnlyMemory<char>),
    ];

    public static void Save(ITransformer model, DataViewSchema inputSchema, Stream stream)
    {
        using var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
        new ModelSaveContext(zip, ".").SaveModel(model, Root);
        if (inputSchema is null)
            return;
        JsonArray columns = [.. inputSchema.Where(column => !column.IsHidden).Select(Describe)];
        using Stream entry = zip.CreateEntry(SchemaEntry).Open();
        using var writer = new StreamWriter(entry);
        writer.Write(columns.ToJsonString());
    }

    public static ITransformer Load(IHostEnvironment environment, Stream stream, out DataViewSchema inputSchema)
    {
        using var zip = new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true);
        ITransformer model = Load(environment, zip, "./" + Root);
        inputSchema = null;
        if (zip.GetEntry(SchemaEntry) is null)
            return model;
        var builder = new DataViewSchema.Builder();
        foreach (JsonNode column in Read(zip, SchemaEntry).AsArray())
            builder.AddColumn((string)column["name"], TypeOf(column));
        inputSchema = builder.ToSchema();
        return model;
    }

    /// <summary>Values as texts; <see cref="Values"/> reads them.</summary>
    public static JsonObject Texts(Array values) => new()
    {
        ["type"] = values.GetType().GetElementType().Name,
        ["values"] = new JsonArray([.. values.Cast<object>().Select(value => (JsonNode)(value is IFormattable number ? number.ToString(null, CultureInfo.InvariantCulture) : value.ToString()))]),
    };

    private static Array Values(JsonNode json)
    {
        Type type = RawType((string)json["type"]);
        string[] texts = [.. json["values"].AsArray().Select(text => (string)text)];
        var values = Array.CreateInstance(type, texts.Length);
        for (int i = 0; i < texts.Length; i++)
            values.SetValue(type == typeof(ReadOnlyMemory<char>) ? texts[i].AsMemory() : Convert.ChangeType(texts[i], type, CultureInfo.InvariantCulture), i);
        return values;
    }

    public static JsonArray Pairs(IEnumerable<(string Output, string Input)> pairs) => [.. pairs.Select(pair => new JsonArray(pair.Output, pair.Input))];

    private static (string, string)[] Pairs(JsonNode json) => [.. json.AsArray().Select(pair => ((string)pair[0], (string)pair[1]))];

    private static ITransformer Load(IHostEnvironment environment, ZipArchive zip, string folder)
    {
        JsonNode content = Read(zip, $"{folder}/{ModelSaveContext.ContentName}");
        string signature = (string)content["signature"];
        return signature switch
        {
            "Chain" => new TransformerChain<ITransformer>(
                content["scopes"].AsArray().Select((_, i) => Load(environment, zip, $"{folder}/{TransformerChain<ITransformer>.PartName(i)}")).ToArray(),
                content["scopes"].AsArray().Select(scope => (TransformerScope)(int)scope).ToArray()),
            "ValueMapping" => new ValueMappingTransformer(LookupMap.Restore(Values(content["keys"]), Values(content["values"])), (string)content["output"], (string)content["input"]),
            "CopyColumns" => new ColumnCopyingTransformer((string)content["output"], (string)content["input"]),
            "KeyToValue" => new KeyToValueMappingTransformer(Pairs(content["pairs"])),
            "ValueToKey" => new ValueToKeyMappingTransformer(Pairs(content["pairs"]), [.. content["tables"].AsArray().Select(table => KeyTable.Restore(Values(table)))], (bool)content["asText"]),
            "CustomMapping" => FindFactory(environment, (string)content["contract"], (string)content["assembly"]).CreateTransformer((string)content["contract"]),
            _ => throw new FormatException($"Unknown component '{signature}' in the model file."),
        };
    }

    // Among the registered assemblies, and in the one whose action was saved.
    private static ICustomMappingFactory FindFactory(IHostEnvironment environment, string contract, string assembly)
    {
        foreach (Assembly place in ((HostEnvironment)environment).ComponentCatalog.Assemblies.Append(Assembly.Load(assembly)))
        {
            foreach (Type type in place.GetTypes())
            {
                if (type.GetCustomAttribute<CustomMappingFactoryAttributeAttribute>() is { } mark && mark.ContractName == contract)
                    return (ICustomMappingFactory)Activator.CreateInstance(type);
            }
        }
        throw new InvalidOperationException($"Unable to locate contract '{contract}' in the component catalog.");
    }

    private static JsonNode Read(ZipArchive zip, string name)
    {
        ZipArchiveEntry entry = zip.GetEntry(name) ?? throw new FormatException($"Corrupt model file: there is no '{name}'.");
        using var reader = new StreamReader(entry.Open());
        return JsonNode.Parse(reader.ReadToEnd());
    }

    private static JsonNode Describe(DataViewSchema.Column column)
    {
        DataViewType item = RawTypes.ItemOf(column.Type);
        if (item is not PrimitiveDataViewType || !s_raw.Contains(item.RawType))
            throw new InvalidOperationException($"Could not find a codec for the column '{column.Name}' of type {column.Type}: a model's input schema cannot hold it.");
        return new JsonObject
        {
            ["name"] = column.Name,
            ["type"] = item.RawType.Name,
            ["keys"] = item is KeyDataViewType key ? key.Count : null,
            ["dimensions"] = column.Type is VectorDataViewType vector ? new JsonArray([.. vector.Dimensions.Select(size => (JsonNode)size)]) : null,
        };
    }

    private static DataViewType TypeOf(JsonNode json)
    {
        Type raw = RawType((string)json["type"]);
        PrimitiveDataViewType item = json["keys"] is { } keys ? new KeyDataViewType(raw, (ulong)keys) : RawTypes.PrimitiveOrNull(raw);
        return json["dimensions"] is JsonArray sizes ? new VectorDataViewType(item, sizes.Select(size => (int)size).ToArray()) : item;
    }

    private static Type RawType(string name) => s_raw.FirstOrDefault(type => type.Name == name) ?? throw new FormatException($"Unknown type '{name}' in the model file.");
}
