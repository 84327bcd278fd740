using System.Text.Json.Nodes;
using Microsoft.ML.Data;

namespace Microsoft.ML.Transforms;

/// <summary>Turns keys back into values; a missing key becomes NaN, empty text or the type's default.</summary>
public sealed class KeyToValueMappingTransformer : OneToOneTransformerBase
{
    internal KeyToValueMappingTransformer((string Output, string Input)[] columns) : base(columns)
    {
    }

    internal (string Output, string Input)[] Pairs => Columns;

    private protected override void Save(ModelSaveContext ctx) => ctx.Describe("KeyToValue", new JsonObject { ["pairs"] = ModelZip.Pairs(Columns) });

    private protected override DataViewSchema.DetachedColumn OutputOf(int pair, DataViewSchema.Column input)
    {
        var values = input.Annotations.Schema.GetColumnOrNull(AnnotationKinds.KeyValues)?.Type as VectorDataViewType;
        Errors.Check(values is not null, "Metadata KeyValues does not exist");
        Errors.Check(RawTypes.ItemOf(input.Type) is KeyDataViewType key && (ulong)values.Size == key.Count, "KeyValues metadata size does not match column type key count");
        var annotations = new DataViewSchema.Annotations.Builder();
        annotations.Add(input.Annotations, kind => kind == AnnotationKinds.SlotNames);
        return new(Columns[pair].Output, ColumnMapping.TypeOf(input.Type, values.ItemType), annotations.ToAnnotations());
    }

    private protected override Delegate MakeGetter(int pair, DataViewRow row, DataViewSchema.Column input, ICollection<Action> onDispose)
    {
        var values = (VectorDataViewType)input.Annotations.Schema[AnnotationKinds.KeyValues].Type;
        return Generic.Call<Delegate>(Getter<int>, values.ItemType.RawType, row, input);
    }

    private static Delegate Getter<T>(DataViewRow row, DataViewSchema.Column input)
    {
        VBuffer<T> buffer = default;
        input.GetKeyValues(ref buffer);
        T[] values = [.. buffer.DenseValues()];
        T missing = Missing.Value<T>();
        T ValueOf(ulong key) => key > 0 && key <= (ulong)values.Length ? values[key - 1] : missing;
        Type raw = RawTypes.ItemOf(input.Type).RawType;
        if (raw == typeof(uint))
            return ColumnMapping.Getter<uint, T>(row, input, key => ValueOf(key));
        if (raw == typeof(ulong))
            return ColumnMapping.Getter<ulong, T>(row, input, ValueOf);
        return raw == typeof(ushort)
            ? ColumnMapping.Getter<ushort, T>(row, input, key => ValueOf(key))
            : ColumnMapping.Getter<byte, T>(row, input, key => ValueOf(key));
    }
}
