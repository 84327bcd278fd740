namespace Microsoft.ML.Continual.Pgp;

/// <summary>What is projected.</summary>
public enum ProjectAt
{
    /// <summary>
    /// The gradient, before the optimiser, as in the paper's formula and code. Adam then scales each coordinate by itself and leaves the free space, and weight
    /// decay adds what was never projected: the guarantee holds for plain gradient descent only.
    /// </summary>
    Gradient,

    /// <summary>The parameter's displacement since the task began, after the optimiser's step: holds for every optimiser.</summary>
    Update,

    /// <summary>Both: the optimiser's moments see the projected gradient, and the displacement is projected as well.</summary>
    Both,
}
