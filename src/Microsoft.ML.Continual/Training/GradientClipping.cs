using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Training;

/// <summary>Clips the gradients of all parameters together, without reading anything from the device.</summary>
internal static class GradientClipping
{
    /// <summary>Multiplies every gradient by min(1, maximum / (‖all gradients‖ + 1e-6)), in place, as <c>clip_grad_norm_</c> does.</summary>
    /// <param name="parameters">Parameters without a gradient are skipped.</param>
    /// <param name="maximumNorm">The largest norm; positive.</param>
    public static void ClipGlobalNorm(IEnumerable<Parameter> parameters, double maximumNorm)
    {
        using var scope = NewDisposeScope();
        using var guard = no_grad();
        List<Tensor> gradients = [];
        foreach (Parameter parameter in parameters)
            if (parameter.grad is { } gradient) gradients.Add(gradient);
        if (gradients.Count == 0) return;

        Tensor norm = stack(gradients.Select(g => g.square().sum()).ToList()).sum().sqrt();
        Tensor coefficient = norm.add(1e-6).reciprocal_().mul_(maximumNorm).clamp_max_(1.0);
        foreach (Tensor gradient in gradients) gradient.mul_(coefficient);
    }
}
