namespace Microsoft.ML.Continual.Methods.Lorac;

/// <summary>The weight matrices of a block that can have an update of their own. D is the width, M the hidden width of the MLP. The order is that in which equal importance is broken.</summary>
internal enum LoracMap
{
    /// <summary>The queries' third of the fused map: D -> D.</summary>
    Query,

    /// <summary>The keys' third: D -> D.</summary>
    Key,

    /// <summary>The values' third: D -> D.</summary>
    Value,

    /// <summary>The projection of what attention mixed: D -> D.</summary>
    Out,

    /// <summary>The MLP's first layer: D -> M.</summary>
    Fc1,

    /// <summary>The MLP's second layer: M -> D.</summary>
    Fc2,
}
