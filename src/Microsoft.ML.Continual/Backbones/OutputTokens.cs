namespace Microsoft.ML.Continual.Backbones;

/// <summary>Which tokens a forward pass returns. The last block computes these and no others.</summary>
public enum OutputTokens
{
    /// <summary>The class token.</summary>
    Class,

    /// <summary>The tokens that <see cref="BlockEdits.InputTokens"/> inserted.</summary>
    Inserted,

    /// <summary>The class token, then the inserted tokens.</summary>
    ClassAndInserted,

    /// <summary>The class token, then the inserted tokens, then the patches.</summary>
    All,
}
