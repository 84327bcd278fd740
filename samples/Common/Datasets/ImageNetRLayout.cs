using TorchSharp;

namespace Microsoft.ML.Continual.Samples.Datasets;

/// <summary>ImageNet-R: a folder for each of 200 WordNet ids, without a split. The order of the classes is that of the ids.</summary>
internal static class ImageNetRLayout
{
    /// <summary>
    /// Splits as PGP's code does: a random four fifths of all images, whatever their classes, are for training. The permutation is that of <c>torch.randperm</c> on the CPU right after
    /// <c>torch.manual_seed</c>, over the files in ordinal order of folder and name.
    /// </summary>
    public static ImageFiles Split(string folder, int seed) => DatasetSource.ImageNetR.Guard(folder, () =>
    {
        LabeledImage[] images = Read(folder, ClassFolderLayout.Read(folder));
        if (images.Length < 2) throw new InvalidDataException($"'{folder}' has {images.Length} images; expected a sub-folder of images for each class, n01443537 and so on");
        int count = (int)(0.8 * images.Length);
        long[] order = Permutation(images.Length, seed);
        return Named(new ImageFiles($"ImageNet-R, split by seed {seed}", [.. order[..count].Order().Select(i => images[i])], [.. order[count..].Order().Select(i => images[i])]));
    });

    /// <summary>Takes the split from lists of paths such as <c>n01443537/art_0.jpg</c>.</summary>
    public static ImageFiles Listed(string folder, string trainList, string testList) => DatasetSource.ImageNetR.Guard(folder, () =>
    {
        ImageFiles files = ImageList.Read(folder, [trainList], [testList], "ImageNet-R, split by lists");
        return Named(files with { Train = Read(folder, files.Train), Test = Read(folder, files.Test), Classes = null });
    });

    private static LabeledImage[] Read(string folder, IEnumerable<LabeledImage> images) => [.. WordNetNames.Label(images, WordNetNames.Read(Path.Combine(folder, "README.txt")))];

    private static ImageFiles Named(ImageFiles files) => files with { ClassNames = WordNetNames.ByLabel(files.Train) };

    internal static long[] Permutation(int count, int seed)
    {
        using var generator = new torch.Generator((ulong)seed);
        using torch.Tensor permutation = torch.randperm(count, generator: generator);
        return permutation.data<long>().ToArray();
    }
}
