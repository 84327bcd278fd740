using Microsoft.ML.Data;
using Microsoft.ML.Transforms;

namespace Microsoft.ML;

/// <summary>Mappings and filters by code of the user.</summary>
public static class CustomMappingCatalog
{
    /// <summary>Fills the columns of <typeparamref name="TDst"/> from those of <typeparamref name="TSrc"/>.</summary>
    /// <param name="catalog">The catalogue.</param>
    /// <param name="mapAction">Reads the first object, fills the second; thread-safe and free of side effects.</param>
    /// <param name="contractName">The name under which a loaded model finds the action; null if it is not to be saved.</param>
    /// <param name="inputSchemaDefinition">Names and types of the input members; null to take them from their attributes.</param>
    /// <param name="outputSchemaDefinition">Names, types and annotations of the output members; null to take them from their attributes.</param>
    public static CustomMappingEstimator<TSrc, TDst> CustomMapping<TSrc, TDst>(
        this TransformsCatalog catalog, Action<TSrc, TDst> mapAction, string contractName,
        SchemaDefinition inputSchemaDefinition = null, SchemaDefinition outputSchemaDefinition = null)
        where TSrc : class, new()
        where TDst : class, new() =>
        new(mapAction, contractName, inputSchemaDefinition, outputSchemaDefinition);

    /// <summary>Drops the rows for which a predicate is true.</summary>
    /// <param name="catalog">The catalogue.</param>
    /// <param name="input">The rows.</param>
    /// <param name="filterPredicate">True for a row to drop; thread-safe and free of side effects.</param>
    public static IDataView FilterByCustomPredicate<TSrc>(this DataOperationsCatalog catalog, IDataView input, Func<TSrc, bool> filterPredicate)
        where TSrc : class, new()
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(filterPredicate);
        var reader = new TypedReader<TSrc>(input.Schema, ignoreMissingColumns: false, definition: null);
        return new FilteredView(input, reader.Columns, row =>
        {
            var source = new TSrc();
            Action<TSrc> fill = reader.Filler(row);
            return () =>
            {
                fill(source);
                return !filterPredicate(source);
            };
        });
    }
}
