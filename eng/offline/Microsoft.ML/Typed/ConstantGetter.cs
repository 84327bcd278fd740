namespace Microsoft.ML.Data;

/// <summary>Getters of constants, with the conversions that user types get: arrays to vectors, strings to text.</summary>
internal static class ConstantGetter
{
    public static Delegate Of<T>(T value, DataViewType type)
    {
        Type item = RawTypes.ItemOf(typeof(T), out bool isVector);
        Errors.Check(isVector == type is VectorDataViewType,
            $"Value inputted is supposed to be {(isVector ? "vector" : "scalar")}, but type of Annotationinfo is {(isVector ? "scalar" : "vector")}");
        Errors.Check(RawTypes.ItemOf(type).RawType == item,
            $"Value inputted is supposed to have dimension {item.Name}, but type of Annotationinfo is {RawTypes.ItemOf(type).RawType.Name}");
        object raw = value switch
        {
            string text => text.AsMemory(),
            string[] texts => new VBuffer<ReadOnlyMemory<char>>(texts.Length, [.. texts.Select(text => text.AsMemory())]),
            _ => value,
        };
        if (raw is Array)
            return Generic.Call<Delegate>(OfArray<int>, item, raw);
        return isVector ? Generic.Call<Delegate>(OfVector<int>, item, raw) : Generic.Call<Delegate>(OfValue<int>, item, raw);
    }

    private static Delegate OfValue<T>(T value) => (ValueGetter<T>)((ref T destination) => destination = value);

    private static Delegate OfVector<T>(VBuffer<T> value) => (ValueGetter<VBuffer<T>>)((ref VBuffer<T> destination) => value.CopyTo(ref destination));

    private static Delegate OfArray<T>(T[] value) => OfVector(new VBuffer<T>(value.Length, value));
}
