using System.Text.Json.Nodes;
using Microsoft.ML.Data;

namespace Microsoft.ML.Transforms;

/// <summary>Looks values up in a table; what it does not hold becomes the default.</summary>
public class ValueMappingTransformer : OneToOneTransformerBase
{
    internal ValueMappingTransformer(LookupMap map, string output, string input) : base((output, input)) => Map = map;

    internal LookupMap Map { get; }

    internal (string Output, string Input) Pair => Columns[0];

    private protected override void Save(ModelSaveContext ctx) => ctx.Describe("ValueMapping", new JsonObject
    {
        ["output"] = Pair.Output,
        ["input"] = Pair.Input,
        ["keys"] = ModelZip.Texts(Map.Entries.Keys),
        ["values"] = Map.ValueType is KeyDataViewType ? throw Errors.CannotSave("ValueMapping to keys") : ModelZip.Texts(Map.Entries.Values),
    });

    private protected override DataViewSchema.DetachedColumn OutputOf(int pair, DataViewSchema.Column input)
    {
        if (!RawTypes.ItemOf(input.Type).Equals(Map.KeyType))
            throw Errors.SchemaMismatch("inputSchema", "input", input.Name, Map.KeyType.ToString(), input.Type.ToString());
        return new(Columns[pair].Output, ColumnMapping.TypeOf(input.Type, Map.ValueType), Map.Annotations);
    }

    private protected override Delegate MakeGetter(int pair, DataViewRow row, DataViewSchema.Column input, ICollection<Action> onDispose) =>
        Map.Getter(row, input);
}
