namespace Microsoft.ML.Continual.Methods.Peft;

/// <summary>The linear maps of a block that low-rank updates can change.</summary>
[Flags]
public enum LoraTargets
{
    /// <summary>Queries, keys and values as one map, with one first factor for all three.</summary>
    Qkv = 1,

    /// <summary>The queries, with factors of their own.</summary>
    Query = 2,

    /// <summary>The keys, with factors of their own.</summary>
    Key = 4,

    /// <summary>The values, with factors of their own.</summary>
    Value = 8,

    /// <summary>The projection of what attention mixed.</summary>
    Out = 16,

    /// <summary>The MLP's first layer.</summary>
    Fc1 = 32,

    /// <summary>The MLP's second layer.</summary>
    Fc2 = 64,
}
