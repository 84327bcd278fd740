using System.Reflection;
using Microsoft.ML.Data;

namespace Microsoft.ML.Continual.Inference;

/// <summary>Copies the values of one source column into blocks, whatever its type, and serves them from there.</summary>
internal abstract class BufferedColumn
{
    /// <summary>Memory for the column's values in one block.</summary>
    public abstract Array Allocate(int capacity);

    /// <summary>Copies the source row's value into a slot.</summary>
    public abstract void Read(Array buffer, int slot);

    /// <summary>A <c>ValueGetter&lt;T&gt;</c> that serves the value of the cursor's row.</summary>
    /// <param name="place">Gives the buffer and the slot of that row.</param>
    public abstract Delegate GetGetter(Func<(Array Buffer, int Slot)> place);

    /// <summary>Binds to a column of any type.</summary>
    public static BufferedColumn Create(DataViewRow source, DataViewSchema.Column column)
    {
        Type raw = column.Type.RawType;
        bool isVector = raw.IsGenericType && raw.GetGenericTypeDefinition() == typeof(VBuffer<>);
        MethodInfo create = typeof(BufferedColumn).GetMethod(isVector ? nameof(CreateVector) : nameof(CreateValue), BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(isVector ? raw.GetGenericArguments()[0] : raw);
        return (BufferedColumn)create.Invoke(null, BindingFlags.DoNotWrapExceptions, null, [source, column], null)!;
    }

    private static BufferedColumn CreateValue<T>(DataViewRow source, DataViewSchema.Column column) => new Values<T>(source.GetGetter<T>(column));

    private static BufferedColumn CreateVector<T>(DataViewRow source, DataViewSchema.Column column) => new Vectors<T>(source.GetGetter<VBuffer<T>>(column));

    /// <summary>Scalars, texts, keys or objects.</summary>
    private sealed class Values<T>(ValueGetter<T> source) : BufferedColumn
    {
        public override Array Allocate(int capacity) => new T[capacity];

        public override void Read(Array buffer, int slot) => source(ref ((T[])buffer)[slot]);

        public override Delegate GetGetter(Func<(Array Buffer, int Slot)> place) => (ValueGetter<T>)((ref T value) =>
        {
            (Array buffer, int slot) = place();
            value = ((T[])buffer)[slot];
        });
    }

    /// <summary>Vectors: copied on the way out, because the reader may change what it is given.</summary>
    private sealed class Vectors<T>(ValueGetter<VBuffer<T>> source) : BufferedColumn
    {
        public override Array Allocate(int capacity) => new VBuffer<T>[capacity];

        public override void Read(Array buffer, int slot) => source(ref ((VBuffer<T>[])buffer)[slot]);

        public override Delegate GetGetter(Func<(Array Buffer, int Slot)> place) => (ValueGetter<VBuffer<T>>)((ref VBuffer<T> value) =>
        {
            (Array buffer, int slot) = place();
            ((VBuffer<T>[])buffer)[slot].CopyTo(ref value);
        });
    }
}
