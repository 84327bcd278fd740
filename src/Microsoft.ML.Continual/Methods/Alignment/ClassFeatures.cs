using Microsoft.ML.Continual.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.Alignment;

/// <summary>Gathers the features of a task's images by class, in one pass over them.</summary>
internal static class ClassFeatures
{
    /// <summary>The features of all images of a task.</summary>
    /// <param name="task">The task.</param>
    /// <param name="features">Makes features of images: some kinds, each [B, D], in the caller's scope.</param>
    /// <returns>For each kind, by class index: [n, D] float32 on the CPU, in the caller's scope.</returns>
    /// <exception cref="InvalidOperationException">Features are not finite.</exception>
    public static SortedDictionary<int, Tensor>[] Collect(FinishedTask task, Func<Tensor, Tensor[]> features)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        List<List<Tensor>> batches = [];
        List<int> labels = [];
        foreach (ImageBatch batch in task.SampleImages(task.ImageCount))
        {
            using DisposeScope inner = NewDisposeScope();
            Tensor[] kinds = features(batch.Images);
            while (batches.Count < kinds.Length) batches.Add([]);
            for (int i = 0; i < kinds.Length; i++) batches[i].Add(kinds[i].to(ScalarType.Float32).to(CPU).clone().MoveToOuterDisposeScope());
            labels.AddRange(batch.Labels.cpu().data<long>().ToArray().Select(label => (int)label));
        }
        return [.. batches.Select(kind => Split(kind, labels))];
    }

    private static SortedDictionary<int, Tensor> Split(List<Tensor> batches, List<int> labels)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor all = cat(batches, 0);   // [N, D]
        var result = new SortedDictionary<int, Tensor>();
        foreach (IGrouping<int, long> rows in labels.Select((label, row) => (label, row: (long)row)).GroupBy(image => image.label, image => image.row))
        {
            Tensor own = all.index_select(0, tensor((IList<long>)[.. rows], new long[] { rows.Count() }));
            if (!own.isfinite().all().item<bool>()) throw new InvalidOperationException($"The features of class {rows.Key} hold NaN or infinite values; nothing was learned from them.");
            result.Add(rows.Key, own);
        }
        // Out of this scope and out of Collect's.
        foreach (Tensor own in result.Values) own.MoveToOuterDisposeScope().MoveToOuterDisposeScope();
        return result;
    }
}
