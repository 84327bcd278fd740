namespace Microsoft.ML.Continual.Methods.DeepPrompt;

/// <summary>The rows of NSP²'s result tables. The paper gives no settings for 50 and 100 tasks: those are the data set's for 10.</summary>
/// <remarks>DomainNet is the list of 200 classes of the released code, each from one domain.</remarks>
public enum NullSpaceRecipe
{
    /// <summary>CIFAR-100 in 10 tasks: temperature 28, η 0.97.</summary>
    Cifar100In10Tasks,

    /// <summary>CIFAR-100 in 20 tasks: temperature 25, η 0.95.</summary>
    Cifar100In20Tasks,

    /// <summary>CIFAR-100 in 50 tasks, as in 10.</summary>
    Cifar100In50Tasks,

    /// <summary>ImageNet-R in 10 tasks: temperature 30, η 0.94.</summary>
    ImageNetRIn10Tasks,

    /// <summary>ImageNet-R in 50 tasks, as in 10.</summary>
    ImageNetRIn50Tasks,

    /// <summary>ImageNet-R in 100 tasks, as in 10.</summary>
    ImageNetRIn100Tasks,

    /// <summary>DomainNet in 10 tasks: temperature 30, η 0.95.</summary>
    DomainNetIn10Tasks,

    /// <summary>DomainNet in 50 tasks, as in 10.</summary>
    DomainNetIn50Tasks,

    /// <summary>DomainNet in 100 tasks, as in 10.</summary>
    DomainNetIn100Tasks,
}
