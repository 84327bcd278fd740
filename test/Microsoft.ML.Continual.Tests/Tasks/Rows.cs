using Microsoft.ML.Data;

namespace Microsoft.ML.Continual.Tests.Tasks;

/// <summary>Views of labels for the tests.</summary>
internal static class Rows
{
    public static IDataView Of<T>(MLContext mlContext, params T[] labels) =>
        mlContext.Data.LoadFromEnumerable(labels.Select((label, i) => new LabelledRow<T> { Label = label, Number = i }).ToArray());

    /// <summary>The column <c>Number</c> of a view.</summary>
    public static int[] NumbersOf(IDataView view)
    {
        var numbers = new List<int>();
        DataViewSchema.Column column = view.Schema["Number"];
        using DataViewRowCursor cursor = view.GetRowCursor([column]);
        ValueGetter<int> getter = cursor.GetGetter<int>(column);
        while (cursor.MoveNext())
        {
            int number = 0;
            getter(ref number);
            numbers.Add(number);
        }
        return [.. numbers];
    }

    /// <summary>The labels of a view as <see cref="Continual.Tasks.LabelColumn"/> reads them.</summary>
    public static object?[] LabelsOf(IDataView view, string columnName = "Label")
    {
        var labels = Continual.Tasks.LabelColumn.Create(view.Schema, columnName);
        var values = new List<object?>();
        using DataViewRowCursor cursor = view.GetRowCursor([labels.Column]);
        Func<long, object?> read = labels.Bind(cursor);
        for (int row = 0; cursor.MoveNext(); row++) values.Add(read(row));
        return [.. values];
    }

    public sealed class LabelledRow<T>
    {
        public T Label { get; set; } = default!;
        public int Number { get; set; }
    }

    public sealed class KeyRow
    {
        [KeyType(5)]
        public uint Label { get; set; }
        public int Number { get; set; }
    }
}
