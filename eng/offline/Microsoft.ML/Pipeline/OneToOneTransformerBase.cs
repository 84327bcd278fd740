namespace Microsoft.ML.Data;

/// <summary>A transformer in which each output column comes from one input column. Only built-in components derive from it.</summary>
public abstract class OneToOneTransformerBase : RowToRowTransformerBase
{
    private protected OneToOneTransformerBase(params (string Output, string Input)[] columns) => Columns = columns;

    private protected (string Output, string Input)[] Columns { get; }

    /// <summary>Checks an input column and says what its output column is.</summary>
    private protected abstract DataViewSchema.DetachedColumn OutputOf(int pair, DataViewSchema.Column input);

    /// <summary>Makes the getter of an output column.</summary>
    private protected abstract Delegate MakeGetter(int pair, DataViewRow row, DataViewSchema.Column input, ICollection<Action> onDispose);

    private protected sealed override RowMapper MakeMapper(DataViewSchema inputSchema) => new Mapper(this, inputSchema);

    private sealed class Mapper : RowMapper
    {
        private readonly OneToOneTransformerBase _owner;
        private readonly DataViewSchema.Column[] _inputs;

        public Mapper(OneToOneTransformerBase owner, DataViewSchema schema)
        {
            _owner = owner;
            _inputs = [.. owner.Columns.Select(pair => schema.Find(pair.Input, "inputSchema", "input"))];
            OutputColumns = [.. _inputs.Select((input, pair) => owner.OutputOf(pair, input))];
        }

        public override DataViewSchema.DetachedColumn[] OutputColumns { get; }

        public override void MarkDependencies(bool[] activeOutputs, bool[] inputs)
        {
            for (int i = 0; i < _inputs.Length; i++)
                inputs[_inputs[i].Index] |= activeOutputs[i];
        }

        public override Delegate[] CreateGetters(DataViewRow input, bool[] activeOutputs, ICollection<Action> onDispose) =>
            [.. _inputs.Select((column, pair) => activeOutputs[pair] ? _owner.MakeGetter(pair, input, column, onDispose) : null)];
    }
}
