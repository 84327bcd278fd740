namespace Microsoft.ML.Data;

/// <summary>A type that vectors cannot hold: vectors themselves and images.</summary>
public abstract class StructuredDataViewType : DataViewType
{
    /// <param name="rawType">The type its values are read in.</param>
    protected StructuredDataViewType(Type rawType) : base(rawType)
    {
    }
}
