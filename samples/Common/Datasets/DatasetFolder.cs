using Microsoft.ML.Continual.Numerics;

namespace Microsoft.ML.Continual.Samples.Datasets;

/// <summary>
/// Opens a folder of images in any of the usual layouts. Nothing is decoded before a view is read.
/// </summary>
/// <remarks>
/// Layouts, tried in this order: Tiny-ImageNet (<c>wnids.txt</c>, <c>train</c>, <c>val/val_annotations.txt</c>); CIFAR binary (<c>data_batch_*.bin</c> or
/// <c>train.bin</c>); MNIST and its kin (<c>train-images-idx3-ubyte[.gz]</c>); a sub-folder for each class, below <c>train</c> and <c>test</c> (or
/// <c>val</c>) or directly, in which case a fifth of each class becomes the test set.
/// </remarks>
public static class DatasetFolder
{
    /// <summary>Finds out the layout and makes the views.</summary>
    /// <param name="mlContext">Where the views are made.</param>
    /// <param name="folder">The folder.</param>
    /// <param name="options">How much of it to use; null uses all.</param>
    /// <param name="labelPrefix">Put before every label, so that the classes of several data sets differ; or null.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="InvalidDataException">The folder has none of the known layouts, or a file is damaged.</exception>
    public static ImageDataset Open(MLContext mlContext, string folder, DatasetOptions? options = null, string? labelPrefix = null)
    {
        ArgumentNullException.ThrowIfNull(mlContext);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        options ??= new DatasetOptions();
        if (!Directory.Exists(folder)) throw new DirectoryNotFoundException($"There is no folder '{folder}'.");

        ImageFiles files = TinyImageNetLayout.TryRead(folder) ?? CifarLayout.TryRead(folder) ?? IdxLayout.TryRead(folder)
            ?? ClassFolderLayout.TryRead(folder, options.Seed)
            ?? throw new InvalidDataException(
                $"'{folder}' has no layout this program knows: expected Tiny-ImageNet (wnids.txt), CIFAR binary (data_batch_*.bin), MNIST idx files, " +
                "or a sub-folder of images for each class (perhaps below 'train' and 'test').");

        string[] classes = [.. files.Train.Select(i => i.Label).Distinct().Order(StringComparer.Ordinal)];
        if (options.ClassCount is { } wanted)
        {
            if (wanted > classes.Length) throw new InvalidDataException($"'{folder}' has {classes.Length} classes; {wanted} were asked for.");
            classes = classes[..wanted];
        }
        LabeledImage[] train = Select(files.Train, classes, options.TrainPerClass, options.Seed);
        HashSet<LabeledImage> chosen = [.. Select(files.Test, classes, options.TestPerClass, options.Seed + 1)];
        LabeledImage[] test = [.. files.Test.Where(chosen.Contains)];   // in the files' order: protocols that look at whole test batches depend on it
        if (labelPrefix is not null)
        {
            classes = [.. classes.Select(label => labelPrefix + label)];
            train = [.. train.Select(image => image.WithLabel(labelPrefix + image.Label))];
            test = [.. test.Select(image => image.WithLabel(labelPrefix + image.Label))];
        }
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        return new ImageDataset($"{name} ({files.Layout})", mlContext.Data.LoadFromEnumerable(train), mlContext.Data.LoadFromEnumerable(test), classes, train.Length, test.Length);
    }

    // Class after class; of each at most `limit` images, in their order of appearance.
    private static LabeledImage[] Select(IReadOnlyList<LabeledImage> images, string[] classes, int? limit, int seed)
    {
        var random = new SeededRandom(seed);
        ILookup<string, LabeledImage> byClass = images.ToLookup(i => i.Label, StringComparer.Ordinal);
        return [.. classes.SelectMany(label =>
        {
            LabeledImage[] all = [.. byClass[label]];
            if (all.Length == 0) throw new InvalidDataException($"The class '{label}' has training images but no test images.");
            return limit is null || all.Length <= limit ? all : [.. random.NextPermutation(all.Length).Take(limit.Value).Order().Select(i => all[i])];
        })];
    }
}
