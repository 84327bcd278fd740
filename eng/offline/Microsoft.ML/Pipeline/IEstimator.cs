namespace Microsoft.ML;

/// <summary>A component before it has seen data.</summary>
public interface IEstimator<out TTransformer> where TTransformer : ITransformer
{
    /// <summary>Learns from data.</summary>
    TTransformer Fit(IDataView input);

    /// <summary>The shape after the fitted component, and a check of its input.</summary>
    SchemaShape GetOutputSchema(SchemaShape inputSchema);
}
