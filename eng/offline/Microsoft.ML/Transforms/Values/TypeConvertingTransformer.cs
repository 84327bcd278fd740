using Microsoft.ML.Data;

namespace Microsoft.ML.Transforms;

/// <summary>Changes the type of the elements of columns.</summary>
public sealed class TypeConvertingTransformer : OneToOneTransformerBase
{
    internal TypeConvertingTransformer((string Output, string Input)[] columns, DataKind kind) : base(columns) => ItemType = RawTypes.Primitive(kind);

    internal PrimitiveDataViewType ItemType { get; }

    internal (string Output, string Input)[] Pairs => Columns;

    private protected override DataViewSchema.DetachedColumn OutputOf(int pair, DataViewSchema.Column input)
    {
        DataViewType item = RawTypes.ItemOf(input.Type);
        // A key becomes an unsigned number that can hold it, and nothing else.
        bool keyFits = item is not KeyDataViewType key || (KeyDataViewType.IsValidDataType(ItemType.RawType) && key.Count <= KeyDataViewType.MaxCount(ItemType.RawType));
        if (!keyFits || !TypeConversion.Exists(item.RawType, ItemType.RawType))
            throw Errors.Param("inputSchema", $"source column '{input.Name}' with item type '{input.Type}' is not compatible with destination type '{ItemType}'");
        var annotations = new DataViewSchema.Annotations.Builder();
        annotations.Add(input.Annotations, kind => kind == AnnotationKinds.SlotNames || (kind == AnnotationKinds.IsNormalized && ItemType is NumberDataViewType));
        if (item is BooleanDataViewType && ItemType is NumberDataViewType)
            annotations.AddPrimitiveValue(AnnotationKinds.IsNormalized, BooleanDataViewType.Instance, true);
        return new(Columns[pair].Output, ColumnMapping.TypeOf(input.Type, ItemType), annotations.ToAnnotations());
    }

    private protected override Delegate MakeGetter(int pair, DataViewRow row, DataViewSchema.Column input, ICollection<Action> onDispose) =>
        Generic.Call<Delegate>(GetterFrom<int>, RawTypes.ItemOf(input.Type).RawType, row, input);

    private Delegate GetterFrom<TIn>(DataViewRow row, DataViewSchema.Column input) => Generic.Call<Delegate>(new GetterTo<TIn>().Make<int>, ItemType.RawType, row, input);

    private sealed class GetterTo<TIn>
    {
        public Delegate Make<TOut>(DataViewRow row, DataViewSchema.Column input) => ColumnMapping.Getter(row, input, TypeConversion.Between<TIn, TOut>());
    }
}
