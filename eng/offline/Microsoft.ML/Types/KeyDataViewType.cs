namespace Microsoft.ML.Data;

/// <summary>
/// One of <see cref="Count"/> categories. The stored value is 1-based: 1 … <see cref="Count"/>, and 0 is missing.
/// </summary>
public sealed class KeyDataViewType : PrimitiveDataViewType
{
    /// <param name="type">byte, ushort, uint or ulong.</param>
    /// <param name="count">The number of categories, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">Another type, or a count that it cannot hold.</exception>
    public KeyDataViewType(Type type, ulong count) : base(type)
    {
        Errors.CheckParam(IsValidDataType(type), nameof(type), "Type is not valid, it must be Byte, UInt16, UInt32, or UInt64.");
        Errors.CheckParam(count > 0 && count <= MaxCount(type), nameof(count),
            $"The cardinality of a {nameof(KeyDataViewType)} must not exceed {type.Name}.MaxValue and must be strictly positive, but got {count}.");
        Count = count;
    }

    /// <inheritdoc cref="KeyDataViewType(Type, ulong)"/>
    public KeyDataViewType(Type type, int count) : this(type, count < 0 ? 0UL : (ulong)count)
    {
    }

    /// <summary>The number of categories.</summary>
    public ulong Count { get; }

    /// <summary>True for byte, ushort, uint and ulong.</summary>
    public static bool IsValidDataType(Type type) =>
        type == typeof(uint) || type == typeof(ulong) || type == typeof(ushort) || type == typeof(byte);

    /// <inheritdoc/>
    public override bool Equals(DataViewType other) => other is KeyDataViewType key && key.RawType == RawType && key.Count == Count;

    /// <inheritdoc/>
    public override bool Equals(object other) => other is DataViewType type && Equals(type);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(RawType, Count);

    /// <summary>For example <c>Key&lt;UInt32, 0-9&gt;</c>: the range is shown 0-based.</summary>
    public override string ToString() => $"Key<{RawType.Name}, 0-{Count - 1}>";

    internal static ulong MaxCount(Type type) =>
        type == typeof(uint) ? uint.MaxValue : type == typeof(ulong) ? ulong.MaxValue : type == typeof(ushort) ? ushort.MaxValue : byte.MaxValue;
}
