namespace Microsoft.ML.Continual.Data;

/// <summary>A task's images as a method sees them that keeps some, beside the batches it is shown.</summary>
internal interface ITaskImages
{
    /// <summary>The class index of each of the task's rows.</summary>
    IReadOnlyList<int> Labels { get; }

    /// <summary>The number of images that an epoch visits.</summary>
    int EpochLength { get; }

    /// <summary>Images of the task as they came: decoded, of their own size, without augmentation. Streamed views are read once more.</summary>
    /// <param name="rows">Rows of the task; the images come in this order.</param>
    IReadOnlyList<HostImage> Read(IReadOnlyList<int> rows);

    /// <summary>
    /// Lets every epoch of this task visit remembered images too, as if they were rows after the task's own, in the same views. Called before the first epoch, once.
    /// </summary>
    /// <param name="images">The remembered images: rows Count, Count + 1, … of the batches.</param>
    /// <param name="labels">Their class indices.</param>
    /// <param name="heldOut">Rows of the task that no epoch visits.</param>
    void Rehearse(IReadOnlyList<HostImage> images, IReadOnlyList<int> labels, IReadOnlySet<int> heldOut);
}
