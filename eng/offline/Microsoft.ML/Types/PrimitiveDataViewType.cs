namespace Microsoft.ML.Data;

/// <summary>A type that vectors can hold: numbers, text, booleans, keys, instants. Never disposable.</summary>
public abstract class PrimitiveDataViewType : DataViewType
{
    /// <exception cref="ArgumentException"><paramref name="rawType"/> is disposable.</exception>
    protected PrimitiveDataViewType(Type rawType) : base(rawType)
    {
        if (typeof(IDisposable).IsAssignableFrom(rawType))
            throw new ArgumentException($"A {nameof(PrimitiveDataViewType)} cannot have a disposable {nameof(RawType)}", nameof(rawType));
    }
}
