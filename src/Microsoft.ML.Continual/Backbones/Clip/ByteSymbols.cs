namespace Microsoft.ML.Continual.Backbones.Clip;

/// <summary>The printable character that stands for each byte in a byte-level vocabulary, so that merges can be written as text.</summary>
internal static class ByteSymbols
{
    /// <summary>What marks the last symbol of a word.</summary>
    public const string WordEnd = "</w>";

    /// <summary>By byte.</summary>
    public static IReadOnlyList<string> All { get; }

    /// <summary>The same in the order of their ids: first the bytes that print as themselves, ascending, then the others.</summary>
    public static IReadOnlyList<string> InIdOrder { get; }

    static ByteSymbols()
    {
        string[] symbols = new string[256];
        var ordered = new List<string>(256);
        for (int b = 0; b < 256; b++)
        {
            if (!Prints(b)) continue;
            symbols[b] = ((char)b).ToString();
            ordered.Add(symbols[b]);
        }
        int next = 256;   // spaces, controls and the like take characters from here on
        for (int b = 0; b < 256; b++)
        {
            if (Prints(b)) continue;
            symbols[b] = ((char)next++).ToString();
            ordered.Add(symbols[b]);
        }
        (All, InIdOrder) = (symbols, ordered);
    }

    // Latin-1 without controls, spaces and the soft hyphen.
    private static bool Prints(int b) => b is >= '!' and <= '~' or >= 0xA1 and <= 0xFF and not 0xAD;
}
