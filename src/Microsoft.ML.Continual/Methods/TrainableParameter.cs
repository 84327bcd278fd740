using TorchSharp.Modules;

namespace Microsoft.ML.Continual.Methods;

/// <summary>A parameter that the optimiser moves.</summary>
/// <param name="Name">The name in the paper's code, such as <c>prompt.prompt_key</c>; unique in the method.</param>
/// <param name="Value">The parameter, float32 on the backbone's device.</param>
public sealed record TrainableParameter(string Name, Parameter Value)
{
    /// <summary>What the learning rate is multiplied by for this parameter, above 0.</summary>
    /// <value>The default is 1.</value>
    public double LearningRateScale { get; init; } = 1;
}
