using Microsoft.ML.Continual.Inference;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Training;

namespace Microsoft.ML.Continual.Tests;

/// <summary>By how many bytes of tensors a trainer's state grows with each task: what <c>docs/persistence.md</c> says of long streams.</summary>
internal static class StateBytes
{
    /// <summary>Bytes that each task after the first adds, of tasks with two new classes each.</summary>
    /// <param name="trainer">Fresh.</param>
    /// <param name="mlContext">Its context.</param>
    /// <param name="part">The method's state or the constraint's.</param>
    /// <param name="tasks">The number of tasks.</param>
    public static long[] GrowthByTask(ContinualTrainer trainer, MLContext mlContext, Func<TrainerState, StateDictionary> part, int tasks = 4)
    {
        string[] names = ["cat", "dog", "fox", "elk", "cod", "doe", "eel", "hen", "cow", "ape"];
        long[] sizes = new long[tasks];
        for (int t = 0; t < tasks; t++)
        {
            using ContinualTransformer model = trainer.Fit(TinyImages.View(mlContext, 8, t, names[2 * t], names[2 * t + 1]));
            sizes[t] = part(trainer.State!).Tensors.Values.Sum(tensor => tensor.numel() * tensor.ElementSize);
        }
        return [.. sizes.Skip(1).Zip(sizes, (now, before) => now - before)];
    }
}
