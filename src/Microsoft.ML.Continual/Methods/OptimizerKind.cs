namespace Microsoft.ML.Continual.Methods;

/// <summary>The optimisers of the papers.</summary>
public enum OptimizerKind
{
    /// <summary>Adam with coupled weight decay.</summary>
    Adam,

    /// <summary>Adam with decoupled weight decay.</summary>
    AdamW,

    /// <summary>Stochastic gradient descent with momentum.</summary>
    Sgd,
}
