using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Tasks;

namespace Microsoft.ML.Continual.Inference;

/// <summary>
/// How the columns of a scored view follow from those of its source: all source columns in their places, then the label as a key over
/// the classes seen (where the source has the label column, which it hides), then score and predicted label.
/// </summary>
internal sealed class OutputLayout
{
    private readonly int _sourceCount;
    private readonly ClassRegistry _classes;
    private readonly ImageColumnReader _images;
    private readonly LabelColumn? _label;

    /// <exception cref="ArgumentException">The image column is missing or of another type, or the labels are of another type than the classes.</exception>
    public OutputLayout(DataViewSchema source, MethodOptions options, ClassRegistry classes, OutputColumns columns)
    {
        (Source, _sourceCount, _classes) = (source, source.Count, classes);
        _images = ImageColumnReader.Create(source, options.ImageColumnName);
        if (source.GetColumnOrNull(options.LabelColumnName) is not null) _label = LabelColumn.Create(source, options.LabelColumnName, classes);
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(source);
        foreach (DataViewSchema.DetachedColumn column in columns.ForSchema(_label is not null))
            builder.AddColumn(column.Name, column.Type, column.Annotations);
        Schema = builder.ToSchema();
    }

    /// <summary>The source's columns.</summary>
    public DataViewSchema Source { get; }

    /// <summary>The scored view's columns.</summary>
    public DataViewSchema Schema { get; }

    /// <summary>Reads the images of a source row or cursor.</summary>
    public Func<long, HostImage> ReadImages(DataViewRow row) => _images.Bind(row);

    /// <summary>Re-expresses the labels of a source row or cursor.</summary>
    public LabelMapping MapLabel(DataViewRow row) => new(_label!, row, _classes);

    /// <summary>Where an output column comes from.</summary>
    public OutputKind KindOf(DataViewSchema.Column column) => KindOf(column.Index);

    private OutputKind KindOf(int index) =>
        index < _sourceCount ? OutputKind.Source : OutputKind.Label + (index - _sourceCount + (_label is null ? 1 : 0));

    /// <summary>Flags by output index from the columns that a reader asked for.</summary>
    public bool[] Activate(IEnumerable<DataViewSchema.Column> columns)
    {
        bool[] active = new bool[Schema.Count];
        foreach (DataViewSchema.Column column in columns)
        {
            if (column.Index >= active.Length || Schema[column.Index].Name != column.Name)
                throw new ArgumentOutOfRangeException(nameof(columns), $"The column '{column.Name}' is not one of this view's columns.");
            active[column.Index] = true;
        }
        return active;
    }

    /// <summary>Whether a column of this kind, other than <see cref="OutputKind.Source"/>, is active.</summary>
    public bool IsActive(bool[] active, OutputKind kind)
    {
        for (int i = _sourceCount; i < active.Length; i++)
            if (active[i] && KindOf(i) == kind) return true;
        return false;
    }

    /// <summary>Whether a column of this view is active.</summary>
    public bool IsActive(bool[] active, DataViewSchema.Column column) => column.Index < active.Length && active[column.Index];

    /// <summary>Whether images must be scored.</summary>
    public bool NeedsScores(bool[] active) => IsActive(active, OutputKind.Score) || IsActive(active, OutputKind.PredictedLabel);

    /// <summary>The source columns that the active columns are made of.</summary>
    public IEnumerable<DataViewSchema.Column> Dependencies(bool[] active)
    {
        bool images = NeedsScores(active), labels = IsActive(active, OutputKind.Label);
        return Source.Where(c => active[c.Index] || images && c.Index == _images.Column.Index || labels && c.Index == _label!.Column.Index);
    }

    /// <exception cref="InvalidOperationException">The column is not active.</exception>
    public void RequireActive(bool[] active, DataViewSchema.Column column)
    {
        if (!IsActive(active, column))
            throw new InvalidOperationException($"The column '{column.Name}' is not active in this row or cursor: ask for it when the cursor is made.");
    }

    /// <summary>The getter with its type, or an error that names both types.</summary>
    public static ValueGetter<TValue> Cast<TValue>(Delegate getter, DataViewSchema.Column column) => getter as ValueGetter<TValue>
        ?? throw new InvalidOperationException($"The column '{column.Name}' holds {column.Type.RawType}; a getter of {typeof(TValue)} was asked for.");
}
