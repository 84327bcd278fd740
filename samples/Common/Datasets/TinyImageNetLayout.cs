namespace Microsoft.ML.Continual.Samples.Datasets;

/// <summary>Tiny-ImageNet: <c>train/&lt;wnid&gt;/images</c>, and <c>val/images</c> with the labels in <c>val/val_annotations.txt</c>.</summary>
internal static class TinyImageNetLayout
{
    public static ImageFiles? TryRead(string folder)
    {
        bool isTiny = File.Exists(Path.Combine(folder, "wnids.txt")) && (Directory.Exists(Path.Combine(folder, "val", "images")) || !Directory.Exists(Path.Combine(folder, "val")));
        return isTiny ? DatasetSource.TinyImageNet.Guard(folder, () => Read(folder)) : null;   // with val in class folders it is one of those
    }

    private static ImageFiles Read(string folder)
    {
        string train = Path.Combine(folder, "train"), annotations = DatasetSource.Require(Path.Combine(folder, "val"), "val_annotations.txt");
        if (!Directory.Exists(train)) throw new InvalidDataException($"There is no folder '{train}'");
        Dictionary<string, string> words = WordNetNames.Read(Path.Combine(folder, "words.txt"));
        LabeledImage[] trainImages = [.. WordNetNames.Label(ClassFolderLayout.Read(train, "images"), words)];
        LabeledImage[] testImages = [.. WordNetNames.Label(ReadAnnotations(annotations), words).OrderBy(image => image.Label, StringComparer.Ordinal)];   // class after class, as in folders
        if (trainImages.Length == 0) throw new InvalidDataException($"'{train}' has no images: expected them in '{Path.Combine(train, "<wnid>", "images")}'");
        return new ImageFiles("Tiny-ImageNet", trainImages, testImages) { ClassNames = WordNetNames.ByLabel(trainImages) };
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
            if (fields.Length < 2) throw new InvalidDataException($"'{path}', line {number}: expected a file name, a tab and a class; found '{line}'");
            string file = Path.Combine(images, Path.GetFileName(fields[0]));
            if (File.Exists(file)) yield return ClassFolderLayout.FromFile(fields[1], file);   // subsets keep the full list
        }
    }
}
