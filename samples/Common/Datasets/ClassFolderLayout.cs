using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Data;

namespace Microsoft.ML.Continual.Samples.Datasets;

/// <summary>A sub-folder of image files for each class.</summary>
internal static class ClassFolderLayout
{
    private static readonly string[] Extensions = [".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp"];
    private static readonly string[] TestNames = ["test", "val", "validation"];
    private static readonly string[] Letters = [.. Enumerable.Range('A', 10).Select(letter => ((char)letter).ToString())];

    public static ImageFiles? TryRead(string folder, int seed)
    {
        Dictionary<string, string> children = Directory.GetDirectories(folder).ToDictionary(d => Path.GetFileName(d).ToLowerInvariant(), StringComparer.Ordinal);
        if (children.TryGetValue("train", out string? train))
        {
            string test = TestNames.Select(n => children.GetValueOrDefault(n)).FirstOrDefault(d => d is not null)
                ?? throw new InvalidDataException($"'{folder}' has a folder 'train' but none named 'test', 'val' or 'validation'.");
            LabeledImage[] trainImages = [.. Read(train)], testImages = [.. Read(test)];
            return trainImages.Length == 0 || testImages.Length == 0 ? null : WithoutUnreadable(new ImageFiles("class folders", trainImages, testImages));
        }
        LabeledImage[] images = [.. Read(folder)];
        if (images.Length == 0) return null;
        ImageFiles whole = WithoutUnreadable(new ImageFiles("class folders", images, []));
        return Split(whole, seed);
    }

    // notMNIST's archives have a few files that no one can read. They are looked for there only: it takes a look at every image.
    private static ImageFiles WithoutUnreadable(ImageFiles files)
    {
        if (!files.Train.Select(image => image.Label).Distinct().Order(StringComparer.Ordinal).SequenceEqual(Letters)) return files;
        LabeledImage[] train = Readable(files.Train), test = Readable(files.Test);
        return files with { Layout = $"notMNIST, {files.Layout}", Train = train, Test = test, SkippedFiles = files.Train.Count + files.Test.Count - train.Length - test.Length };
    }

    private static LabeledImage[] Readable(IReadOnlyList<LabeledImage> images) => [.. images.AsParallel().AsOrdered().Where(image =>
    {
        try
        {
            image.Image.Dispose();
            return true;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    })];

    /// <summary>The images of every class folder, in ordinal order of folder and file names.</summary>
    public static IEnumerable<LabeledImage> Read(string folder, string images = "") =>
        from directory in Directory.GetDirectories(folder).Order(StringComparer.Ordinal)
        let inside = Path.Combine(directory, images)
        where Directory.Exists(inside)
        from file in Directory.GetFiles(inside).Order(StringComparer.Ordinal)
        where Extensions.Contains(Path.GetExtension(file).ToLowerInvariant())
        select FromFile(Path.GetFileName(directory), file);

    public static LabeledImage FromFile(string label, string path) => new(label, () =>
    {
        try
        {
            return MLImage.CreateFromFile(path);
        }
        catch (Exception e) when (e is ArgumentException or IOException or InvalidDataException or NotSupportedException)
        {
            throw new InvalidDataException($"The image '{path}' cannot be read: {e.Message}", e);
        }
    });

    // Every fifth image of a class, in random order, is for the test.
    private static ImageFiles Split(ImageFiles files, int seed)
    {
        var random = new SeededRandom(seed);
        List<LabeledImage> train = [], test = [];
        foreach (IGrouping<string, LabeledImage> group in files.Train.GroupBy(i => i.Label))
        {
            LabeledImage[] all = [.. group];
            int held = Math.Max(1, all.Length / 5);
            if (all.Length < 2) throw new InvalidDataException($"The class '{group.Key}' has one image only; at least two are needed, one of them for the test.");
            int[] order = random.NextPermutation(all.Length);
            test.AddRange(order[..held].Order().Select(i => all[i]));
            train.AddRange(order[held..].Order().Select(i => all[i]));
        }
        return files with { Layout = files.Layout + ", a fifth held out", Train = train, Test = test };
    }
}
