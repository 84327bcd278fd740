namespace Microsoft.ML.Data;

/// <summary>Which values of a type mean that there is none: NaN, empty text, the key 0.</summary>
internal static class Missing
{
    public static Predicate<T> Test<T>(DataViewType type)
    {
        if (type is KeyDataViewType)
            return value => EqualityComparer<T>.Default.Equals(value, default);
        if (typeof(T) == typeof(float))
            return (Predicate<T>)(object)(Predicate<float>)float.IsNaN;
        if (typeof(T) == typeof(double))
            return (Predicate<T>)(object)(Predicate<double>)double.IsNaN;
        if (typeof(T) == typeof(ReadOnlyMemory<char>))
            return (Predicate<T>)(object)(Predicate<ReadOnlyMemory<char>>)(value => value.IsEmpty);
        return _ => false;
    }

    /// <summary>The value that stands for none; the default where the type has no such value.</summary>
    public static T Value<T>() =>
        typeof(T) == typeof(float) ? (T)(object)float.NaN : typeof(T) == typeof(double) ? (T)(object)double.NaN : default;
}
