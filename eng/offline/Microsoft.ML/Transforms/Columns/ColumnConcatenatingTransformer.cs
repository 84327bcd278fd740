namespace Microsoft.ML.Data;

/// <summary>Joins scalars and vectors of one type into a vector.</summary>
public sealed class ColumnConcatenatingTransformer : RowToRowTransformerBase
{
    private readonly string _output;
    private readonly string[] _inputs;

    internal ColumnConcatenatingTransformer(string output, string[] inputs)
    {
        _output = output;
        _inputs = inputs;
    }

    private protected override RowMapper MakeMapper(DataViewSchema inputSchema) => new Mapper(_output, _inputs, inputSchema);

    private sealed class Mapper : RowMapper
    {
        private readonly DataViewSchema.Column[] _sources;
        private readonly PrimitiveDataViewType _item;

        public Mapper(string output, string[] inputs, DataViewSchema schema)
        {
            _sources = [.. inputs.Select(name => schema.Find(name, "inputSchema", "input"))];
            _item = RawTypes.ItemOf(_sources[0].Type) as PrimitiveDataViewType
                ?? throw Errors.SchemaMismatch("inputSchema", "input", inputs[0], "a primitive type or a vector", _sources[0].Type.ToString());
            int size = 0;
            bool known = true;
            foreach (DataViewSchema.Column source in _sources)
            {
                if (!RawTypes.ItemOf(source.Type).Equals(_item))
                    throw Errors.SchemaMismatch("inputSchema", "input", source.Name, _item.ToString(), source.Type.ToString());
                int length = source.Type is VectorDataViewType vector ? vector.Size : 1;
                known &= length > 0;
                size += length;
            }
            // A single vector passes unchanged.
            OutputColumns = _sources.Length == 1 && _sources[0].Type is VectorDataViewType
                ? [new(output, _sources[0].Type, _sources[0].Annotations)]
                : [new(output, new VectorDataViewType(_item, known ? size : 0), Annotations(known ? size : 0))];
        }

        public override DataViewSchema.DetachedColumn[] OutputColumns { get; }

        public override void MarkDependencies(bool[] activeOutputs, bool[] inputs)
        {
            foreach (DataViewSchema.Column source in _sources)
                inputs[source.Index] |= activeOutputs[0];
        }

        public override Delegate[] CreateGetters(DataViewRow input, bool[] activeOutputs, ICollection<Action> onDispose) =>
            [activeOutputs[0] ? Generic.Call<Delegate>(Getter<int>, _item.RawType, input, _sources) : null];

        private static ValueGetter<VBuffer<T>> Getter<T>(DataViewRow row, DataViewSchema.Column[] sources)
        {
            Delegate[] parts = [.. sources.Select(source => Generic.Getter(row, source))];
            var buffers = new VBuffer<T>[parts.Length];
            return (ref VBuffer<T> value) =>
            {
                int length = 0;
                for (int i = 0; i < parts.Length; i++)
                {
                    if (parts[i] is ValueGetter<VBuffer<T>> vector)
                    {
                        vector(ref buffers[i]);
                    }
                    else
                    {
                        VBufferEditor<T> one = VBufferEditor.Create(ref buffers[i], 1);
                        ((ValueGetter<T>)parts[i])(ref one.Values[0]);
                        buffers[i] = one.Commit();
                    }
                    length += buffers[i].Length;
                }
                VBufferEditor<T> editor = VBufferEditor.Create(ref value, length);
                int at = 0;
                foreach (VBuffer<T> buffer in buffers)
                {
                    buffer.CopyTo(editor.Values, at);
                    at += buffer.Length;
                }
                value = editor.Commit();
            };
        }

        private DataViewSchema.Annotations Annotations(int size)
        {
            var builder = new DataViewSchema.Annotations.Builder();
            if (_item is NumberDataViewType && Array.TrueForAll(_sources, source => source.IsNormalized()))
                builder.AddPrimitiveValue(AnnotationKinds.IsNormalized, BooleanDataViewType.Instance, true);
            if (size > 0 && _sources.Any(source => source.Type is not VectorDataViewType || source.HasSlotNames()))
            {
                var names = new VBuffer<ReadOnlyMemory<char>>(size, [.. _sources.SelectMany(SlotNames)]);
                builder.Add(AnnotationKinds.SlotNames, new VectorDataViewType(TextDataViewType.Instance, size),
                    (ref VBuffer<ReadOnlyMemory<char>> value) => names.CopyTo(ref value));
            }
            return builder.ToAnnotations();
        }

        // A scalar's slot has the column's name, a vector's slot "column.slot", or none.
        private static IEnumerable<ReadOnlyMemory<char>> SlotNames(DataViewSchema.Column source)
        {
            if (source.Type is not VectorDataViewType)
                return [source.Name.AsMemory()];
            VBuffer<ReadOnlyMemory<char>> names = default;
            source.GetSlotNames(ref names);
            return names.DenseValues().Select(name => name.IsEmpty ? name : $"{source.Name}.{name}".AsMemory());
        }
    }
}
