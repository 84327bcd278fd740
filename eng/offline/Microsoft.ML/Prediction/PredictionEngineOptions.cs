using Microsoft.ML.Data;

namespace Microsoft.ML;

/// <summary>How a prediction engine binds its types and whether it owns its transformer.</summary>
public sealed class PredictionEngineOptions
{
    /// <summary>Whether members of the output type may lack a column.</summary>
    /// <value>The default is <see langword="true"/>.</value>
    public bool IgnoreMissingColumns = true;

    /// <summary>Names and types of the input members; null to take them from their attributes.</summary>
    public SchemaDefinition InputSchemaDefinition;

    /// <summary>Names and types of the output members; null to take them from their attributes.</summary>
    public SchemaDefinition OutputSchemaDefinition;

    /// <summary>Whether disposing the engine disposes the transformer.</summary>
    /// <value>The default is <see langword="true"/>.</value>
    public bool OwnsTransformer = true;

    /// <summary>The defaults.</summary>
    public PredictionEngineOptions()
    {
    }
}
