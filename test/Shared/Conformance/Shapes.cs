using Microsoft.ML.Data;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Conformance;

/// <summary>Schema shapes of schemas: an empty pipeline gives them.</summary>
internal static class Shapes
{
    /// <summary>The shape of a schema's visible columns.</summary>
    public static SchemaShape Of(MLContext mlContext, DataViewSchema schema)
    {
        var probe = new Probe();
        new EstimatorChain<ITransformer>().Append(probe).Fit(new EmptyRows(schema));
        return probe.Seen!;
    }

    public static void AssertEqual(SchemaShape expected, SchemaShape actual)
    {
        CollectionAssert.AreEqual(Lines(expected), Lines(actual));
    }

    private static List<string> Lines(SchemaShape shape) =>
        [.. shape.Select(c => $"{c.Name}: {c.Kind} {(c.IsKey ? "key" : "")} {c.ItemType}{{{string.Join(", ", Lines(c.Annotations))}}}").Order(StringComparer.Ordinal)];

    /// <summary>Notes the shape that a chain hands to its members before fitting.</summary>
    private sealed class Probe : IEstimator<ITransformer>
    {
        public SchemaShape? Seen { get; private set; }

        public SchemaShape GetOutputSchema(SchemaShape inputSchema) => Seen = inputSchema;

        public ITransformer Fit(IDataView input) => new TransformerChain<ITransformer>();
    }

    private sealed class EmptyRows(DataViewSchema schema) : IDataView
    {
        public DataViewSchema Schema => schema;

        public bool CanShuffle => false;

        public long? GetRowCount() => 0;

        public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) => throw new NotSupportedException();

        public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) => throw new NotSupportedException();
    }
}
