using TorchSharp.Modules;

namespace Microsoft.ML.Continual.Methods;

/// <summary>A parameter that the optimiser moves.</summary>
/// <param name="Name">The name in the paper's code, such as <c>prompt.prompt_key</c>; unique in the method.</param>
/// <param name="Value">The parameter, float32 on the backbone's device.</param>
public sealed record TrainableParameter(string Name, Parameter Value);
