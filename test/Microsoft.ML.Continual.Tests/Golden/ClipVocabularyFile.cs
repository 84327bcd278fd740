using System.Globalization;
using Microsoft.ML.Continual.Backbones.Clip;
using Microsoft.ML.Continual.Tests.Contract;
using Microsoft.ML.Continual.Tests.RealData;

namespace Microsoft.ML.Continual.Tests.Golden;

/// <summary>CLIP's vocabulary for tests: a real file where there is one, else the extract in this repository.</summary>
internal static class ClipVocabularyFile
{
    /// <summary>The environment variable that names a real vocabulary.</summary>
    public const string EnvironmentVariable = "CONTINUAL_CLIP_VOCABULARY";

    private static string Extract => Path.Combine(Repository.Root, "test", "Microsoft.ML.Continual.Tests", "Golden", "ClipVocabulary");

    /// <summary>A tokeniser that is right for these texts.</summary>
    /// <param name="texts">The texts.</param>
    /// <param name="whyNot">Why there is none.</param>
    public static ClipTokenizer? For(IEnumerable<string> texts, out string whyNot)
    {
        whyNot = "";
        string? real = Environment.GetEnvironmentVariable(EnvironmentVariable) is { Length: > 0 } given ? given : RealDataFolder.Find("weights", "bpe_simple_vocab_16e6.txt.gz");
        if (real is not null) return ClipTokenizer.Read(real);
        HashSet<string> known = [.. File.ReadLines(Path.Combine(Extract, "words.txt"))];
        string[] unknown = [.. texts.SelectMany(ClipTokenizer.Words).Where(word => !known.Contains(word)).Distinct()];
        if (unknown.Length == 0) return new ClipTokenizer(ReadExtract(), 49408);
        whyNot = $"The extract of CLIP's vocabulary lacks {string.Join(", ", unknown.Take(5))}; name a whole one with {EnvironmentVariable}.";
        return null;
    }

    private static Dictionary<(string Left, string Right), int> ReadExtract()
    {
        var ranks = new Dictionary<(string, string), int>();
        foreach (string line in File.ReadLines(Path.Combine(Extract, "merges.tsv")))
        {
            string[] parts = line.Split('\t');
            ranks.Add((parts[1], parts[2]), int.Parse(parts[0], CultureInfo.InvariantCulture));
        }
        return ranks;
    }
}
