using System.Text.Json.Nodes;
using Microsoft.ML.Data;

namespace Microsoft.ML.Transforms;

/// <summary>Gives values their keys; values it does not know become 0, missing.</summary>
public sealed class ValueToKeyMappingTransformer : OneToOneTransformerBase
{
    private readonly KeyTable[] _tables;
    private readonly bool _asText;

    internal ValueToKeyMappingTransformer((string Output, string Input)[] columns, KeyTable[] tables, bool asText) : base(columns)
    {
        _tables = tables;
        _asText = asText;
    }

    private protected override void Save(ModelSaveContext ctx) => ctx.Describe("ValueToKey", new JsonObject
    {
        ["pairs"] = ModelZip.Pairs(Columns),
        ["tables"] = new JsonArray([.. _tables.Select(table => (JsonNode)ModelZip.Texts(table.Values))]),
        ["asText"] = _asText,
    });

    private protected override DataViewSchema.DetachedColumn OutputOf(int pair, DataViewSchema.Column input)
    {
        KeyTable table = _tables[pair];
        if (!RawTypes.ItemOf(input.Type).Equals(table.ItemType))
            throw Errors.SchemaMismatch("inputSchema", "input", input.Name, table.ItemType.ToString(), input.Type.ToString());
        var annotations = new DataViewSchema.Annotations.Builder();
        table.Annotate(annotations, input, _asText);
        annotations.Add(input.Annotations, kind => kind == AnnotationKinds.SlotNames);
        return new(Columns[pair].Output, ColumnMapping.TypeOf(input.Type, table.KeyType), annotations.ToAnnotations());
    }

    private protected override Delegate MakeGetter(int pair, DataViewRow row, DataViewSchema.Column input, ICollection<Action> onDispose) =>
        _tables[pair].Getter(row, input);
}
