namespace Microsoft.ML.Continual.Methods;

/// <summary>
/// The papers' experiments. A method's options made from a recipe have that experiment's optimiser, rate, batch, epochs and sizes; which prompts an image uses stays per image until the paper's
/// protocol is asked for by <c>UsePaperProtocol</c>. A method that has no configuration for an experiment says so.
/// </summary>
public enum Recipe
{
    /// <summary>CIFAR-100 in 10 tasks of 10 classes.</summary>
    SplitCifar100,

    /// <summary>CIFAR-100 in 20 tasks of 5 classes.</summary>
    SplitCifar100In20Tasks,

    /// <summary>Tiny-ImageNet in 10 tasks of 20 classes.</summary>
    SplitTinyImageNet,

    /// <summary>CUB-200-2011 in 5 tasks of 40 classes.</summary>
    SplitCub200,

    /// <summary>ImageNet-R in 10 tasks of 20 classes.</summary>
    SplitImageNetR,

    /// <summary>CIFAR-100 in 50 tasks of 2 classes.</summary>
    SplitCifar100In50Tasks,

    /// <summary>ImageNet-R in 50 tasks of 4 classes.</summary>
    SplitImageNetRIn50Tasks,

    /// <summary>ImageNet-R in 100 tasks of 2 classes.</summary>
    SplitImageNetRIn100Tasks,

    /// <summary>DomainNet's list of 200 classes, each from one domain, in 10 tasks of 20 classes.</summary>
    SplitDomainNet,

    /// <summary>The same in 50 tasks of 4 classes.</summary>
    SplitDomainNetIn50Tasks,

    /// <summary>The same in 100 tasks of 2 classes.</summary>
    SplitDomainNetIn100Tasks,
}
