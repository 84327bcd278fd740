namespace Microsoft.ML.Data;

/// <summary>Starts writing into a vector while reusing its arrays.</summary>
public static class VBufferEditor
{
    /// <summary>Edits a vector in place with its present length and density.</summary>
    public static VBufferEditor<T> CreateFromBuffer<T>(scoped ref VBuffer<T> destination) => destination.Edit();

    /// <summary>Prepares arrays for a vector of a new length; dense unless <paramref name="valuesCount"/> is smaller.</summary>
    public static VBufferEditor<T> Create<T>(
        scoped ref VBuffer<T> destination,
        int newLogicalLength,
        int? valuesCount = null,
        int? maxValuesCapacity = null,
        bool keepOldOnResize = false,
        bool requireIndicesOnDense = false) =>
        destination.Edit(newLogicalLength, valuesCount, maxValuesCapacity, keepOldOnResize, requireIndicesOnDense);
}
