namespace Microsoft.ML.Continual.Methods.Peft;

/// <summary>How attention weighs a prefix against the tokens.</summary>
public enum PrefixCompensation
{
    /// <summary>One softmax over prefix and tokens.</summary>
    None,

    /// <summary>The weights on the prefix are scaled to sum to 1 among themselves, so that it adds beside the tokens like an adapter (LAE).</summary>
    Prefix,

    /// <summary>As <see cref="Prefix"/>, but one column late, as PEGP's released code does: without the prefix's first column, with the class token's.</summary>
    ReleasedCode,
}
