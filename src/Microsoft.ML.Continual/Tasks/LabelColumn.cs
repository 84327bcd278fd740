using Microsoft.ML.Data;

namespace Microsoft.ML.Continual.Tasks;

/// <summary>
/// A column of labels of any supported type, read as label values: a key through its <c>KeyValues</c> (or by its number, where it has none),
/// text or a number as it is.
/// </summary>
internal sealed class LabelColumn
{
    private const string KeyValues = "KeyValues";

    private readonly object?[]? _keyValues;   // by key − 1
    private readonly KeyDataViewType? _key;
    private readonly string _role;

    private LabelColumn(DataViewSchema.Column column, LabelKind kind, KeyDataViewType? key, object?[]? keyValues, string role) =>
        (Column, Kind, _key, _keyValues, _role) = (column, kind, key, keyValues, role);

    /// <summary>The column.</summary>
    public DataViewSchema.Column Column { get; }

    /// <summary>The type of the label values.</summary>
    public LabelKind Kind { get; }

    /// <summary>Finds the column and looks at its type; reads no row.</summary>
    /// <param name="schema">The schema of a view.</param>
    /// <param name="name">The column's name.</param>
    /// <param name="registry">The classes so far, whose type the labels must have; null accepts any type.</param>
    /// <param name="role">What messages call the column's values: its labels, or another word where the same types serve another end.</param>
    /// <exception cref="ArgumentException">There is no such column, or its type does not fit.</exception>
    public static LabelColumn Create(DataViewSchema schema, string name, ClassRegistry? registry = null, string role = "label")
    {
        DataViewSchema.Column column = SchemaColumns.Find(schema, name, role);
        var key = column.Type as KeyDataViewType;
        LabelKind? kind;
        object?[]? keyValues = null;
        if (key is null)
        {
            kind = LabelKind.For(column.Type);
        }
        else if (column.Annotations.Schema.GetColumnOrNull(KeyValues)?.Type is VectorDataViewType values)
        {
            kind = LabelKind.For(values.ItemType) ?? throw new ArgumentException(
                $"{Capital(role)} column '{name}': expected a key whose values are text or numbers, found a key with values of type {values.ItemType}.");
            keyValues = kind.ReadAnnotation(column, KeyValues);
        }
        else
        {
            kind = LabelKind.KeyNumber;
        }

        if (kind is null) throw new ArgumentException($"{Capital(role)} column '{name}': expected a key, text or a number, found the type {column.Type}.");
        if (registry?.Kind is { } known && known != kind)
        {
            throw new ArgumentException(
                $"{Capital(role)} column '{name}': expected {role}s of type {known.Name} as in the tasks before, found {kind.Name} (column type {column.Type}).");
        }
        return new LabelColumn(column, kind, key, keyValues, role);
    }

    /// <summary>Reads the labels of a row or cursor. The function takes the row's number for messages and returns null for a missing label.</summary>
    public Func<long, object?> Bind(DataViewRow row)
    {
        if (_key is null)
        {
            Func<object?> read = Kind.Bind(row, Column);
            return _ => read();
        }

        // Keys are 1-based unsigned numbers of one of four widths; 0 is missing.
        Func<ulong> readKey = _key.RawType == typeof(byte) ? BindKey<byte>(row, x => x)
            : _key.RawType == typeof(ushort) ? BindKey<ushort>(row, x => x)
            : _key.RawType == typeof(uint) ? BindKey<uint>(row, x => x)
            : BindKey<ulong>(row, x => x);
        return number =>
        {
            ulong key = readKey();
            if (key == 0) return null;
            if (key > _key.Count || key > uint.MaxValue || _keyValues is not null && key > (ulong)_keyValues.Length)
                throw new InvalidDataException($"{Capital(_role)} column '{Column.Name}', row {number}: the key {key} lies outside its range 1 to {_key.Count}.");
            return _keyValues is null ? (uint)key : _keyValues[key - 1];
        };
    }

    /// <summary>As <see cref="Bind"/>, but a missing label is an error.</summary>
    public Func<long, object> BindRequired(DataViewRow row)
    {
        Func<long, object?> read = Bind(row);
        return number => read(number) ?? throw new InvalidDataException(
            $"{Capital(_role)} column '{Column.Name}', row {number}: the {_role} is missing. Every training row needs one; FilterRowsByMissingValues drops rows without.");
    }

    private static string Capital(string word) => char.ToUpperInvariant(word[0]) + word[1..];

    private Func<ulong> BindKey<T>(DataViewRow row, Func<T, ulong> widen)
    {
        ValueGetter<T> getter = row.GetGetter<T>(Column);
        return () =>
        {
            T key = default!;
            getter(ref key);
            return widen(key);
        };
    }
}
