using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Methods.DeepPrompt;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Training;
using Microsoft.ML.Continual.Pgp.Tests.Projection;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Pgp.Tests.NullSpace;

/// <summary>Deep prompts on a small transformer in float64 whose few tokens leave directions unused: two old images of two tokens and two heads span 8 of 24 channels and 8 of 10 prompts.</summary>
internal sealed class DeepPromptLab : IDisposable
{
    public const int Width = 24, Prompts = 10;

    public DeepPromptLab(int seed, NullSpaceOptions options, int depth = 2, ScalarType type = ScalarType.Float64, bool flatNorm = false)
    {
        var config = new VisionTransformerConfig(ImageSize: 4, PatchSize: 4, Width: Width, Depth: depth, Heads: 2, MlpWidth: 32);
        using DisposeScope scope = NewDisposeScope();
        var random = new SeededRandom(seed);
        var weights = config.TensorShapes().ToDictionary(
            s => s.Key,
            s => s.Key.Contains("norm", StringComparison.Ordinal) && s.Key.EndsWith("weight", StringComparison.Ordinal) ? (flatNorm ? ones(s.Value) : random.UniformTensor(0.3, 2, s.Value)) : random.UniformTensor(-0.4, 0.4, s.Value),
            StringComparer.Ordinal);
        Backbone = VisionTransformer.FromTensors(weights, config, CPU, type);
        Method = (DeepPromptMethod)new DeepPromptOptions { Backbone = Backbone, PromptLength = Prompts, Temperature = 1 }.CreateMethod(random);
        Projection = (NullSpaceProjection)options.CreateConstraint();
        Projection.Attach(Method);
        OldImages = random.UniformTensor(-1, 1, 2, 3, 4, 4).to(type).DetachFromDisposeScope();
        // Rows of different deviations, as training makes them.
        using IDisposable frozen = no_grad();
        foreach (var site in Method.Sites) site.Parameter.mul_(random.UniformTensor(0.5, 2, Prompts, 1));
    }

    public VisionTransformer Backbone { get; }

    public DeepPromptMethod Method { get; }

    public NullSpaceProjection Projection { get; }

    public Tensor OldImages { get; }

    /// <summary>Lets the projection see the old images, as after a first task without steps, and makes the second task's projectors.</summary>
    public void Remember()
    {
        Loop.Train(Method, Projection, 0, OldImages, steps: 0);
        Projection.BeginTask(new ConstraintTask(1, 2, n => Loop.Sample(OldImages, n), _ => { }));
    }

    /// <summary>A random change of all prompts, A₂·G·A₁ where asked, of length 1 in each block.</summary>
    public Dictionary<int, Tensor> Change(int seed, bool projected, bool affinity = true, bool aggregation = true)
    {
        var random = new SeededRandom(seed);
        return Projection.States.Select((state, block) =>
        {
            Tensor change = random.UniformTensor(-1, 1, Prompts, Width).to(ScalarType.Float64);
            if (projected && affinity) change = change.matmul(Dense(state.Spaces!.Affinity));
            if (projected && aggregation) change = Dense(state.Spaces!.Aggregation).matmul(change);
            return (block, change / change.norm());
        }).ToDictionary(b => b.block, b => b.Item2);
    }

    /// <summary>The largest change of old images' class features when the prompts move by ε times a change.</summary>
    public double Error(Dictionary<int, Tensor> change, double epsilon)
    {
        using DisposeScope scope = NewDisposeScope();
        Dictionary<int, Tensor> prompts = Method.Sites.Select((s, block) => (block, P: s.Parameter.detach().to(ScalarType.Float64))).ToDictionary(b => b.block, b => b.P);
        Tensor before = DeepPromptMethod.Features(Backbone, OldImages, prompts);
        Tensor after = DeepPromptMethod.Features(Backbone, OldImages, prompts.ToDictionary(p => p.Key, p => p.Value + change[p.Key] * epsilon));
        return (after - before).abs().max().item<double>();
    }

    public void Dispose()
    {
        Projection.Dispose();
        Method.Dispose();
        Backbone.Dispose();
        OldImages.Dispose();
    }

    private static Tensor Dense(BlendedProjector projector) => TensorMatrix.ToTensor(projector.ToDense().ToRowMajorArray(), projector.Dimension, projector.Dimension);
}
