namespace Microsoft.ML.Continual.Data;

/// <summary>Where a task's decoded images come from.</summary>
internal interface IImageSource
{
    /// <summary>How far a row may stand from its place in reading order: see <see cref="RowOrder.Shuffle"/>.</summary>
    int Window { get; }

    /// <summary>The images of some rows in a given order. Runs on a background thread.</summary>
    IEnumerable<HostImage> Read(IReadOnlyList<int> order, CancellationToken cancellationToken);
}
