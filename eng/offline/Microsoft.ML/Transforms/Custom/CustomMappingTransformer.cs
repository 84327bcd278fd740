using System.Text.Json.Nodes;
using Microsoft.ML.Data;

namespace Microsoft.ML.Transforms;

/// <summary>Fills columns by an action on user objects, row by row.</summary>
public sealed class CustomMappingTransformer<TSrc, TDst> : ITransformer
    where TSrc : class, new()
    where TDst : class, new()
{
    private readonly Action<TSrc, TDst> _map;
    private readonly SchemaDefinition _inputDefinition;

    private readonly string _contract;

    internal CustomMappingTransformer(Action<TSrc, TDst> map, string contract, SchemaDefinition inputDefinition, SchemaDefinition outputDefinition)
    {
        _contract = contract;
        _map = map ?? throw new ArgumentNullException("mapAction");
        _inputDefinition = inputDefinition;
        OutputMembers = outputDefinition is null
            ? TypedColumn.Create(typeof(TDst), SchemaDefinition.Direction.Write)
            : TypedColumn.Create(typeof(TDst), outputDefinition);
        // For shapes, unlike for rows, members that can only be read count too: as ML.NET does.
        InputMembers = TypedColumn.Create(typeof(TSrc), inputDefinition);
    }

    bool ITransformer.IsRowToRowMapper => true;

    internal TypedColumn[] InputMembers { get; }

    internal TypedColumn[] OutputMembers { get; }

    /// <inheritdoc/>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        return RowMapperView.SchemaOf(inputSchema, new Mapper(this, inputSchema));
    }

    /// <inheritdoc/>
    public IDataView Transform(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return new RowMapperView(input, new Mapper(this, input.Schema));
    }

    IRowToRowMapper ITransformer.GetRowToRowMapper(DataViewSchema inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        return new RowMapperView(new EmptyView(inputSchema), new Mapper(this, inputSchema));
    }

    void ICanSaveModel.Save(ModelSaveContext ctx)
    {
        Errors.Check(!string.IsNullOrEmpty(_contract), "Empty contract name for a transform: the transform cannot be saved");
        ctx.Describe("CustomMapping", new JsonObject { ["contract"] = _contract, ["assembly"] = _map.Method.DeclaringType.Assembly.FullName });
    }

    private sealed class Mapper(CustomMappingTransformer<TSrc, TDst> owner, DataViewSchema schema) : RowMapper
    {
        private readonly TypedReader<TSrc> _reader = new(schema, ignoreMissingColumns: false, owner._inputDefinition);

        public override DataViewSchema.DetachedColumn[] OutputColumns { get; } =
            [.. TypedColumn.SchemaOf(owner.OutputMembers).Select(column => new DataViewSchema.DetachedColumn(column))];

        public override void MarkDependencies(bool[] activeOutputs, bool[] inputs)
        {
            if (!activeOutputs.Contains(true))
                return;
            foreach (DataViewSchema.Column column in _reader.Columns)
                inputs[column.Index] = true;
        }

        public override Delegate[] CreateGetters(DataViewRow input, bool[] activeOutputs, ICollection<Action> onDispose)
        {
            var getters = new Delegate[activeOutputs.Length];
            if (!activeOutputs.Contains(true))
                return getters;
            var source = new TSrc();
            var target = new TDst();
            var row = new SingleTypedRow<TDst>(owner.OutputMembers);
            Action<TSrc> fill = _reader.Filler(input);
            long served = -1;
            // All outputs of a row come from one call of the action.
            Action refresh = () =>
            {
                if (served == input.Position)
                    return;
                fill(source);
                owner._map(source, target);
                row.Set(target);
                served = input.Position;
            };
            for (int i = 0; i < getters.Length; i++)
            {
                if (activeOutputs[i])
                    getters[i] = Generic.Call<Delegate>(After<int>, row.Schema[i].Type.RawType, row, row.Schema[i], refresh);
            }
            return getters;
        }

        private static ValueGetter<T> After<T>(DataViewRow row, DataViewSchema.Column column, Action refresh)
        {
            ValueGetter<T> get = row.GetGetter<T>(column);
            return (ref T value) =>
            {
                refresh();
                get(ref value);
            };
        }
    }
}
