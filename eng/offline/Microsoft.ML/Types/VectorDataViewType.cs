using System.Collections.Immutable;

namespace Microsoft.ML.Data;

/// <summary>A vector of primitives, read as <see cref="VBuffer{T}"/>. Size 0 means: each row has its own.</summary>
public sealed class VectorDataViewType : StructuredDataViewType
{
    /// <param name="itemType">The type of an element.</param>
    /// <param name="size">The length; 0 if it varies.</param>
    public VectorDataViewType(PrimitiveDataViewType itemType, int size = 0) : this(itemType, ImmutableArray.Create(size))
    {
    }

    /// <param name="itemType">The type of an element.</param>
    /// <param name="dimensions">The lengths of the axes, row-major; 0 for one that varies.</param>
    public VectorDataViewType(PrimitiveDataViewType itemType, params int[] dimensions)
        : this(itemType, dimensions is null ? ImmutableArray<int>.Empty : ImmutableArray.Create(dimensions))
    {
    }

    /// <inheritdoc cref="VectorDataViewType(PrimitiveDataViewType, int[])"/>
    public VectorDataViewType(PrimitiveDataViewType itemType, ImmutableArray<int> dimensions) : base(BufferOf(itemType))
    {
        Errors.CheckParam(!dimensions.IsDefaultOrEmpty, nameof(dimensions), "At least one dimension is needed.");
        Errors.CheckParam(dimensions.All(d => d >= 0), nameof(dimensions), "A dimension cannot be negative.");
        ItemType = itemType;
        Dimensions = dimensions;
        Size = dimensions.Aggregate(1, (product, d) => checked(product * d));
    }

    /// <summary>The lengths of the axes.</summary>
    public ImmutableArray<int> Dimensions { get; }

    /// <summary>True if all rows have the same, known length.</summary>
    public bool IsKnownSize => Size > 0;

    /// <summary>The type of an element.</summary>
    public PrimitiveDataViewType ItemType { get; }

    /// <summary>The product of the dimensions; 0 if it varies.</summary>
    public int Size { get; }

    /// <inheritdoc/>
    public override bool Equals(DataViewType other) =>
        other is VectorDataViewType vector && ItemType.Equals(vector.ItemType) && Dimensions.AsSpan().SequenceEqual(vector.Dimensions.AsSpan());

    /// <inheritdoc/>
    public override bool Equals(object other) => other is DataViewType type && Equals(type);

    /// <inheritdoc/>
    public override int GetHashCode() => Dimensions.Aggregate(HashCode.Combine(ItemType, Size), HashCode.Combine);

    /// <summary>For example <c>Vector&lt;Single, 4&gt;</c>, or <c>Vector&lt;Single&gt;</c> where the size varies.</summary>
    public override string ToString()
    {
        string dimensions = Dimensions.Length == 1
            ? Size > 0 ? $", {Size}" : ""
            : string.Concat(Dimensions.Select(d => d > 0 ? $", {d}" : ", *"));
        return $"Vector<{ItemType}{dimensions}>";
    }

    private static Type BufferOf(PrimitiveDataViewType itemType) =>
        typeof(VBuffer<>).MakeGenericType((itemType ?? throw new ArgumentNullException(nameof(itemType))).RawType);
}
