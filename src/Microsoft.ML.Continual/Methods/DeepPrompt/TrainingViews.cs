using Microsoft.ML.Continual.Data;

namespace Microsoft.ML.Continual.Methods.DeepPrompt;

/// <summary>The training views of NSP²'s experiments: AutoAugment, then a random crop of at least 8 % of the area, without a flip.</summary>
internal static class TrainingViews
{
    /// <summary>CIFAR-100's: the policy learned on CIFAR-10, bicubic.</summary>
    public static TrainingView Cifar { get; } = Make(ResizeFilter.Bicubic, AutoAugmentPolicy.Cifar10);

    /// <summary>All others': the policy learned on ImageNet, bilinear.</summary>
    public static TrainingView ImageNet { get; } = Make(ResizeFilter.Bilinear, AutoAugmentPolicy.ImageNet);

    private static TrainingView Make(ResizeFilter filter, AutoAugmentPolicy policy) =>
        new(TrainingViewKind.RandomResizedCrop, MinimumArea: 0.08, FlipProbability: 0, filter, policy);
}
