using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Pgp.Tests.Projection;

/// <summary>The order of calls of a training loop, with nothing else in it.</summary>
internal static class Loop
{
    public delegate optim.Optimizer MakeOptimizer(IEnumerable<TorchSharp.Modules.Parameter> parameters);

    public static optim.Optimizer Adam(IEnumerable<TorchSharp.Modules.Parameter> parameters) => optim.Adam(parameters, lr: 0.05, beta1: 0.9, beta2: 0.999);

    public static optim.Optimizer Sgd(IEnumerable<TorchSharp.Modules.Parameter> parameters) => optim.SGD(parameters, 0.02);

    /// <summary>Trains one task.</summary>
    /// <param name="method">The method.</param>
    /// <param name="constraint">The constraint, attached.</param>
    /// <param name="index">The task's number.</param>
    /// <param name="images">The task's images, first axis images.</param>
    /// <param name="steps">Optimiser steps.</param>
    /// <param name="makeOptimizer">The optimiser.</param>
    /// <param name="classes">The task's classes and the number of classes up to now.</param>
    /// <param name="labels">int64 [images]; null for zeros.</param>
    /// <param name="log">Takes the log.</param>
    /// <param name="afterStep">Called after each step.</param>
    public static void Train(ContinualMethod method, UpdateConstraint? constraint, int index, Tensor images, int steps, MakeOptimizer? makeOptimizer = null,
                             (int[] Own, int Count)? classes = null, Tensor? labels = null, Action<string>? log = null, Action? afterStep = null)
    {
        var task = new ConstraintTask(index, (int)images.shape[0], count => Sample(images, count), log ?? (_ => { }));
        (int[] own, int all) = classes ?? ([0, 1], 2);
        method.BeginTask(new MethodTask(index, own, all, task.ImageCount, new SeededRandom(100 + index)));
        constraint?.BeginTask(task);
        using (optim.Optimizer optimizer = (makeOptimizer ?? Adam)(method.Parameters.Select(p => p.Value)))
        {
            for (int step = 0; step < steps; step++)
            {
                using DisposeScope scope = NewDisposeScope();
                optimizer.zero_grad();
                long first = step * 8 % images.shape[0], count = Math.Min(8, images.shape[0] - first);
                Tensor batchLabels = labels?.narrow(0, first, count) ?? zeros(count, ScalarType.Int64);
                method.ComputeLoss(new ImageBatch(images.narrow(0, first, count), batchLabels, [.. Enumerable.Range((int)first, (int)count)], false)).Total.backward();
                nn.utils.clip_grad_norm_(method.Parameters.Select(p => p.Value), 1.0);
                constraint?.ProjectGradients();
                constraint?.BeforeStep();
                optimizer.step();
                constraint?.AfterStep();
                afterStep?.Invoke();
            }
        }
        constraint?.EndTask(task);
        method.EndTask();
    }

    public static IEnumerable<Tensor> Sample(Tensor images, int count)
    {
        long all = Math.Min(count, images.shape[0]);
        for (long start = 0; start < all; start += 16)
        {
            using DisposeScope scope = NewDisposeScope();
            yield return images.narrow(0, start, Math.Min(16, all - start));
        }
    }

    /// <summary>Float32 "images" [n, tokens, d] that span a given number of dimensions, as a float32 product makes them.</summary>
    public static Tensor Images(int seed, int count, int tokens, int dimension, int rank)
    {
        var random = new SeededRandom(seed);
        using DisposeScope scope = NewDisposeScope();
        return random.UniformTensor(-1, 1.5, count * tokens, rank).matmul(random.UniformTensor(-1, 1, rank, dimension)).reshape(count, tokens, dimension).MoveToOuterDisposeScope();
    }

    /// <summary>x · pᵀ in float64, for all images.</summary>
    public static Tensor Products(Tensor images, Tensor rows)
    {
        using DisposeScope scope = NewDisposeScope();
        long d = rows.shape[^1];
        return images.to(ScalarType.Float64).reshape(-1, d).matmul(rows.detach().to(ScalarType.Float64).reshape(-1, d).t()).MoveToOuterDisposeScope();
    }

    /// <summary>‖a − b‖ / ‖a‖.</summary>
    public static double Relative(Tensor a, Tensor b)
    {
        using DisposeScope scope = NewDisposeScope();
        return ((a - b).norm() / a.norm()).to(ScalarType.Float64).item<double>();
    }
}
