namespace Microsoft.ML;

/// <summary>Exceptions of the types, and in the words, that users of ML.NET know.</summary>
internal static class Errors
{
    public const string FetchValueState =
        "Values cannot be fetched at this time. This method was called either before the first call to MoveNext, or at any point after that method returned false.";

    public static ArgumentOutOfRangeException MissingColumn(string parameter, string role, string column) =>
        new(parameter, $"Could not find {Role(role)}column '{column}'");

    public static ArgumentOutOfRangeException SchemaMismatch(string parameter, string role, string column, string expected, string actual) =>
        new(parameter, $"Schema mismatch for {Role(role)}column '{column}': expected {expected}, got {actual}");

    public static ArgumentOutOfRangeException Param(string parameter, string message) => new(parameter, message);

    public static void CheckParam(bool condition, string parameter, string message)
    {
        if (!condition)
            throw Param(parameter, message);
    }

    public static void CheckNonEmpty(string value, string parameter)
    {
        if (string.IsNullOrEmpty(value))
            throw Param(parameter, $"{parameter} cannot be null or empty");
    }

    public static void Check(bool condition, string message)
    {
        if (!condition)
            throw new InvalidOperationException(message);
    }

    public static void CheckActive(bool active, DataViewSchema.Column column)
    {
        if (!active)
            throw Param(nameof(column), $"requested column '{column.Name}' is not active");
    }

    public static ValueGetter<T> CastGetter<T>(Delegate getter, DataViewSchema.Column column) =>
        getter as ValueGetter<T>
        ?? throw new InvalidOperationException(
            $"Invalid TValue in GetGetter for column '{column.Name}': '{typeof(T)}', expected type: '{column.Type.RawType}'.");

    public static NotSupportedException CannotSave(string what) =>
        new($"{what}: the offline stand-in of ML.NET does not write this component into model files. Build with the NuGet packages to save a model zip.");

    private static string Role(string role) => string.IsNullOrEmpty(role) ? "" : role + " ";
}
