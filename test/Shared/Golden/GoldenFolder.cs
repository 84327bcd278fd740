namespace Microsoft.ML.Continual.Testing.Golden;

/// <summary>Where the golden cases lie and which belong to a prefix.</summary>
internal static class GoldenFolder
{
    /// <summary>The environment variable that names another folder of cases.</summary>
    public const string EnvironmentVariable = "CONTINUAL_GOLDEN";

    /// <summary>Stands for "this folder has no case of the prefix", because a test must be given at least one row.</summary>
    public const string NoCase = "(none)";

    // A case belongs to the longest of these that its folder's name starts with: l2p-pgp-1 is no case of l2p-.
    private static readonly string[] Prefixes =
    [
        "vit-", "clip-", "clip-tokenizer-", "clip-pgp-", "resize-", "l2p-", "l2p-pgp-", "dualprompt-", "dualprompt-pgp-", "pgp-metrics-", "metrics-",
        "nsp2-", "nsp2-clip-", "nsp2-nullity-", "lorac-", "pegp-lora-", "pegp-adapter-", "pegp-prefix-", "pegp-gpm-",
    ];

    /// <summary>The folder of cases: the one the environment names, else <c>test/golden</c> above the test assembly.</summary>
    public static string Root { get; } = Find();

    /// <summary>The names of a prefix's cases, one row each, for <c>DynamicData</c>.</summary>
    public static IEnumerable<object[]> Rows(string prefix)
    {
        if (!Prefixes.Contains(prefix)) throw new ArgumentException($"'{prefix}' is not a known prefix of golden cases.", nameof(prefix));
        string[] names = [.. Directory.GetDirectories(Root).Select(d => Path.GetFileName(d)!)
            .Where(n => File.Exists(Path.Combine(Root, n, "case.json")) && Prefixes.Where(p => n.StartsWith(p, StringComparison.Ordinal)).MaxBy(p => p.Length) == prefix)
            .Order(StringComparer.Ordinal)];
        return (names.Length > 0 ? names : [NoCase]).Select(n => new object[] { n });
    }

    private static string Find()
    {
        if (Environment.GetEnvironmentVariable(EnvironmentVariable) is { Length: > 0 } given)
            return Directory.Exists(given) ? given : throw new DirectoryNotFoundException($"{EnvironmentVariable} names '{given}', which is not a folder.");
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string golden = Path.Combine(folder.FullName, "test", "golden");
            if (Directory.Exists(golden)) return golden;
        }
        throw new DirectoryNotFoundException($"There is no folder test/golden above '{AppContext.BaseDirectory}'; name one with {EnvironmentVariable}.");
    }
}
