using System.Linq.Expressions;

namespace Microsoft.ML.Data;

/// <summary>Reads members of user objects as columns. Keys go from 0-based members to 1-based columns.</summary>
internal abstract class TypedRow<TRow> : DataViewRow where TRow : class
{
    private readonly Delegate[] _getters;

    protected TypedRow(DataViewSchema schema, TypedColumn[] columns, bool[] active)
    {
        Schema = schema;
        _getters = [.. columns.Select((column, i) => active is null || active[i] ? MakeGetter(column) : null)];
    }

    public sealed override DataViewSchema Schema { get; }

    public override long Batch => 0;

    /// <summary>The user object of the present row.</summary>
    protected abstract TRow Current { get; }

    public override bool IsColumnActive(DataViewSchema.Column column)
    {
        Errors.Check(column.Index < _getters.Length, $"Column index must be between 0 and {_getters.Length}");
        return _getters[column.Index] is not null;
    }

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        Errors.CheckActive(IsColumnActive(column), column);
        return Errors.CastGetter<TValue>(_getters[column.Index], column);
    }

    public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId value) =>
    {
        Errors.Check(Position >= 0, Errors.FetchValueState);
        value = new DataViewRowId((ulong)Position, 0);
    };

    private Delegate MakeGetter(TypedColumn column)
    {
        Type member = column.MemberType;
        Type item = RawTypes.ItemOf(column.Type).RawType;
        if (member == typeof(string))
        {
            Func<TRow, string> read = Reader<string>(column);
            return (ValueGetter<ReadOnlyMemory<char>>)((ref ReadOnlyMemory<char> value) => value = read(Current).AsMemory());
        }
        if (member == typeof(string[]))
            return TextArray(Reader<string[]>(column));
        if (member.IsArray)
            return Generic.Call<Delegate>(Array<int>, item, column);
        if (column.Type is VectorDataViewType)
            return Generic.Call<Delegate>(Vector<int>, item, column);
        return column.Type is KeyDataViewType key
            ? Key(column, key)
            : Generic.Call<Delegate>(Scalar<int>, item, column);
    }

    private static Func<TRow, T> Reader<T>(TypedColumn column)
    {
        ParameterExpression row = Expression.Parameter(typeof(TRow));
        return Expression.Lambda<Func<TRow, T>>(Expression.MakeMemberAccess(row, column.Member), row).Compile();
    }

    private ValueGetter<T> Scalar<T>(TypedColumn column)
    {
        Func<TRow, T> read = Reader<T>(column);
        return (ref T value) => value = read(Current);
    }

    private ValueGetter<VBuffer<T>> Vector<T>(TypedColumn column)
    {
        Func<TRow, VBuffer<T>> read = Reader<VBuffer<T>>(column);
        return (ref VBuffer<T> value) => read(Current).CopyTo(ref value);
    }

    private ValueGetter<VBuffer<T>> Array<T>(TypedColumn column)
    {
        Func<TRow, T[]> read = Reader<T[]>(column);
        return (ref VBuffer<T> value) =>
        {
            T[] source = read(Current) ?? [];
            VBuffer<T>.Copy(source, 0, ref value, source.Length);
        };
    }

    private ValueGetter<VBuffer<ReadOnlyMemory<char>>> TextArray(Func<TRow, string[]> read) => (ref VBuffer<ReadOnlyMemory<char>> value) =>
    {
        string[] source = read(Current) ?? [];
        VBufferEditor<ReadOnlyMemory<char>> editor = VBufferEditor.Create(ref value, source.Length);
        for (int i = 0; i < source.Length; i++)
            editor.Values[i] = source[i].AsMemory();
        value = editor.Commit();
    };

    private Delegate Key(TypedColumn column, KeyDataViewType key)
    {
        ulong last = key.Count - 1;
        if (key.RawType == typeof(uint))
        {
            Func<TRow, uint> read = Reader<uint>(column);
            return (ValueGetter<uint>)((ref uint value) => value = read(Current) is uint v && v <= last ? v + 1 : 0);
        }
        if (key.RawType == typeof(ulong))
        {
            Func<TRow, ulong> read = Reader<ulong>(column);
            return (ValueGetter<ulong>)((ref ulong value) => value = read(Current) is ulong v && v <= last ? v + 1 : 0);
        }
        if (key.RawType == typeof(byte))
        {
            Func<TRow, byte> read = Reader<byte>(column);
            return (ValueGetter<byte>)((ref byte value) => value = read(Current) is byte v && v <= last ? (byte)(v + 1) : (byte)0);
        }
        // ML.NET itself does not read ushort keys from user objects.
        throw new InvalidOperationException($"A key of type {key.RawType.Name} cannot be read from member {column.Member.Name}: use uint, ulong or byte.");
    }
}
