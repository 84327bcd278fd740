using Microsoft.ML.Data;
using Microsoft.ML.Transforms;

namespace Microsoft.ML;

/// <summary>Conversions between values and keys, and between types.</summary>
public static class ConversionsExtensionsCatalog
{
    /// <summary>Numbers the values of a column: the first is key 1. Values not seen while fitting become 0, missing.</summary>
    /// <param name="catalog">The catalogue.</param>
    /// <param name="outputColumnName">The key column.</param>
    /// <param name="inputColumnName">The values; null for the same name.</param>
    /// <param name="maximumNumberOfKeys">How many different values are kept.</param>
    /// <param name="keyOrdinality">The order of the keys.</param>
    /// <param name="addKeyValueAnnotationsAsText">Whether the values are kept as text beside the keys.</param>
    /// <param name="keyData">A view of one column that holds the values, in place of the fitted data.</param>
    public static ValueToKeyMappingEstimator MapValueToKey(
        this TransformsCatalog.ConversionTransforms catalog, string outputColumnName, string inputColumnName = null, int maximumNumberOfKeys = 1000000,
        ValueToKeyMappingEstimator.KeyOrdinality keyOrdinality = ValueToKeyMappingEstimator.KeyOrdinality.ByOccurrence,
        bool addKeyValueAnnotationsAsText = false, IDataView keyData = null) =>
        new([(outputColumnName, inputColumnName ?? outputColumnName)], maximumNumberOfKeys, keyOrdinality, addKeyValueAnnotationsAsText, keyData);

    /// <inheritdoc cref="MapValueToKey(TransformsCatalog.ConversionTransforms, string, string, int, ValueToKeyMappingEstimator.KeyOrdinality, bool, IDataView)"/>
    public static ValueToKeyMappingEstimator MapValueToKey(
        this TransformsCatalog.ConversionTransforms catalog, InputOutputColumnPair[] columns, int maximumNumberOfKeys = 1000000,
        ValueToKeyMappingEstimator.KeyOrdinality keyOrdinality = ValueToKeyMappingEstimator.KeyOrdinality.ByOccurrence,
        bool addKeyValueAnnotationsAsText = false, IDataView keyData = null) =>
        new(InputOutputColumnPair.ToTuples(columns), maximumNumberOfKeys, keyOrdinality, addKeyValueAnnotationsAsText, keyData);

    /// <summary>Turns keys back into the values in their KeyValues annotation.</summary>
    public static KeyToValueMappingEstimator MapKeyToValue(
        this TransformsCatalog.ConversionTransforms catalog, string outputColumnName, string inputColumnName = null) =>
        new([(outputColumnName, inputColumnName ?? outputColumnName)]);

    /// <summary>Turns keys back into the values in their KeyValues annotation.</summary>
    public static KeyToValueMappingEstimator MapKeyToValue(this TransformsCatalog.ConversionTransforms catalog, InputOutputColumnPair[] columns) =>
        new(InputOutputColumnPair.ToTuples(columns));

    /// <summary>Changes the type of the elements of a column.</summary>
    public static TypeConvertingEstimator ConvertType(
        this TransformsCatalog.ConversionTransforms catalog, string outputColumnName, string inputColumnName = null, DataKind outputKind = DataKind.Single) =>
        new([(outputColumnName, inputColumnName ?? outputColumnName)], outputKind);

    /// <summary>Changes the type of the elements of columns.</summary>
    public static TypeConvertingEstimator ConvertType(
        this TransformsCatalog.ConversionTransforms catalog, InputOutputColumnPair[] columns, DataKind outputKind = DataKind.Single) =>
        new(InputOutputColumnPair.ToTuples(columns), outputKind);

    /// <summary>Looks values up in a table; what it does not hold becomes the default (0, empty text).</summary>
    /// <param name="catalog">The catalogue.</param>
    /// <param name="outputColumnName">The values found.</param>
    /// <param name="keyValuePairs">The table.</param>
    /// <param name="inputColumnName">The values looked up; null for the same name.</param>
    /// <param name="treatValuesAsKeyType">Whether the output is a key whose KeyValues are the values.</param>
    public static ValueMappingEstimator<TInputType, TOutputType> MapValue<TInputType, TOutputType>(
        this TransformsCatalog.ConversionTransforms catalog, string outputColumnName, IEnumerable<KeyValuePair<TInputType, TOutputType>> keyValuePairs,
        string inputColumnName = null, bool treatValuesAsKeyType = false)
    {
        ArgumentNullException.ThrowIfNull(keyValuePairs);
        return new(LookupMap.Create(keyValuePairs, treatValuesAsKeyType), outputColumnName, inputColumnName ?? outputColumnName);
    }
}
