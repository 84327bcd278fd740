namespace Microsoft.ML.Data;

/// <summary>Makes the column of an unsigned member a key. The member is 0-based: v is stored as v + 1, a value outside the count as 0, missing.</summary>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property, AllowMultiple = false, Inherited = true)]
public sealed class KeyTypeAttribute : Attribute
{
    /// <summary>A key of as many categories as the type can hold.</summary>
    public KeyTypeAttribute()
    {
    }

    /// <param name="count">The number of categories.</param>
    public KeyTypeAttribute(ulong count) => KeyCount = new KeyCount(count);

    internal KeyCount KeyCount { get; }
}
