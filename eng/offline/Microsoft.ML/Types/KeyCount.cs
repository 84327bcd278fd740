namespace Microsoft.ML.Data;

/// <summary>The number of categories of a key, or unknown.</summary>
public sealed class KeyCount
{
    /// <summary>Unknown: the largest the type can hold.</summary>
    public KeyCount()
    {
    }

    /// <param name="count">The number of categories, at least 1.</param>
    public KeyCount(ulong count)
    {
        Errors.CheckParam(count > 0, nameof(count), "Key count must be positive.");
        Count = count;
    }

    /// <summary>The number of categories.</summary>
    public ulong? Count;
}
