namespace Microsoft.ML.Data;

/// <summary>Marks a member whose column type is registered by the attribute, as images are.</summary>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property, AllowMultiple = false, Inherited = true)]
public abstract class DataViewTypeAttribute : Attribute, IEquatable<DataViewTypeAttribute>
{
    /// <summary>Registers the column type with <see cref="DataViewTypeManager"/>.</summary>
    public abstract void Register();

    /// <summary>True if both stand for the same column type.</summary>
    public abstract bool Equals(DataViewTypeAttribute other);
}
