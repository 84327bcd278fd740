using System.Globalization;

namespace Microsoft.ML.Continual.Checkpoints.Numpy;

/// <summary>
/// Reads the Python literals that .npy headers are made of, without evaluating anything: text in quotes, True, False, whole numbers, and tuples, lists and
/// dictionaries of these.
/// </summary>
/// <remarks>Text is a <see cref="string"/>, a number a <see cref="long"/>, a tuple or list an <c>object[]</c>, a dictionary a list of pairs.</remarks>
internal ref struct PythonLiteral
{
    private const int MaximumDepth = 8;

    private readonly ReadOnlySpan<char> _text;
    private int _at;

    private PythonLiteral(ReadOnlySpan<char> text) => _text = text;

    /// <exception cref="FormatException">The text is not one literal; the message says what was expected, what was found, and where.</exception>
    public static object Parse(ReadOnlySpan<char> text)
    {
        var parser = new PythonLiteral(text);
        object value = parser.Value(0);
        parser.SkipSpace();
        return parser._at == text.Length ? value : throw parser.Expected("the end");
    }

    private object Value(int depth)
    {
        SkipSpace();
        if (depth > MaximumDepth) throw Expected("no deeper nesting");
        switch (Peek())
        {
            case '\'' or '"':
                return Text();
            case '(':
                return Sequence(')', depth);
            case '[':
                return Sequence(']', depth);
            case '{':
                return Dictionary(depth);
            case '-' or (>= '0' and <= '9'):
                return Number();
            default:
                if (Word("True")) return true;
                if (Word("False")) return false;
                throw Expected("a value");
        }
    }

    private string Text()
    {
        char quote = _text[_at++];
        int length = _text[_at..].IndexOf(quote);
        if (length < 0) throw Expected("a closing quote");
        ReadOnlySpan<char> text = _text.Slice(_at, length);
        if (text.Contains('\\')) throw Expected("text without escapes");
        _at += length + 1;
        return text.ToString();
    }

    private long Number()
    {
        int start = _at++;
        while (char.IsAsciiDigit(Peek())) _at++;
        if (!long.TryParse(_text[start.._at], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)) throw Expected("a whole number");
        if (Peek() == 'L') _at++;   // as Python 2 wrote them
        return number;
    }

    private object[] Sequence(char close, int depth)
    {
        _at++;
        var items = new List<object>();
        while (!Take(close))
        {
            items.Add(Value(depth + 1));
            if (!Take(',') && PeekPastSpace() != close) throw Expected($"',' or '{close}'");
        }
        return [.. items];
    }

    private List<(string Key, object Value)> Dictionary(int depth)
    {
        _at++;
        var items = new List<(string, object)>();
        while (!Take('}'))
        {
            if (PeekPastSpace() is not ('\'' or '"')) throw Expected("a key in quotes");
            string key = Text();
            if (!Take(':')) throw Expected("':'");
            items.Add((key, Value(depth + 1)));
            if (!Take(',') && PeekPastSpace() != '}') throw Expected("',' or '}'");
        }
        return items;
    }

    private bool Word(string word)
    {
        if (!_text[_at..].StartsWith(word, StringComparison.Ordinal)) return false;
        _at += word.Length;
        return true;
    }

    private bool Take(char c)
    {
        if (PeekPastSpace() != c) return false;
        _at++;
        return true;
    }

    private char PeekPastSpace()
    {
        SkipSpace();
        return Peek();
    }

    private readonly char Peek() => _at < _text.Length ? _text[_at] : '\0';

    private void SkipSpace()
    {
        while (Peek() is ' ' or '\t' or '\n' or '\r') _at++;
    }

    private readonly FormatException Expected(string what) => new($"expected {what} at character {_at}; found {(_at < _text.Length ? $"'{_text[_at]}'" : "the end")}");
}
