namespace Microsoft.ML.Continual.Methods.Lorac;

/// <summary>Which weight matrices of a block have updates.</summary>
public enum LoracPlacement
{
    /// <summary>Queries, keys, values and the projection of attention: 4 matrices a block.</summary>
    Qkvo,

    /// <summary>These and both layers of the MLP: 6 matrices a block.</summary>
    All,
}
