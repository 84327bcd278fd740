namespace Microsoft.ML.Continual.Data;

/// <summary>The learned policies of AutoAugment (Cubuk et al., "AutoAugment: Learning Augmentation Policies from Data", CVPR 2019), as torchvision applies them.</summary>
/// <remarks>
/// For each image one of the policy's 25 pairs of operations is drawn, each equally likely, and each operation of the pair is applied with its own probability. Images keep their size; what a
/// shear, translation or rotation brings in from outside is black.
/// </remarks>
public enum AutoAugmentPolicy
{
    /// <summary>No operation.</summary>
    None,

    /// <summary>The policy learned on CIFAR-10: mostly colours.</summary>
    Cifar10,

    /// <summary>The policy learned on ImageNet.</summary>
    ImageNet,
}
