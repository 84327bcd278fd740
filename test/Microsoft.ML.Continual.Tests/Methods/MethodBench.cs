using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Tests.Backbones;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Methods;

/// <summary>A method on a small backbone, driven by hand.</summary>
internal sealed class MethodBench : IDisposable
{
    public MethodBench(MethodOptions options, ScalarType? type = null, long seed = 5)
    {
        Backbone = RandomTransformer.Create(type: type);
        options.Backbone = Backbone;
        Method = options.CreateMethod(new SeededRandom(seed));
    }

    public VisionTransformer Backbone { get; }

    public ContinualMethod Method { get; }

    public void BeginTask(int index, int[] classes, int classCount, int imageCount = 32) =>
        Method.BeginTask(new MethodTask(index, classes, classCount, imageCount, new SeededRandom(100 + index)));

    public ImageBatch Batch(int[] labels, long seed = 9, bool deterministic = false, int firstRow = 0) => new(
        RandomTransformer.Images(labels.Length, seed: seed).to(Backbone.ComputeType), tensor((IList<long>)labels.Select(l => (long)l).ToArray()),
        [.. Enumerable.Range(firstRow, labels.Length)], deterministic);

    /// <summary>One step of plain gradient descent.</summary>
    public void Step(ImageBatch batch, double rate = 0.1)
    {
        using DisposeScope scope = NewDisposeScope();
        ZeroGradients();
        Method.ComputeLoss(batch).Total.backward();
        using IDisposable frozen = no_grad();
        foreach (TrainableParameter p in Method.Parameters)
            if (p.Value.grad is { } gradient) p.Value.sub_(gradient * rate);
    }

    public void ZeroGradients()
    {
        foreach (TrainableParameter p in Method.Parameters) p.Value.grad = null;
    }

    public Parameter Parameter(string name) => Method.Parameters.Single(p => p.Name == name).Value;

    public static float[] Values(Tensor value)
    {
        using DisposeScope scope = NewDisposeScope();
        return value.detach().to(ScalarType.Float32).contiguous().data<float>().ToArray();
    }

    public void Dispose()
    {
        Method.Dispose();
        Backbone.Dispose();
    }
}
