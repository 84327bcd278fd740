using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>Using fitted models on single objects.</summary>
public sealed class ModelOperationsCatalog : IInternalCatalog
{
    private readonly IHostEnvironment _environment;

    internal ModelOperationsCatalog(IHostEnvironment environment) => _environment = environment;

    IHostEnvironment IInternalCatalog.Environment => _environment;

    /// <summary>Writes a fitted model, and the schema of its input, into a file.</summary>
    /// <param name="model">The model.</param>
    /// <param name="inputSchema">The columns it is to be used on; null for none.</param>
    /// <param name="filePath">The file.</param>
    public void Save(ITransformer model, DataViewSchema inputSchema, string filePath)
    {
        using FileStream stream = File.Create(filePath);
        Save(model, inputSchema, stream);
    }

    /// <summary>Writes a fitted model, and the schema of its input, into a stream.</summary>
    public void Save(ITransformer model, DataViewSchema inputSchema, Stream stream)
    {
        ArgumentNullException.ThrowIfNull(model);
        ModelZip.Save(model, inputSchema, stream);
    }

    /// <summary>Reads a model.</summary>
    /// <param name="filePath">The file.</param>
    /// <param name="inputSchema">The schema that was saved with it; null where there was none.</param>
    public ITransformer Load(string filePath, out DataViewSchema inputSchema)
    {
        using FileStream stream = File.OpenRead(filePath);
        return Load(stream, out inputSchema);
    }

    /// <summary>Reads a model from a stream that can seek.</summary>
    public ITransformer Load(Stream stream, out DataViewSchema inputSchema) => ModelZip.Load(_environment, stream, out inputSchema);

    /// <summary>An engine for single predictions. It owns the transformer: disposing the engine disposes it.</summary>
    /// <param name="transformer">A row-to-row transformer.</param>
    /// <param name="ignoreMissingColumns">Whether members of <typeparamref name="TDst"/> may lack a column.</param>
    /// <param name="inputSchemaDefinition">Names and types of the input members; null to take them from their attributes.</param>
    /// <param name="outputSchemaDefinition">Names and types of the output members; null to take them from their attributes.</param>
    public PredictionEngine<TSrc, TDst> CreatePredictionEngine<TSrc, TDst>(
        ITransformer transformer, bool ignoreMissingColumns = true, SchemaDefinition inputSchemaDefinition = null, SchemaDefinition outputSchemaDefinition = null)
        where TSrc : class
        where TDst : class, new() =>
        new(transformer, ignoreMissingColumns, inputSchemaDefinition, outputSchemaDefinition, ownsTransformer: true);

    /// <summary>An engine for single predictions whose input has the types of a schema. It owns the transformer.</summary>
    public PredictionEngine<TSrc, TDst> CreatePredictionEngine<TSrc, TDst>(ITransformer transformer, DataViewSchema inputSchema)
        where TSrc : class
        where TDst : class, new()
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        return new(transformer, ignoreMissingColumns: false, SchemaDefinition.FromSchema(typeof(TSrc), inputSchema), null, ownsTransformer: true);
    }

    /// <summary>An engine for single predictions.</summary>
    public PredictionEngine<TSrc, TDst> CreatePredictionEngine<TSrc, TDst>(ITransformer transformer, PredictionEngineOptions options)
        where TSrc : class
        where TDst : class, new()
    {
        ArgumentNullException.ThrowIfNull(options);
        return new(transformer, options.IgnoreMissingColumns, options.InputSchemaDefinition, options.OutputSchemaDefinition, options.OwnsTransformer);
    }
}
