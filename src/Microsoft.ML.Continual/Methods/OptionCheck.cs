using System.Globalization;

namespace Microsoft.ML.Continual.Methods;

/// <summary>One wording for options out of range.</summary>
public static class OptionCheck
{
    /// <summary>Throws unless the condition holds.</summary>
    /// <param name="holds">Whether the option is in range.</param>
    /// <param name="option">The option's name.</param>
    /// <param name="expected">What is accepted, in words.</param>
    /// <param name="found">The value given.</param>
    /// <exception cref="ArgumentException">The condition does not hold.</exception>
    public static void Require(bool holds, string option, string expected, object? found)
    {
        if (!holds)
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"Option {option}: expected {expected}, found {found ?? "null"}."), option);
    }

    /// <summary>Throws unless the option is a usable column name.</summary>
    /// <exception cref="ArgumentException">The name is null or blank.</exception>
    public static void Name(string? value, string option) => Require(!string.IsNullOrWhiteSpace(value), option, "a column name", value is null ? null : $"'{value}'");
}
