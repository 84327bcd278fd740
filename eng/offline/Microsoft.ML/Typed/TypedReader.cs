using System.Linq.Expressions;

namespace Microsoft.ML.Data;

/// <summary>Fills user objects from rows. Keys come as they are stored: 1-based, 0 missing.</summary>
internal sealed class TypedReader<TRow> where TRow : class
{
    private readonly (TypedColumn Member, DataViewSchema.Column Column)[] _bindings;

    public TypedReader(DataViewSchema schema, bool ignoreMissingColumns, SchemaDefinition definition)
    {
        TypedColumn[] members = definition is null
            ? TypedColumn.Create(typeof(TRow), SchemaDefinition.Direction.Write)
            : TypedColumn.Create(typeof(TRow), definition);
        var bindings = new List<(TypedColumn, DataViewSchema.Column)>();
        foreach (TypedColumn member in members)
        {
            if (schema.GetColumnOrNull(member.Name) is not DataViewSchema.Column column)
            {
                if (ignoreMissingColumns)
                    continue;
                throw Errors.MissingColumn("Schema", "", member.Name);
            }
            Type item = RawTypes.ItemOf(member.MemberType, out bool isVector);
            Errors.Check(isVector == column.Type is VectorDataViewType && RawTypes.ItemOf(column.Type).RawType == item,
                $"Can't bind the IDataView column '{member.Name}' of type '{column.Type}' to field or property '{member.Member.Name}' of type '{member.MemberType.FullName}'.");
            bindings.Add((member, column));
        }
        _bindings = [.. bindings];
    }

    public IEnumerable<DataViewSchema.Column> Columns => _bindings.Select(binding => binding.Column);

    /// <summary>The action that copies the present values of a row into an object.</summary>
    public Action<TRow> Filler(DataViewRow row)
    {
        Action<TRow>[] setters = [.. _bindings.Select(binding => Setter(row, binding.Member, binding.Column))];
        return target =>
        {
            foreach (Action<TRow> set in setters)
                set(target);
        };
    }

    private static Action<TRow> Setter(DataViewRow row, TypedColumn member, DataViewSchema.Column column)
    {
        Type type = member.MemberType;
        Type item = RawTypes.ItemOf(column.Type).RawType;
        if (type == typeof(string))
        {
            Action<TRow, string> write = Writer<string>(member);
            ValueGetter<ReadOnlyMemory<char>> get = row.GetGetter<ReadOnlyMemory<char>>(column);
            return target =>
            {
                ReadOnlyMemory<char> value = default;
                get(ref value);
                write(target, value.ToString());
            };
        }
        if (type == typeof(string[]))
            return TextArray(row, member, column);
        if (type.IsArray)
            return Generic.Call<Action<TRow>>(Array<int>, item, row, member, column);
        return column.Type is VectorDataViewType
            ? Generic.Call<Action<TRow>>(Vector<int>, item, row, member, column)
            : Generic.Call<Action<TRow>>(Scalar<int>, item, row, member, column);
    }

    private static Action<TRow> Scalar<T>(DataViewRow row, TypedColumn member, DataViewSchema.Column column)
    {
        Action<TRow, T> write = Writer<T>(member);
        ValueGetter<T> get = row.GetGetter<T>(column);
        return target =>
        {
            T value = default;
            get(ref value);
            write(target, value);
        };
    }

    private static Action<TRow> Vector<T>(DataViewRow row, TypedColumn member, DataViewSchema.Column column)
    {
        Action<TRow, VBuffer<T>> write = Writer<VBuffer<T>>(member);
        Func<TRow, VBuffer<T>> read = OldValue<VBuffer<T>>(member);
        ValueGetter<VBuffer<T>> get = row.GetGetter<VBuffer<T>>(column);
        return target =>
        {
            VBuffer<T> value = read(target);
            get(ref value);
            write(target, value);
        };
    }

    private static Action<TRow> Array<T>(DataViewRow row, TypedColumn member, DataViewSchema.Column column)
    {
        Action<TRow, T[]> write = Writer<T[]>(member);
        Func<TRow, T[]> read = OldValue<T[]>(member);
        ValueGetter<VBuffer<T>> get = row.GetGetter<VBuffer<T>>(column);
        VBuffer<T> value = default;
        return target =>
        {
            get(ref value);
            // A row object that is reused keeps its arrays where the length stays.
            T[] array = read(target);
            if (array?.Length != value.Length)
                array = new T[value.Length];
            value.CopyTo(array);
            write(target, array);
        };
    }

    private static Action<TRow> TextArray(DataViewRow row, TypedColumn member, DataViewSchema.Column column)
    {
        Action<TRow, string[]> write = Writer<string[]>(member);
        ValueGetter<VBuffer<ReadOnlyMemory<char>>> get = row.GetGetter<VBuffer<ReadOnlyMemory<char>>>(column);
        VBuffer<ReadOnlyMemory<char>> value = default;
        return target =>
        {
            get(ref value);
            write(target, [.. value.DenseValues().Select(text => text.ToString())]);
        };
    }

    private static Action<TRow, T> Writer<T>(TypedColumn member)
    {
        ParameterExpression row = Expression.Parameter(typeof(TRow));
        ParameterExpression value = Expression.Parameter(typeof(T));
        return Expression.Lambda<Action<TRow, T>>(Expression.Assign(Expression.MakeMemberAccess(row, member.Member), value), row, value).Compile();
    }

    private static Func<TRow, T> OldValue<T>(TypedColumn member)
    {
        if (member.Member is System.Reflection.PropertyInfo { CanRead: false })
            return _ => default;
        ParameterExpression row = Expression.Parameter(typeof(TRow));
        return Expression.Lambda<Func<TRow, T>>(Expression.MakeMemberAccess(row, member.Member), row).Compile();
    }
}
