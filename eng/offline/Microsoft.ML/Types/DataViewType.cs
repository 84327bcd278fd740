namespace Microsoft.ML.Data;

/// <summary>The type of a column: what is stored, and in which .NET type it is read.</summary>
public abstract class DataViewType : IEquatable<DataViewType>
{
    private protected DataViewType(Type rawType) => RawType = rawType ?? throw new ArgumentNullException(nameof(rawType));

    /// <summary>The type a <see cref="ValueGetter{TValue}"/> of such a column writes.</summary>
    public Type RawType { get; }

    /// <summary>True for the same type, cardinality and dimensions.</summary>
    public abstract bool Equals(DataViewType other);
}
