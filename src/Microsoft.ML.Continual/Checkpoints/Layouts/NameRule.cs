namespace Microsoft.ML.Continual.Checkpoints.Layouts;

/// <summary>One line of a name table. <c>{i}</c> in the names stands for the number of a block.</summary>
internal sealed class NameRule(string target, Conversion conversion, params string[] sources)
{
    private const string Block = "{i}";

    public bool IsOfBlock => target.Contains(Block, StringComparison.Ordinal);

    public Conversion Conversion => conversion;

    /// <summary>The network's name in a block; the number is not used by names outside blocks.</summary>
    public string Target(int block) => In(target, block);

    /// <summary>The file's names in a block, without what precedes them in the file.</summary>
    public IEnumerable<string> Sources(int block) => sources.Select(s => In(s, block));

    /// <summary>Two lines, for a layer's weight and its bias.</summary>
    public static NameRule[] Layer(string target, Conversion weight, string source, string sourceWeight = "weight", string separator = ".") =>
    [
        new($"{target}.weight", weight, $"{source}{separator}{sourceWeight}"),
        new($"{target}.bias", Conversion.Copy, $"{source}{separator}bias"),
    ];

    private static string In(string name, int block) => name.Replace(Block, block.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal);
}
