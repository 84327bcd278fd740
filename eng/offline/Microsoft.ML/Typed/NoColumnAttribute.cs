namespace Microsoft.ML.Data;

/// <summary>Keeps a member out of the view.</summary>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property, AllowMultiple = false, Inherited = true)]
public sealed class NoColumnAttribute : Attribute
{
    /// <summary>Keeps the member out.</summary>
    public NoColumnAttribute()
    {
    }
}
