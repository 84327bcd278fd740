namespace Microsoft.ML.Data;

/// <summary>Gives the size of a vector member.</summary>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property, AllowMultiple = false, Inherited = true)]
public sealed class VectorTypeAttribute : Attribute
{
    /// <summary>A vector of varying size.</summary>
    public VectorTypeAttribute()
    {
    }

    /// <param name="size">The length; 0 if it varies.</param>
    public VectorTypeAttribute(int size)
    {
        Errors.CheckParam(size >= 0, nameof(size), "Should be non-negative number");
        Dimensions = [size];
    }

    /// <param name="dimensions">The lengths of the axes; 0 for one that varies.</param>
    public VectorTypeAttribute(params int[] dimensions)
    {
        foreach (int size in dimensions)
            Errors.CheckParam(size >= 0, nameof(dimensions), "Should contain only non-negative values");
        Dimensions = dimensions;
    }

    internal int[] Dimensions { get; }
}
