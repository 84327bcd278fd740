using System.Formats.Tar;
using System.IO.Compression;

namespace Microsoft.ML.Continual.Samples.Datasets;

/// <summary>Takes single files out of an archive. Names in it choose files and are never used as paths.</summary>
internal static class TarArchive
{
    private static readonly string[] Endings = [".tar", ".tar.gz", ".tgz"];

    /// <summary>Whether a file's name is that of an archive.</summary>
    public static bool IsArchive(string path) => Endings.Any(ending => path.EndsWith(ending, StringComparison.OrdinalIgnoreCase));

    /// <summary>The wanted files, by their names without folders.</summary>
    /// <param name="path">The archive, packed by gzip or not.</param>
    /// <param name="isWanted">Whether a file of this name is wanted.</param>
    /// <param name="maximumBytes">The most bytes that a wanted file may have.</param>
    /// <exception cref="InvalidDataException">The archive is damaged, or a wanted file occurs twice or is too large.</exception>
    public static Dictionary<string, ByteFile> Read(string path, Func<string, bool> isWanted, long maximumBytes) =>
        DatasetSource.Naming(path, () => ReadFiles(path, isWanted, maximumBytes));

    private static Dictionary<string, ByteFile> ReadFiles(string path, Func<string, bool> isWanted, long maximumBytes)
    {
        var files = new Dictionary<string, ByteFile>(StringComparer.Ordinal);
        using FileStream file = File.OpenRead(path);
        using Stream unpacking = path.EndsWith(".tar", StringComparison.OrdinalIgnoreCase) ? file : new GZipStream(file, CompressionMode.Decompress);
        using var tar = new TarReader(unpacking);
        while (tar.GetNextEntry() is { } entry)
        {
            string name = Path.GetFileName(entry.Name);
            if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile) || !isWanted(name)) continue;
            if (entry.Length > maximumBytes) throw new InvalidDataException($"'{path}': expected at most {maximumBytes} bytes in '{entry.Name}'; it announces {entry.Length}");
            if (files.ContainsKey(name)) throw new InvalidDataException($"'{path}' holds a file '{name}' twice");
            files.Add(name, ByteFile.Unpack(entry.DataStream ?? Stream.Null, $"{path}: {entry.Name}", entry.Length));
        }
        return files;
    }
}
