using Microsoft.ML.Continual.Evaluation;
using Microsoft.ML.Continual.Training;

namespace Microsoft.ML.Continual.Samples.Runner.Methods;

/// <summary>A method that the benchmarks can run.</summary>
/// <param name="Name">What <c>--method</c> takes.</param>
/// <param name="Title">What tables call it.</param>
/// <param name="Description">What it is, in a few words, for <c>--help</c>.</param>
/// <param name="Create">Makes a trainer that has learned nothing.</param>
public sealed record MethodEntry(string Name, string Title, string Description, Func<MethodContext, ContinualTrainer> Create)
{
    /// <summary>The kind of network that it adapts.</summary>
    public BackboneKind Backbone { get; init; } = BackboneKind.VisionTransformer;

    /// <summary>Whether it is joint training: a new trainer at each task, on all tasks so far.</summary>
    public bool IsJoint { get; init; }

    /// <summary>What the model is told about test images where classes are incremental and <c>--protocol paper</c> asks for the released code's evaluation.</summary>
    public EvaluationSetting PaperEvaluation { get; init; } = EvaluationSetting.ClassIncremental;
}
