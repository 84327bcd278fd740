namespace Microsoft.ML.Continual.Methods.Alignment;

/// <summary>How many steps an epoch of alignment has.</summary>
public enum AlignmentSteps
{
    /// <summary>As many as there are classes of earlier tasks, as in LoRAC.</summary>
    EarlierClasses,

    /// <summary>As many as there are classes, as in SLCA.</summary>
    SeenClasses,
}
