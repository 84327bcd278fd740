namespace Microsoft.ML.Data;

/// <summary>Text, read as <see cref="ReadOnlyMemory{T}"/> of char; empty is missing.</summary>
public sealed class TextDataViewType : PrimitiveDataViewType
{
    private TextDataViewType() : base(typeof(ReadOnlyMemory<char>))
    {
    }

    /// <summary>The only instance.</summary>
    public static TextDataViewType Instance { get; } = new();

    /// <inheritdoc/>
    public override bool Equals(DataViewType other) => ReferenceEquals(other, this);

    /// <inheritdoc/>
    public override string ToString() => "String";
}
