using Microsoft.ML.Data;

namespace Microsoft.ML.Transforms;

/// <summary>Looks values up in a table.</summary>
/// <typeparam name="TKey">The values looked up.</typeparam>
/// <typeparam name="TValue">The values found.</typeparam>
public sealed class ValueMappingEstimator<TKey, TValue> : ValueMappingEstimator
{
    internal ValueMappingEstimator(LookupMap map, string output, string input) : base(map, output, input)
    {
    }
}
