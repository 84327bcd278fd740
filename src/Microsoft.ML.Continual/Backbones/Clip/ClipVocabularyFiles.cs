using System.IO.Compression;
using System.Text;
using System.Text.Json;

namespace Microsoft.ML.Continual.Backbones.Clip;

/// <summary>Finds and reads the files of a CLIP vocabulary. Nothing read is trusted: sizes are bounded, lines are checked.</summary>
internal static class ClipVocabularyFiles
{
    /// <summary>The names looked for, in words.</summary>
    public const string Expected = "put OpenAI's bpe_simple_vocab_16e6.txt.gz, or merges.txt (and vocab.json) from Hugging Face, beside the checkpoint, or give 'vocabularyPath'";

    private const int LargestFile = 64 << 20;             // OpenAI's unpacks to 3 MB
    private const int UsedMerges = 49152 - 256 - 2;     // OpenAI's file lists more than its models use: 48,894

    private static readonly string[] Names = ["bpe_simple_vocab_16e6.txt.gz", "bpe_simple_vocab_16e6.txt", "merges.txt", "merges.txt.gz"];

    /// <summary>The vocabulary to read: the given file, or the one in the given folder, or the one beside the checkpoint; null where nothing is given and none lies there.</summary>
    /// <exception cref="FileNotFoundException">The given path holds none.</exception>
    public static string? Find(string? given, string checkpoint)
    {
        if (given is null) return InFolder(Path.GetDirectoryName(Path.GetFullPath(checkpoint))!);
        if (Directory.Exists(given))
            return InFolder(given) ?? throw new FileNotFoundException($"The folder '{given}' holds no vocabulary: expected one of {string.Join(", ", Names)}.", given);
        return File.Exists(given) ? given : throw new FileNotFoundException($"There is no vocabulary '{given}'.", given);
    }

    /// <summary>The merges of a file, in order.</summary>
    /// <exception cref="InvalidDataException">The file is no list of merges.</exception>
    public static IReadOnlyList<(string Left, string Right)> ReadMerges(string path)
    {
        string[] lines = ReadText(path).Split('\n');
        var merges = new List<(string, string)>();
        for (int i = lines.Length > 0 && lines[0].Contains("#version:", StringComparison.Ordinal) ? 1 : 0; i < lines.Length && merges.Count < UsedMerges; i++)
        {
            string line = lines[i].TrimEnd('\r');
            if (line.Length == 0 && i >= lines.Length - 1) break;
            if (line.Split(' ') is not [{ Length: > 0 } left, { Length: > 0 } right])
                throw new InvalidDataException($"'{path}', line {i + 1}: expected a merge, two symbols with a space between them; found '{(line.Length > 40 ? line[..40] + "…" : line)}'.");
            merges.Add((left, right));
        }
        return merges;
    }

    /// <summary>The ids in the <c>vocab.json</c> beside a <c>merges.txt</c>, or null where there is none.</summary>
    /// <exception cref="InvalidDataException">The file does not number its tokens 0 … n − 1 with the end of text last.</exception>
    public static IReadOnlyDictionary<string, int>? ReadIdsBeside(string merges)
    {
        if (!Path.GetFileName(merges).StartsWith("merges", StringComparison.OrdinalIgnoreCase)) return null;
        string path = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(merges))!, "vocab.json");
        if (!File.Exists(path)) return null;
        Dictionary<string, int>? ids;
        try
        {
            ids = JsonSerializer.Deserialize<Dictionary<string, int>>(ReadText(path));
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"'{path}': expected a JSON object of tokens and their ids: {e.Message}", e);
        }
        if (ids is null || ids.Values.Distinct().Count() != ids.Count || ids.Values.Any(id => id < 0 || id >= ids.Count))
            throw new InvalidDataException($"'{path}': expected the ids 0 … {(ids?.Count ?? 0) - 1}, each once.");
        if (!ids.ContainsKey(ClipTokenizer.StartOfText) || ids.GetValueOrDefault(ClipTokenizer.EndOfText, -1) != ids.Count - 1)
            throw new InvalidDataException($"'{path}': expected '{ClipTokenizer.StartOfText}', and '{ClipTokenizer.EndOfText}' with the last id {ids.Count - 1}.");
        return ids;
    }

    private static string? InFolder(string folder) => Names.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    /// <summary>A file's text, unpacked where it is compressed.</summary>
    private static string ReadText(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        bool packed = file.ReadByte() == 0x1F && file.ReadByte() == 0x8B;
        file.Position = 0;
        try
        {
            using var bytes = new MemoryStream();
            if (packed)
            {
                using var unpacked = new GZipStream(file, CompressionMode.Decompress, leaveOpen: true);
                CopyBounded(unpacked, bytes, path);
                RequireWhole(file, bytes.Length, path);
            }
            else
            {
                CopyBounded(file, bytes, path);
            }
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
        }
        catch (DecoderFallbackException e)
        {
            throw new InvalidDataException($"'{path}': expected UTF-8 text: {e.Message}", e);
        }
        catch (InvalidDataException e) when (!e.Message.StartsWith('\''))
        {
            throw new InvalidDataException($"'{path}': the compressed data is damaged: {e.Message}", e);
        }
    }

    private static void CopyBounded(Stream from, MemoryStream to, string path)
    {
        byte[] block = new byte[1 << 16];
        for (int count; (count = from.Read(block)) > 0;)
        {
            to.Write(block, 0, count);
            if (to.Length > LargestFile) throw new InvalidDataException($"'{path}': expected at most {LargestFile >> 20} MiB of text; found more. It is no CLIP vocabulary.");
        }
    }

    /// <summary>The last four bytes of compressed data are the length of the text: a file that was cut off has others.</summary>
    private static void RequireWhole(FileStream file, long length, string path)
    {
        byte[] tail = new byte[4];
        if (file.Length >= tail.Length)
        {
            file.Seek(-tail.Length, SeekOrigin.End);
            file.ReadExactly(tail);
            if (BitConverter.ToUInt32(tail) == (uint)length) return;
        }
        throw new InvalidDataException($"'{path}': the compressed data is cut off after {length} bytes of text.");
    }
}
