using Microsoft.ML.Data;

namespace Microsoft.ML;

/// <summary>Looks at data while debugging: it reads rows at once.</summary>
public static class DebuggerExtensions
{
    /// <summary>The first rows of a view.</summary>
    public static DataDebuggerPreview Preview(this IDataView data, int maxRows = 100)
    {
        ArgumentNullException.ThrowIfNull(data);
        Errors.CheckParam(maxRows >= 0, nameof(maxRows), "Must be non-negative.");
        return new DataDebuggerPreview(data, maxRows);
    }

    /// <summary>The first rows of a view after a transformer.</summary>
    public static DataDebuggerPreview Preview(this ITransformer transformer, IDataView data, int maxRows = 100)
    {
        ArgumentNullException.ThrowIfNull(transformer);
        ArgumentNullException.ThrowIfNull(data);
        Errors.CheckParam(maxRows >= 0, nameof(maxRows), "Must be non-negative.");
        return new DataDebuggerPreview(transformer.Transform(data), maxRows);
    }
}
