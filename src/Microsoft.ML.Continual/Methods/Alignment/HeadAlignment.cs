using System.Globalization;
using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.Alignment;

/// <summary>Alignment of a method's classifier, from the end of one task to that of the next: keeps the statistics, trains the classifier, and has its part in the method's state.</summary>
internal sealed class HeadAlignment(ClassifierAlignmentOptions options, int width) : IDisposable
{
    public ClassDistributions Distributions { get; } = new(options, width);

    /// <summary>Aligns; tests put in their own draws.</summary>
    public ClassifierAligner? Aligner { get; set; }

    /// <summary>Learns a task's classes from its images, and aligns the classifier if there are earlier tasks.</summary>
    /// <param name="task">The finished task.</param>
    /// <param name="head">The classifier.</param>
    /// <param name="features">[B, 3, S, S] -> [B, D], the classifier's input.</param>
    public void Conclude(FinishedTask task, ClassifierHead head, Func<Tensor, Tensor> features) => Conclude(task, head.Weight, head.Bias, features);

    /// <summary>As <see cref="Conclude(FinishedTask, ClassifierHead, Func{Tensor, Tensor})"/>, for a classifier with the rows [C, D] and [C], which are trained in place.</summary>
    public void Conclude(FinishedTask task, Parameter weight, Parameter bias, Func<Tensor, Tensor> features)
    {
        using DisposeScope scope = NewDisposeScope();
        Conclude(ClassFeatures.Collect(task, images => [features(images)])[0], Distributions.All.Count == 0 ? 0 : Distributions.All.Max(d => d.Task) + 1, weight, bias, task);
    }

    /// <summary>As <see cref="Conclude(FinishedTask, Parameter, Parameter, Func{Tensor, Tensor})"/>, with features that are there already.</summary>
    /// <param name="features">By class: [n, D].</param>
    /// <param name="index">The number of tasks before this one.</param>
    /// <param name="weight">[C, D].</param>
    /// <param name="bias">[C].</param>
    /// <param name="task">The finished task.</param>
    public void Conclude(SortedDictionary<int, Tensor> features, int index, Parameter weight, Parameter bias, FinishedTask task)
    {
        Distributions.Learn(features, index, task.Random.Split());
        SeededRandom draws = task.Random.Split();
        if (index == 0) return;
        IReadOnlyList<ClassDistribution> drawable = Distributions.Drawable();
        double loss = (Aligner ?? new ClassifierAligner(options)).Align(weight, bias, drawable, index, draws);
        task.Log(string.Create(CultureInfo.InvariantCulture, $"classifier aligned on drawn features of {drawable.Select(d => d.Class).Distinct().Count()} classes, loss {loss:0.0000}"));
    }

    public void SaveState(StateDictionary state) => Distributions.SaveState(state);

    public void CheckState(StateDictionary state, bool isTrained) => Distributions.CheckState(state, isTrained);

    public void LoadState(StateDictionary state) => Distributions.LoadState(state);

    public void Dispose() => Distributions.Dispose();
}
