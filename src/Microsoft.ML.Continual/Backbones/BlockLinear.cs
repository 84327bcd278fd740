namespace Microsoft.ML.Continual.Backbones;

/// <summary>The linear maps of a transformer block. D is the width, M the hidden width of the MLP.</summary>
public enum BlockLinear
{
    /// <summary>Queries, keys and values in one: D -> 3·D.</summary>
    Qkv,

    /// <summary>The projection of what attention mixed: D -> D.</summary>
    Out,

    /// <summary>The MLP's first layer: D -> M.</summary>
    Fc1,

    /// <summary>The MLP's second layer: M -> D.</summary>
    Fc2,
}
