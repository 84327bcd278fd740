using System.ComponentModel;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;

namespace Microsoft.ML.Continual.Persistence;

/// <summary>
/// Marks the place of a continual model in an ML.NET model file, where a transformer of another assembly than ML.NET's cannot stand itself. For ML.NET, which makes it when it reads such a file; programs have no use for it.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
[CustomMappingFactoryAttribute(Contract)]
public sealed class PipelineMarkerFactory : CustomMappingFactory<PipelineMarkerFactory.Source, PipelineMarkerFactory.Place>
{
    internal const string Contract = "Microsoft.ML.Continual.Model";

    // What ML.NET says of a view without it, when a file is read by mlContext.Model.Load and used, names the right call.
    internal const string HintColumn = "(a continual model: load this file with mlContext.Continual().LoadModel)";

    /// <summary>Names the constant key under which the model lies.</summary>
    public override Action<Source, Place> GetMapping() => Map;

    private static void Map(Source source, Place place) => place.ContinualKey = 0;

    /// <summary>A row that no view has.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public sealed class Source
    {
        /// <summary>Its name is what the reader of an error is to see.</summary>
        [ColumnName(HintColumn)]
        public bool Hint { get; set; }
    }

    /// <summary>A row with the key.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public sealed class Place
    {
        /// <summary>Always 0.</summary>
        public int ContinualKey { get; set; }
    }
}
