namespace Microsoft.ML.Continual.Samples.Datasets;

/// <summary>Tiny-ImageNet: <c>train/&lt;wnid&gt;/images</c>, and <c>val/images</c> with the labels in <c>val/val_annotations.txt</c>.</summary>
internal static class TinyImageNetLayout
{
    public static ImageFiles? TryRead(string folder)
    {
        string annotations = Path.Combine(folder, "val", "val_annotations.txt"), train = Path.Combine(folder, "train");
        if (!File.Exists(Path.Combine(folder, "wnids.txt")) || !File.Exists(annotations) || !Directory.Exists(train)) return null;
        IReadOnlyDictionary<string, string> words = ReadWords(Path.Combine(folder, "words.txt"));
        LabeledImage[] trainImages = [.. Named(ClassFolderLayout.Read(train, "images"), words)];
        LabeledImage[] testImages = [.. Named(ReadAnnotations(annotations), words).OrderBy(image => image.Label, StringComparer.Ordinal)];   // class after class, as in folders
        return new ImageFiles("Tiny-ImageNet", trainImages, testImages);
    }

    private static IEnumerable<LabeledImage> ReadAnnotations(string path)
    {
        string images = Path.Combine(Path.GetDirectoryName(path)!, "images");
        int number = 0;
        foreach (string line in File.ReadLines(path))
        {
            number++;
            if (string.IsNullOrWhiteSpace(line)) continue;
            string[] fields = line.Split('\t');   // file, wnid, box
            if (fields.Length < 2) throw new InvalidDataException($"'{path}', line {number}: expected a file name, a tab and a class; found '{line}'.");
            string file = Path.Combine(images, Path.GetFileName(fields[0]));
            if (File.Exists(file)) yield return ClassFolderLayout.FromFile(fields[1], file);   // subsets keep the full list
        }
    }

    // "n01443537" becomes "n01443537 goldfish": unique and readable.
    private static IEnumerable<LabeledImage> Named(IEnumerable<LabeledImage> images, IReadOnlyDictionary<string, string> words) =>
        images.Select(i => words.TryGetValue(i.Label, out string? word) ? i.WithLabel($"{i.Label} {word}") : i);

    private static Dictionary<string, string> ReadWords(string path) => !File.Exists(path) ? [] : File.ReadLines(path)
        .Select(line => line.Split('\t', 2)).Where(f => f.Length == 2)
        .GroupBy(f => f[0], StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.First()[1].Split(',')[0].Trim(), StringComparer.Ordinal);
}
