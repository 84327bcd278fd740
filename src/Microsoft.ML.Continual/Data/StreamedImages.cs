using Microsoft.ML.Continual.Tasks;

namespace Microsoft.ML.Continual.Data;

/// <summary>Images read from their view in each pass; at most a window of them is held at once.</summary>
/// <param name="view">The task's view.</param>
/// <param name="imageColumn">The image column.</param>
/// <param name="labelColumn">The label column, read again to notice a view that does not repeat itself.</param>
/// <param name="classOf">The class index of each row, as found in the first pass.</param>
/// <param name="registry">The classes, frozen.</param>
/// <param name="window">The number of rows among which images are shuffled.</param>
internal sealed class StreamedImages(
    IDataView view, ImageColumnReader imageColumn, LabelColumn labelColumn, IReadOnlyList<int> classOf, ClassRegistry registry, int window) : IImageSource
{
    public int Window => window;

    public IEnumerable<HostImage> Read(IReadOnlyList<int> order, CancellationToken cancellationToken)
    {
        var wanted = new HashSet<int>(order);
        var held = new Dictionary<int, HostImage>();
        using DataViewRowCursor cursor = view.GetRowCursor([imageColumn.Column, labelColumn.Column]);
        Func<long, HostImage> readImage = imageColumn.Bind(cursor);
        Func<long, object?> readLabel = labelColumn.Bind(cursor);
        int next = 0;   // the first row not read yet
        foreach (int row in order)
        {
            while (next <= row)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (!cursor.MoveNext())
                    throw Changed($"it had {classOf.Count} rows and now ends after {next}");
                if (wanted.Contains(next))   // the getters of other rows are never called: nothing is decoded in vain
                {
                    if (readLabel(next) is not { } label || registry.IndexOf(label) != classOf[next]) throw Changed($"row {next} has another label than before");
                    held.Add(next, readImage(next));
                }
                next++;
            }
            held.Remove(row, out HostImage? image);
            yield return image!;
        }
    }

    private static InvalidOperationException Changed(string what) => new(
        $"The training view changed between two passes: {what}. With CacheImages off every pass must yield the same rows in the same order.");
}
