using Microsoft.ML.Data;

namespace Microsoft.ML.Continual.Tasks;

/// <summary>A column that several views have. A key is joined by its values: numbered anew over the values of all views.</summary>
internal sealed class JoinedColumn
{
    private const string KeyValues = "KeyValues";

    private readonly DataViewSchema.Column[] _sources;   // by view
    private readonly ClassRegistry? _values;             // of a key that has values, 0-based

    private JoinedColumn(DataViewSchema.Column[] sources, DataViewType type, ClassRegistry? values) => (_sources, Type, _values) = (sources, type, values);

    /// <summary>The name.</summary>
    public string Name => _sources[0].Name;

    /// <summary>The joined type.</summary>
    public DataViewType Type { get; }

    /// <summary>The joined annotations: the key values of all views, or what the first view has.</summary>
    public DataViewSchema.Annotations Annotations
    {
        get
        {
            if (_values is not { Count: > 0 }) return _sources[0].Annotations;
            var builder = new DataViewSchema.Annotations.Builder();
            _values.AddKeyValuesTo(builder, KeyValues);
            return builder.ToAnnotations();
        }
    }

    /// <summary>The column in a view.</summary>
    public DataViewSchema.Column In(int view) => _sources[view];

    /// <summary>Joins the columns of one name.</summary>
    /// <param name="sources">The column in each view, at least one.</param>
    /// <param name="views">What messages call the views.</param>
    /// <exception cref="ArgumentException">Their types differ.</exception>
    public static JoinedColumn Create(DataViewSchema.Column[] sources, IReadOnlyList<string> views)
    {
        bool keys = sources[0].Type is KeyDataViewType, valued = HasValues(sources[0]);
        for (int i = 1; i < sources.Length; i++)
        {
            if (keys ? sources[i].Type is not KeyDataViewType || HasValues(sources[i]) != valued : !sources[i].Type.Equals(sources[0].Type))
                throw new ArgumentException($"Column '{sources[0].Name}': expected the type {Words(sources[0])} as in '{views[0]}', found {Words(sources[i])} in '{views[i]}'.");
        }
        if (!keys) return new JoinedColumn(sources, sources[0].Type, null);
        if (!valued) return new JoinedColumn(sources, new KeyDataViewType(typeof(uint), sources.Max(s => ((KeyDataViewType)s.Type).Count)), null);
        var values = new ClassRegistry();
        for (int i = 0; i < sources.Length; i++)
        {
            LabelKind? kind = LabelKind.For(((VectorDataViewType)sources[i].Annotations.Schema[KeyValues].Type).ItemType);
            if (kind is null || values.Kind is { } known && kind != known)
                throw new ArgumentException($"Column '{sources[0].Name}': expected a key with values of {values.Kind?.Name ?? "text or numbers"}, found {Words(sources[i])} in '{views[i]}'.");
            foreach (object? value in kind.ReadAnnotation(sources[i], KeyValues))
                if (value is not null) values.Add(value);
        }
        return new JoinedColumn(sources, new KeyDataViewType(typeof(uint), Math.Max(1, values.Count)), values);
    }

    /// <summary>The column's values in a row of a view, in the joined type.</summary>
    public ValueGetter<T> Bind<T>(DataViewRow row, int view)
    {
        if (Type is not KeyDataViewType) return row.GetGetter<T>(_sources[view]);
        Func<long, object?> read = LabelColumn.Create(row.Schema, Name, role: "key").Bind(row);
        ValueGetter<uint> getter = (ref uint key) => key = read(row.Position) is not { } value ? 0 : _values is null ? (uint)value : (uint)_values.IndexOf(value) + 1;
        return (ValueGetter<T>)(Delegate)getter;
    }

    private static bool HasValues(DataViewSchema.Column column) => column.Annotations.Schema.GetColumnOrNull(KeyValues)?.Type is VectorDataViewType;

    private static string Words(DataViewSchema.Column column) =>
        column.Type is KeyDataViewType && HasValues(column) ? $"{column.Type} with values of type {((VectorDataViewType)column.Annotations.Schema[KeyValues].Type).ItemType}" : $"{column.Type}";
}
