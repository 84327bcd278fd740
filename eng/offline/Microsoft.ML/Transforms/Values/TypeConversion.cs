using System.Globalization;
using System.Linq.Expressions;

namespace Microsoft.ML.Data;

/// <summary>
/// The standard conversions: within signed and within unsigned integers, integers and booleans to floating point, anything to and from text.
/// </summary>
internal static class TypeConversion
{
    private static readonly Type[] s_signed = [typeof(sbyte), typeof(short), typeof(int), typeof(long)];
    private static readonly Type[] s_unsigned = [typeof(byte), typeof(ushort), typeof(uint), typeof(ulong)];
    private static readonly Type[] s_real = [typeof(float), typeof(double)];

    public static bool Exists(Type from, Type to)
    {
        if (from == to)
            return true;
        if (from == typeof(ReadOnlyMemory<char>) || to == typeof(ReadOnlyMemory<char>))
            return true;
        bool fromNumber = s_signed.Contains(from) || s_unsigned.Contains(from) || s_real.Contains(from);
        if (to == typeof(bool))
            return fromNumber;
        if (s_real.Contains(to))
            return fromNumber || from == typeof(bool);
        return (s_signed.Contains(from) || from == typeof(bool)) && s_signed.Contains(to) || s_unsigned.Contains(from) && s_unsigned.Contains(to);
    }

    public static Func<TIn, TOut> Between<TIn, TOut>()
    {
        if (typeof(TIn) == typeof(TOut))
            return (Func<TIn, TOut>)(object)(Func<TIn, TIn>)(value => value);
        if (typeof(TIn) == typeof(ReadOnlyMemory<char>))
            return (Func<TIn, TOut>)Parser<TOut>();
        ParameterExpression value = Expression.Parameter(typeof(TIn));
        Expression body;
        if (typeof(TOut) == typeof(ReadOnlyMemory<char>))
            body = Expression.Call(((Func<TIn, ReadOnlyMemory<char>>)ToText).Method, value);
        else if (typeof(TIn) == typeof(bool))
            body = Expression.Condition(value, Expression.Constant(Convert.ChangeType(1, typeof(TOut))), Expression.Constant(Convert.ChangeType(0, typeof(TOut))));
        else if (typeof(TOut) == typeof(bool))
            body = Expression.NotEqual(value, Expression.Constant(default(TIn), typeof(TIn)));
        else
            body = Expression.Convert(value, typeof(TOut));
        return Expression.Lambda<Func<TIn, TOut>>(body, value).Compile();
    }

    private static ReadOnlyMemory<char> ToText<T>(T value) => (value switch
    {
        float single => single.ToString("G7", CultureInfo.InvariantCulture),
        double number => number.ToString("G17", CultureInfo.InvariantCulture),
        TimeSpan span => span.ToString("c", CultureInfo.InvariantCulture),
        DateTime or DateTimeOffset => ((IFormattable)value).ToString("o", CultureInfo.InvariantCulture),
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString(),
    }).AsMemory();

    // Text that is no number: NaN for floating point, 0 for unsigned (the missing key), an error for signed. Empty text is 0 and false.
    private static Delegate Parser<T>()
    {
        Type type = typeof(T);
        if (type == typeof(float))
            return (Func<ReadOnlyMemory<char>, float>)(text => (float)ParseReal(text.Span));
        if (type == typeof(double))
            return (Func<ReadOnlyMemory<char>, double>)(text => ParseReal(text.Span));
        if (type == typeof(bool))
            return (Func<ReadOnlyMemory<char>, bool>)(text => ParseTruth(text.Span));
        if (s_signed.Contains(type))
            return Integer<T>(text => text.IsEmpty ? "0" : text.ToString(), strict: true);
        if (s_unsigned.Contains(type))
            return Integer<T>(text => text.IsEmpty ? "0" : text.ToString(), strict: false);
        return (Func<ReadOnlyMemory<char>, T>)(text => (T)Convert.ChangeType(text.ToString(), type, CultureInfo.InvariantCulture));
    }

    private static Func<ReadOnlyMemory<char>, T> Integer<T>(Func<ReadOnlyMemory<char>, string> clean, bool strict) => text =>
    {
        bool parsed = decimal.TryParse(clean(text), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out decimal number);
        try
        {
            if (parsed)
                return (T)Convert.ChangeType(number, typeof(T), CultureInfo.InvariantCulture);
        }
        catch (OverflowException)
        {
            parsed = false;
        }
        Errors.Check(!strict, $"Value could not be parsed from text to {typeof(T).Name}.");
        return default;
    };

    private static double ParseReal(ReadOnlySpan<char> text) =>
        text.IsEmpty ? 0
        : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? number : double.NaN;

    private static bool ParseTruth(ReadOnlySpan<char> text)
    {
        string word = text.ToString().ToLowerInvariant();
        return word is "1" or "t" or "y" or "+" or "true" or "yes" or "+1" or "on";
    }
}
