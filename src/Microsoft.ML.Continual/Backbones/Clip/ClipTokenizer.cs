using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace Microsoft.ML.Continual.Backbones.Clip;

/// <summary>
/// CLIP's byte-level byte-pair encoding: text is lower-cased and split into words, each word's bytes are joined pair by pair in the order of the vocabulary's merges.
/// </summary>
/// <remarks>
/// <para>Ids: 256 bytes, the same 256 at the end of a word, one for each merge, then start and end of text. Text is cleaned as by OpenAI's code (HTML entities, white space), but mojibake is not
/// repaired. Letters beyond Unicode's basic plane count as symbols, which matters only where they touch punctuation.</para>
/// <para>Safe to use from several threads.</para>
/// </remarks>
public sealed partial class ClipTokenizer : ITextTokenizer
{
    internal const string StartOfText = "<|startoftext|>", EndOfText = "<|endoftext|>";

    private readonly IReadOnlyDictionary<(string Left, string Right), int> _ranks;
    private readonly IReadOnlyDictionary<string, int> _ids;
    private readonly int _start, _end;

    /// <param name="ranks">The merges and their places in the list, 0-based. They may be part of a longer list.</param>
    /// <param name="vocabularySize">The number of tokens of the whole vocabulary.</param>
    /// <param name="ids">The ids by token where they do not follow from the merges, or null.</param>
    internal ClipTokenizer(IReadOnlyDictionary<(string Left, string Right), int> ranks, int vocabularySize, IReadOnlyDictionary<string, int>? ids = null)
    {
        (_ranks, VocabularySize, _ids) = (ranks, vocabularySize, ids ?? OwnIds(ranks, vocabularySize));
        (_start, _end) = (_ids[StartOfText], _ids[EndOfText]);
    }

    /// <inheritdoc/>
    public int VocabularySize { get; }

    /// <summary>Reads a vocabulary file.</summary>
    /// <param name="path">
    /// OpenAI's <c>bpe_simple_vocab_16e6.txt.gz</c> or Hugging Face's <c>merges.txt</c>, compressed or plain. Where a <c>vocab.json</c> lies beside a <c>merges.txt</c>, its ids are taken.
    /// </param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is no such vocabulary, is damaged, or is larger than any such vocabulary is; the message names the line.</exception>
    public static ClipTokenizer Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        IReadOnlyList<(string Left, string Right)> merges = ClipVocabularyFiles.ReadMerges(path);
        var ranks = new Dictionary<(string, string), int>(merges.Count);
        for (int i = 0; i < merges.Count; i++)
            if (!ranks.TryAdd(merges[i], i)) throw new InvalidDataException($"'{path}': the merge '{merges[i].Left} {merges[i].Right}' is there twice.");
        IReadOnlyDictionary<string, int>? ids = ClipVocabularyFiles.ReadIdsBeside(path);
        if (ids is not null)
        {
            string? missing = OwnIds(ranks, SizeFor(merges.Count)).Keys.FirstOrDefault(token => !ids.ContainsKey(token));
            if (missing is not null) throw new InvalidDataException($"The vocabulary beside '{path}' has no id for the token '{missing}', which the merges make.");
        }
        return new ClipTokenizer(ranks, ids?.Count ?? SizeFor(merges.Count), ids);
    }

    /// <summary>Makes a vocabulary from its merges, the most frequent first.</summary>
    /// <param name="merges">Pairs of symbols; a symbol is what byte-level vocabularies write for bytes, with <c>&lt;/w&gt;</c> behind the last of a word.</param>
    /// <exception cref="ArgumentException">A merge is there twice.</exception>
    public static ClipTokenizer FromMerges(IReadOnlyList<(string Left, string Right)> merges)
    {
        ArgumentNullException.ThrowIfNull(merges);
        var ranks = new Dictionary<(string, string), int>();
        for (int i = 0; i < merges.Count; i++)
            if (!ranks.TryAdd(merges[i], i)) throw new ArgumentException($"The merge '{merges[i].Left} {merges[i].Right}' is there twice.", nameof(merges));
        return new ClipTokenizer(ranks, SizeFor(merges.Count));
    }

    /// <inheritdoc/>
    public IReadOnlyList<int> Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var ids = new List<int> { _start };
        foreach (string word in Words(text))
        {
            if (word is StartOfText or EndOfText) ids.Add(_ids[word]);
            else ids.AddRange(Join(word).Select(symbol => _ids[symbol]));
        }
        ids.Add(_end);
        return ids;
    }

    /// <summary>The words of a text, cleaned and in lower case: what merges do not cross.</summary>
    internal static IEnumerable<string> Words(string text)
    {
        string clean = WebUtility.HtmlDecode(WebUtility.HtmlDecode(text)).Trim();
        clean = WhiteSpace().Replace(clean, " ").Trim().ToLowerInvariant();
        return Word().Matches(clean).Select(match => match.Value);
    }

    /// <summary>Joins a word's symbols: always the pair whose merge comes first in the list, everywhere in the word, until none is left.</summary>
    private List<string> Join(string word)
    {
        List<string> symbols = [.. Encoding.UTF8.GetBytes(word).Select(b => ByteSymbols.All[b])];
        symbols[^1] += ByteSymbols.WordEnd;
        while (symbols.Count > 1)
        {
            (string Left, string Right) best = default;
            int bestRank = int.MaxValue;
            for (int i = 0; i + 1 < symbols.Count; i++)
                if (_ranks.TryGetValue((symbols[i], symbols[i + 1]), out int rank) && rank < bestRank) (best, bestRank) = ((symbols[i], symbols[i + 1]), rank);
            if (bestRank == int.MaxValue) break;
            for (int i = 0; i + 1 < symbols.Count; i++)
            {
                if (symbols[i] != best.Left || symbols[i + 1] != best.Right) continue;
                symbols[i] += symbols[i + 1];
                symbols.RemoveAt(i + 1);
            }
        }
        return symbols;
    }

    private static int SizeFor(int merges) => 2 * 256 + merges + 2;

    private static Dictionary<string, int> OwnIds(IReadOnlyDictionary<(string Left, string Right), int> ranks, int vocabularySize)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int i = 0; i < 256; i++)
        {
            ids.Add(ByteSymbols.InIdOrder[i], i);
            ids.Add(ByteSymbols.InIdOrder[i] + ByteSymbols.WordEnd, 256 + i);
        }
        foreach (((string left, string right), int rank) in ranks) ids[left + right] = 2 * 256 + rank;
        ids[StartOfText] = vocabularySize - 2;
        ids[EndOfText] = vocabularySize - 1;
        return ids;
    }

    [GeneratedRegex(@"\s+", RegexOptions.CultureInvariant)]
    private static partial Regex WhiteSpace();

    // Contractions, runs of letters, single digits, runs of anything else.
    [GeneratedRegex(@"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+", RegexOptions.CultureInvariant)]
    private static partial Regex Word();
}
