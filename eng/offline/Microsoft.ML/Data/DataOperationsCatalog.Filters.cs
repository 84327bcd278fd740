using Microsoft.ML.Data;

namespace Microsoft.ML;

public sealed partial class DataOperationsCatalog
{
    /// <summary>Keeps the rows whose value lies in a range. NaN lies in none.</summary>
    /// <param name="input">The rows.</param>
    /// <param name="columnName">A column of Single or Double.</param>
    /// <param name="lowerBound">The lower bound, inclusive.</param>
    /// <param name="upperBound">The upper bound, exclusive.</param>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing or has another type.</exception>
    public IDataView FilterRowsByColumn(
        IDataView input, string columnName, double lowerBound = double.NegativeInfinity, double upperBound = double.PositiveInfinity)
    {
        ArgumentNullException.ThrowIfNull(input);
        Errors.CheckNonEmpty(columnName, nameof(columnName));
        Errors.CheckParam(lowerBound < upperBound, nameof(upperBound), "Must be less than lowerBound");
        DataViewSchema.Column column = input.Schema[columnName];
        if (column.Type is not NumberDataViewType)
            throw Errors.SchemaMismatch(nameof(columnName), "filter", columnName, "number", column.Type.ToString());
        return RangeFilter.Create(input, column, value => lowerBound <= value && value < upperBound);
    }

    /// <summary>Keeps the rows whose key lies in a range, as (key - 0.5) / count; missing keys lie in none.</summary>
    /// <param name="input">The rows.</param>
    /// <param name="columnName">A key column.</param>
    /// <param name="lowerBound">The lower bound, inclusive, 0 to 1.</param>
    /// <param name="upperBound">The upper bound, 0 to 1; exclusive, unless it is 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing or has another type.</exception>
    public IDataView FilterRowsByKeyColumnFraction(IDataView input, string columnName, double lowerBound = 0, double upperBound = 1)
    {
        ArgumentNullException.ThrowIfNull(input);
        Errors.CheckNonEmpty(columnName, nameof(columnName));
        Errors.CheckParam(lowerBound is >= 0 and <= 1, nameof(lowerBound), "Must be in [0, 1]");
        Errors.CheckParam(upperBound is >= 0 and <= 1, nameof(upperBound), "Must be in [0, 1]");
        Errors.CheckParam(lowerBound <= upperBound, nameof(upperBound), "Must be no less than lowerBound");
        DataViewSchema.Column column = input.Schema[columnName];
        if (column.Type is not KeyDataViewType)
            throw Errors.SchemaMismatch(nameof(columnName), "filter", columnName, "KeyType", column.Type.ToString());
        return RangeFilter.Create(input, column, value => lowerBound <= value && (value < upperBound || (upperBound == 1 && value <= 1)));
    }

    /// <summary>Drops the rows in which one of the columns is missing: NaN, or the key 0; for a vector, one of its elements.</summary>
    public IDataView FilterRowsByMissingValues(IDataView input, params string[] columns)
    {
        ArgumentNullException.ThrowIfNull(input);
        Errors.CheckParam(columns is { Length: > 0 }, nameof(columns), "At least one column is needed.");
        DataViewSchema.Column[] checkedColumns = [.. columns.Select(name => input.Schema.Find(name, nameof(columns), "source"))];
        return new FilteredView(input, checkedColumns, row =>
        {
            Func<bool>[] tests = [.. checkedColumns.Select(column => MissingFilter.HasNone(row, column))];
            return () => Array.TrueForAll(tests, test => test());
        });
    }

    /// <summary>The first rows.</summary>
    public IDataView TakeRows(IDataView input, long count)
    {
        ArgumentNullException.ThrowIfNull(input);
        Errors.CheckParam(count > 0, nameof(count), "Must be greater than zero.");
        return new SkipTakeView(input, 0, count);
    }

    /// <summary>The rows after the first ones.</summary>
    public IDataView SkipRows(IDataView input, long count)
    {
        ArgumentNullException.ThrowIfNull(input);
        Errors.CheckParam(count > 0, nameof(count), "Must be greater than zero.");
        return new SkipTakeView(input, count, long.MaxValue);
    }

    /// <summary>The rows in random order, the same in each pass. Columns that cannot be copied (images) are left out, as in ML.NET.</summary>
    /// <param name="input">The rows.</param>
    /// <param name="seed">The seed; null for the context's.</param>
    /// <param name="shufflePoolSize">How many rows are held at a time to draw from.</param>
    /// <param name="shuffleSource">Whether the source is asked for a random order too, where it can give one.</param>
    public IDataView ShuffleRows(IDataView input, int? seed = null, int shufflePoolSize = 1000, bool shuffleSource = true)
    {
        ArgumentNullException.ThrowIfNull(input);
        Errors.CheckParam(shufflePoolSize > 0, nameof(shufflePoolSize), "Must be positive");
        return new ShuffledView(input, seed ?? _environment.Register("Shuffle").Rand.Next(), shufflePoolSize, shuffleSource);
    }

    /// <summary>Keeps the values of columns in memory once they have been read. Columns that cannot be copied (images) are left out, as in ML.NET.</summary>
    /// <param name="input">The rows.</param>
    /// <param name="columnsToPrefetch">Columns to read at once.</param>
    public IDataView Cache(IDataView input, params string[] columnsToPrefetch)
    {
        ArgumentNullException.ThrowIfNull(input);
        var view = new CachedView(input);
        var wanted = new bool[view.Schema.Count];
        foreach (string name in columnsToPrefetch ?? [])
        {
            DataViewSchema.Column column = input.Schema.Find(name, nameof(columnsToPrefetch), "prefetch");
            Errors.Check(RawTypes.CanCopy(column.Type), $"Asked to prefetch column '{name}' into cache, but it is of unhandled type '{column.Type}'");
            wanted[view.Schema[name].Index] = true;
        }
        if (wanted.Contains(true))
            view.Fill(wanted);
        return view;
    }
}
