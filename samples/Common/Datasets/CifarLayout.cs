using System.Globalization;

namespace Microsoft.ML.Continual.Samples.Datasets;

/// <summary>CIFAR-10 and CIFAR-100, the binary and the Python version, in a folder or still in their archive. An image is 3 × 32 × 32 bytes: all red, all green, all blue.</summary>
internal static class CifarLayout
{
    private const int Side = 32, Pixels = 3 * Side * Side;
    private const long MaximumBytes = 1 << 30;   // a file of CIFAR has at most 155 MB
    private static readonly string[] Others =
        ["test_batch.bin", "batches.meta.txt", "train.bin", "test.bin", "fine_label_names.txt", "test_batch", "batches.meta", "train", "test", "meta"];

    /// <summary>Reads a folder, or an archive by itself or as the only one of its kind in a folder; null where there is no CIFAR.</summary>
    public static ImageFiles? TryRead(string path) => DatasetSource.Cifar.Guard(path, () =>
    {
        if (File.Exists(path)) return ReadArchive(path) ?? throw new InvalidDataException($"'{path}' holds no files of CIFAR: expected data_batch_1 or train, with .bin or without");
        Dictionary<string, ByteFile> files = Directory.GetFiles(path).Where(file => IsWanted(Path.GetFileName(file))).ToDictionary(file => Path.GetFileName(file)!, ByteFile.Open, StringComparer.Ordinal);
        if (Read(path, files) is { } found) return found;
        string[] archives = [.. Directory.GetFiles(path, "cifar-*").Where(TarArchive.IsArchive).Order(StringComparer.Ordinal)];
        if (archives.Length > 1) throw new InvalidDataException($"'{path}' holds several archives ({string.Join(", ", archives.Select(Path.GetFileName))}): name the one to read");
        return archives.Length == 0 ? null : ReadArchive(archives[0]);
    });

    private static ImageFiles? ReadArchive(string path) => Read(path, TarArchive.Read(path, IsWanted, MaximumBytes));

    private static bool IsWanted(string name) => Others.Contains(name) || BatchNumber(name) is not null;

    // data_batch_3 and data_batch_3.bin are 3.
    private static int? BatchNumber(string name)
    {
        string stem = name.EndsWith(".bin", StringComparison.Ordinal) ? name[..^4] : name;
        return stem.StartsWith("data_batch_", StringComparison.Ordinal) && int.TryParse(stem["data_batch_".Length..], NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;
    }

    private static ImageFiles? Read(string path, Dictionary<string, ByteFile> files)
    {
        if (Batches(path, files, ".bin") is { Length: > 0 } binary) return ReadBinary("CIFAR-10 binary", binary, "test_batch.bin", "batches.meta.txt", labelBytes: 1);
        if (files.ContainsKey("train.bin")) return ReadBinary("CIFAR-100 binary", ["train.bin"], "test.bin", "fine_label_names.txt", labelBytes: 2);
        if (Batches(path, files, "") is { Length: > 0 } pickles) return ReadPython("CIFAR-10 Python", pickles, "test_batch", "batches.meta", "label_names", "labels");
        return files.ContainsKey("train") && (files.ContainsKey("meta") || files.ContainsKey("test"))
            ? ReadPython("CIFAR-100 Python", ["train"], "test", "meta", "fine_label_names", "fine_labels") : null;

        ImageFiles ReadBinary(string layout, string[] train, string test, string names, int labelBytes)
        {
            (ByteFile testFile, string[] classes) = (File(test), files.TryGetValue(names, out ByteFile? file) ? ReadLines(file) : []);
            return new ImageFiles(layout, [.. train.SelectMany(name => ReadRecords(File(name), labelBytes, classes))], [.. ReadRecords(testFile, labelBytes, classes)]);
        }

        ImageFiles ReadPython(string layout, string[] train, string test, string names, string namesKey, string labelsKey)
        {
            (ByteFile testFile, string[] classes) = (File(test), files.TryGetValue(names, out ByteFile? file) ? CifarPickle.ReadNames(file, namesKey) : []);
            return new ImageFiles(layout, [.. train.SelectMany(name => ReadPickle(File(name), labelsKey, classes))], [.. ReadPickle(testFile, labelsKey, classes)]);
        }

        ByteFile File(string name) => files.TryGetValue(name, out ByteFile? file) ? file : throw new InvalidDataException($"'{path}' has CIFAR training images but no file '{name}'");
    }

    // In the order of their numbers, which have no gap: subsets may have fewer than five.
    private static string[] Batches(string path, Dictionary<string, ByteFile> files, string ending)
    {
        string[] batches = [.. files.Keys.Where(name => BatchNumber(name) is not null && name.EndsWith(".bin", StringComparison.Ordinal) == (ending.Length > 0)).OrderBy(BatchNumber)];
        for (int i = 0; i < batches.Length; i++)
            if (batches[i] != $"data_batch_{i + 1}{ending}") throw new InvalidDataException($"'{path}' has '{batches[i]}' but no file 'data_batch_{i + 1}{ending}'");
        return batches;
    }

    // The last label byte is the (fine) class.
    private static IEnumerable<LabeledImage> ReadRecords(ByteFile file, int labelBytes, string[] classes)
    {
        int record = labelBytes + Pixels;
        if (file.Length == 0 || file.Length % record != 0)
            throw new InvalidDataException($"'{file.Name}' has {file.Length} bytes; expected a multiple of {record}, the size of a CIFAR record: the file is truncated or no CIFAR");
        for (long start = 0; start < file.Length; start += record) yield return Image(file, start + labelBytes, file.ReadByte(start + labelBytes - 1), classes);
    }

    private static IEnumerable<LabeledImage> ReadPickle(ByteFile file, string labelsKey, string[] classes)
    {
        (int[] labels, long pixels) = CifarPickle.ReadBatch(file, labelsKey, Pixels);
        for (int i = 0; i < labels.Length; i++) yield return Image(file, pixels + (long)i * Pixels, labels[i], classes);
    }

    private static LabeledImage Image(ByteFile file, long pixels, int label, string[] classes) =>
        new(label < classes.Length ? classes[label] : label.ToString("000", CultureInfo.InvariantCulture), () => RawImage.FromPlanes(file.Read(pixels, Pixels), Side, Side));

    private static string[] ReadLines(ByteFile file)
    {
        using var reader = new StreamReader(file.OpenRead());
        return reader.ReadToEnd().Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
    }
}
