using System.Globalization;

namespace Microsoft.ML.Continual.Samples.Datasets;

/// <summary>CIFAR-10 and CIFAR-100 in the binary version: records of label bytes and 3 × 32 × 32 pixels.</summary>
internal static class CifarLayout
{
    private const int Side = 32, Pixels = 3 * Side * Side;

    public static ImageFiles? TryRead(string folder)
    {
        string[] batches = [.. Directory.GetFiles(folder, "data_batch_*.bin").Order(StringComparer.Ordinal)];
        if (batches.Length > 0)
            return Read(folder, "CIFAR-10 binary", batches, "test_batch.bin", "batches.meta.txt", labelBytes: 1);
        string train = Path.Combine(folder, "train.bin");
        return File.Exists(train) ? Read(folder, "CIFAR-100 binary", [train], "test.bin", "fine_label_names.txt", labelBytes: 2) : null;
    }

    private static ImageFiles Read(string folder, string layout, string[] train, string test, string names, int labelBytes)
    {
        string testFile = Path.Combine(folder, test), nameFile = Path.Combine(folder, names);
        if (!File.Exists(testFile)) throw new InvalidDataException($"'{folder}' has CIFAR training batches but no '{test}'.");
        string[] classes = File.Exists(nameFile) ? [.. File.ReadLines(nameFile).Select(n => n.Trim()).Where(n => n.Length > 0)] : [];
        return new ImageFiles(layout, [.. train.SelectMany(f => ReadBatch(f, labelBytes, classes))], [.. ReadBatch(testFile, labelBytes, classes)]);
    }

    // The last label byte is the (fine) class.
    private static IEnumerable<LabeledImage> ReadBatch(string path, int labelBytes, string[] classes)
    {
        byte[] bytes = File.ReadAllBytes(path);
        int record = labelBytes + Pixels;
        if (bytes.Length == 0 || bytes.Length % record != 0)
            throw new InvalidDataException($"'{path}' has {bytes.Length} bytes; expected a multiple of {record}, the size of a CIFAR record.");
        for (int start = 0; start < bytes.Length; start += record)
        {
            int label = bytes[start + labelBytes - 1];
            string name = label < classes.Length ? classes[label] : label.ToString("000", CultureInfo.InvariantCulture);
            int pixels = start + labelBytes;
            yield return new LabeledImage(name, () => RawImage.FromPlanes(bytes.AsSpan(pixels, Pixels), Side, Side));
        }
    }
}
