namespace Microsoft.ML.Continual.Data;

/// <summary>Decoded images kept in memory.</summary>
internal sealed class CachedImages(IReadOnlyList<HostImage> images) : IImageSource
{
    public int Window => images.Count;

    public IEnumerable<HostImage> Read(IReadOnlyList<int> order, CancellationToken cancellationToken) => order.Select(row => images[row]);
}
