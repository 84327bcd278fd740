namespace Microsoft.ML;

/// <summary>Where a component writes itself. Only ML.NET makes one; it tells nothing to code outside.</summary>
public sealed class ModelSaveContext : IDisposable
{
    internal ModelSaveContext()
    {
    }

    /// <summary>Closes the context.</summary>
    public void Dispose()
    {
    }
}
