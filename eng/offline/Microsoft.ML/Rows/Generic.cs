using System.Reflection;

namespace Microsoft.ML.Data;

/// <summary>Calls a generic method with a type known at run time only.</summary>
internal static class Generic
{
    /// <summary>Invokes <paramref name="prototype"/>'s generic definition with another type argument; exceptions come through as they are.</summary>
    public static TResult Call<TResult>(Delegate prototype, Type type, params object[] arguments) =>
        (TResult)prototype.Method.GetGenericMethodDefinition().MakeGenericMethod(type)
            .Invoke(prototype.Target, BindingFlags.DoNotWrapExceptions, null, arguments, null);

    /// <summary>The getter of a column as an untyped delegate.</summary>
    public static Delegate Getter(DataViewRow row, DataViewSchema.Column column) =>
        Call<Delegate>(GetterCore<int>, column.Type.RawType, row, column);

    private static Delegate GetterCore<T>(DataViewRow row, DataViewSchema.Column column) => row.GetGetter<T>(column);
}
