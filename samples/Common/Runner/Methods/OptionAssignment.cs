using System.ComponentModel;
using System.Globalization;
using System.Reflection;
using Microsoft.ML.Continual.Methods;

namespace Microsoft.ML.Continual.Samples.Runner.Methods;

/// <summary>An option of a method by its name in code, with a value as text: what <c>--set</c> takes.</summary>
/// <param name="Name">The name of a property.</param>
/// <param name="Value">Its value: a number, true or false, a name of an enumeration, whole numbers with commas between them for a list, or null where the option has such a value.</param>
public sealed record OptionAssignment(string Name, string Value)
{
    /// <summary>Reads <c>Name=Value</c>.</summary>
    /// <exception cref="ArgumentException">The text is something else.</exception>
    public static OptionAssignment Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Split('=', 2) is [{ Length: > 0 } name, { Length: > 0 } value] ? new OptionAssignment(name, value) : throw new ArgumentException($"--set: expected NAME=VALUE, such as Length=10, found '{text}'.");
    }

    /// <summary>Gives the option its value. Whether the method can do with it is for the method to say, when its trainer is made.</summary>
    /// <exception cref="ArgumentException">The options have no such property, or the value is none for it; the message says what was expected.</exception>
    public void Apply(MethodOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        PropertyInfo[] known = [.. options.GetType().GetProperties().Where(IsKnown).OrderBy(property => property.Name, StringComparer.Ordinal)];
        PropertyInfo property = known.FirstOrDefault(property => property.Name == Name)
            ?? throw new ArgumentException($"--set: {options.GetType().Name} has no option '{Name}' that can be set; it has {string.Join(", ", known.Select(property => property.Name))}.");
        property.SetValue(options, Read(property));
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Name}={Value}";

    // The seed has an option that runs and files are named after; what is no text has none here.
    private static bool IsKnown(PropertyInfo property) =>
        property.GetSetMethod() is not null && property.GetIndexParameters().Length == 0 && property.Name != nameof(MethodOptions.Seed) && (IsList(property.PropertyType) || IsPlain(Bare(property.PropertyType)));

    private static bool IsList(Type type) => type == typeof(IReadOnlyList<int>);

    private static bool IsPlain(Type type) => type.IsEnum || type == typeof(int) || type == typeof(long) || type == typeof(double) || type == typeof(bool);

    private static Type Bare(Type type) => Nullable.GetUnderlyingType(type) ?? type;

    private object? Read(PropertyInfo property)
    {
        Type type = Bare(property.PropertyType);
        bool nullable = new NullabilityInfoContext().Create(property).WriteState == NullabilityState.Nullable;
        if (nullable && Value == "null") return null;
        try
        {
            if (IsList(type)) return (int[])[.. Value.Split(',').Select(number => int.Parse(number, CultureInfo.InvariantCulture))];
            object value = TypeDescriptor.GetConverter(type).ConvertFromInvariantString(Value)!;
            if (type.IsEnum && !char.IsLetter(value.ToString()![0])) throw new FormatException("a number without a name");
            return value;
        }
        catch (Exception e) when (e is FormatException or OverflowException or ArgumentException or NotSupportedException)
        {
            throw new ArgumentException($"--set: {Name}: expected {Expected(type)}{(nullable ? ", or null" : "")}, found '{Value}'.", e);
        }
    }

    private static string Expected(Type type) => IsList(type) ? "whole numbers with commas between them" : type.IsEnum ? string.Join(", ", Enum.GetNames(type))
        : type == typeof(bool) ? "true or false" : type == typeof(double) ? "a number" : "a whole number";
}
