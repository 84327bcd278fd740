using Microsoft.ML.Continual.Numerics;

namespace Microsoft.ML.Continual.Samples.Datasets;

/// <summary>
/// Opens a folder of images in any of the usual layouts. Nothing is decoded before a view is read.
/// </summary>
/// <remarks>
/// Layouts, tried in this order: Tiny-ImageNet (<c>wnids.txt</c>, <c>train</c>, <c>val/val_annotations.txt</c>); CIFAR, binary (<c>data_batch_*.bin</c> or <c>train.bin</c>) or for Python
/// (<c>data_batch_*</c>, or <c>train</c> with <c>meta</c>), or its archive (<c>cifar-*.tar.gz</c>), by itself or in a folder; MNIST and its kin (<c>train-images-idx3-ubyte[.gz]</c>);
/// SVHN (<c>train_32x32.mat</c>); CUB-200-2011 (<c>images.txt</c> and its companions); domains with lists (<c>clipart_train.txt</c> and so on); a sub-folder for each class, below <c>train</c> and
/// <c>test</c> (or <c>val</c>) or directly, in which case a fifth of each class becomes the test set. ImageNet-R is opened by <see cref="OpenImageNetR"/>, because its folder does not tell it
/// from class folders.
/// </remarks>
public static class DatasetFolder
{
    /// <summary>Finds out the layout and makes the views.</summary>
    /// <param name="mlContext">Where the views are made.</param>
    /// <param name="folder">The folder, or an archive of CIFAR.</param>
    /// <param name="options">How much of it to use; null uses all.</param>
    /// <param name="labelPrefix">Put before every label, so that the classes of several data sets differ; or null.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="InvalidDataException">The folder has none of the known layouts, or a file is missing or damaged; the message says where the data set is obtained.</exception>
    public static ImageDataset Open(MLContext mlContext, string folder, DatasetOptions? options = null, string? labelPrefix = null)
    {
        Check(mlContext, folder);
        options ??= new DatasetOptions();
        return Make(mlContext, folder, Find(folder, options.Seed), options, labelPrefix);
    }

    /// <summary>Opens ImageNet-R: a sub-folder for each WordNet id, split by lists or at random.</summary>
    /// <param name="mlContext">Where the views are made.</param>
    /// <param name="folder">The folder <c>imagenet-r</c>.</param>
    /// <param name="splitSeed">The seed of the split into four fifths for training and one for the test, as PGP's code draws it: over all images and not within each class.</param>
    /// <param name="lists">Two lists of paths below the folder, for training and test, in place of the random split; null where there are none.</param>
    /// <param name="options">How much of it to use; null uses all.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="InvalidDataException">A file is missing or damaged; the message says where the data set is obtained.</exception>
    public static ImageDataset OpenImageNetR(MLContext mlContext, string folder, int splitSeed, (string Train, string Test)? lists = null, DatasetOptions? options = null)
    {
        Check(mlContext, folder);
        ImageFiles files = lists is { } split ? ImageNetRLayout.Listed(folder, split.Train, split.Test) : ImageNetRLayout.Split(folder, splitSeed);
        return Make(mlContext, folder, files, options ?? new DatasetOptions(), labelPrefix: null);
    }

    /// <summary>Opens images that two lists name, with the classes' numbers in the lists as the order of the classes.</summary>
    /// <param name="mlContext">Where the views are made.</param>
    /// <param name="folder">The folder that paths start from.</param>
    /// <param name="trainList">The training images: a path and perhaps a number on each line.</param>
    /// <param name="testList">The test images.</param>
    /// <param name="options">How much of it to use; null uses all.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="InvalidDataException">A file is missing, or the lists do not fit together.</exception>
    public static ImageDataset OpenListed(MLContext mlContext, string folder, string trainList, string testList, DatasetOptions? options = null)
    {
        Check(mlContext, folder);
        ImageFiles files = DatasetSource.DomainNet.Guard(folder, () => ImageList.Read(folder, [trainList], [testList], "lists"));
        return Make(mlContext, folder, files, options ?? new DatasetOptions(), labelPrefix: null);
    }

    /// <summary>The domains of a folder: those that have lists of images beside them, as in DomainNet, else all sub-folders. In alphabetical order.</summary>
    /// <param name="folder">The folder.</param>
    public static IReadOnlyList<string> Domains(string folder)
    {
        string[] listed = DomainListLayout.Domains(folder);
        return listed.Length > 0 ? listed : [.. Directory.GetDirectories(folder).Select(path => Path.GetFileName(path)!).Order(StringComparer.OrdinalIgnoreCase)];
    }

    /// <summary>Opens one of a folder's <see cref="Domains"/>: by its lists where it has them, else as a folder of its own.</summary>
    /// <param name="mlContext">Where the views are made.</param>
    /// <param name="folder">The folder of all domains.</param>
    /// <param name="domain">The domain.</param>
    /// <param name="options">How much of it to use; null uses all.</param>
    /// <param name="labelPrefix">Put before every label, or null.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="InvalidDataException">The domain has none of the known layouts, or a file is missing or damaged.</exception>
    public static ImageDataset OpenDomain(MLContext mlContext, string folder, string domain, DatasetOptions? options = null, string? labelPrefix = null)
    {
        Check(mlContext, folder);
        if (!DomainListLayout.Domains(folder).Contains(domain)) return Open(mlContext, Path.Combine(folder, domain), options, labelPrefix);
        return Make(mlContext, Path.Combine(folder, domain), DomainListLayout.TryRead(folder, [domain])!, options ?? new DatasetOptions(), labelPrefix);
    }

    /// <summary>Opens several domains with lists as one data set, in which equal classes are one.</summary>
    /// <param name="mlContext">Where the views are made.</param>
    /// <param name="folder">The folder of all domains.</param>
    /// <param name="domains">The domains; null takes all.</param>
    /// <param name="options">How much of it to use; null uses all.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="InvalidDataException">A domain has no lists, or a file is missing.</exception>
    public static ImageDataset OpenDomains(MLContext mlContext, string folder, IReadOnlyList<string>? domains = null, DatasetOptions? options = null)
    {
        Check(mlContext, folder);
        ImageFiles files = DomainListLayout.TryRead(folder, domains) ?? throw new InvalidDataException(
            $"'{folder}' has no domains with lists: expected folders such as clipart, and clipart_train.txt and clipart_test.txt beside them. DomainNet can be had from {DatasetSource.DomainNet.Page}");
        return Make(mlContext, folder, files, options ?? new DatasetOptions(), labelPrefix: null);
    }

    private static void Check(MLContext mlContext, string folder)
    {
        ArgumentNullException.ThrowIfNull(mlContext);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        if (!Directory.Exists(folder) && !(File.Exists(folder) && TarArchive.IsArchive(folder))) throw new DirectoryNotFoundException($"There is no folder '{folder}'.");
    }

    private static ImageFiles Find(string folder, int seed)
    {
        if (File.Exists(folder)) return CifarLayout.TryRead(folder)!;
        return TinyImageNetLayout.TryRead(folder) ?? CifarLayout.TryRead(folder) ?? IdxLayout.TryRead(folder) ?? SvhnLayout.TryRead(folder) ?? CubLayout.TryRead(folder)
            ?? DomainListLayout.TryRead(folder) ?? ClassFolderLayout.TryRead(folder, seed)
            ?? throw new InvalidDataException(
                $"'{folder}' has no layout this program knows: expected Tiny-ImageNet (wnids.txt), CIFAR (data_batch_*.bin, data_batch_*, train.bin, or cifar-*.tar.gz), MNIST idx files, " +
                "SVHN (train_32x32.mat), CUB-200-2011 (images.txt), DomainNet (clipart_train.txt and so on), or a sub-folder of images for each class (perhaps below 'train' and 'test'). docs/datasets.md says where each can be had.");
    }

    private static ImageDataset Make(MLContext mlContext, string folder, ImageFiles files, DatasetOptions options, string? labelPrefix)
    {
        string[] classes = [.. files.Classes ?? [.. files.Train.Select(i => i.Label).Distinct().Order(StringComparer.Ordinal)]];
        if (options.ClassCount is { } wanted)
        {
            if (wanted > classes.Length) throw new InvalidDataException($"'{folder}' has {classes.Length} classes; {wanted} were asked for.");
            classes = classes[..wanted];
        }
        LabeledImage[] train = Select(folder, files.Train, classes, options.TrainPerClass, options.Seed);
        HashSet<LabeledImage> chosen = [.. Select(folder, files.Test, classes, options.TestPerClass, options.Seed + 1)];
        LabeledImage[] test = [.. files.Test.Where(chosen.Contains)];   // in the files' order: protocols that look at whole test batches depend on it
        Dictionary<string, string> names = classes.Where(files.ClassNames.ContainsKey).ToDictionary(label => labelPrefix + label, label => files.ClassNames[label], StringComparer.Ordinal);
        if (labelPrefix is not null)
        {
            classes = [.. classes.Select(label => labelPrefix + label)];
            train = [.. train.Select(image => image.WithLabel(labelPrefix + image.Label))];
            test = [.. test.Select(image => image.WithLabel(labelPrefix + image.Label))];
        }
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        return new ImageDataset($"{name} ({files.Layout})", mlContext.Data.LoadFromEnumerable(train), mlContext.Data.LoadFromEnumerable(test), classes, train.Length, test.Length)
        {
            ClassNames = names,
            SkippedFiles = files.SkippedFiles,
        };
    }

    // Class after class; of each at most `limit` images, in their order of appearance.
    private static LabeledImage[] Select(string folder, IReadOnlyList<LabeledImage> images, string[] classes, int? limit, int seed)
    {
        var random = new SeededRandom(seed);
        ILookup<string, LabeledImage> byClass = images.ToLookup(i => i.Label, StringComparer.Ordinal);
        return [.. classes.SelectMany(label =>
        {
            LabeledImage[] all = [.. byClass[label]];
            if (all.Length == 0) throw new InvalidDataException($"'{folder}': the class '{label}' has training images but no test images.");
            return limit is null || all.Length <= limit ? all : [.. random.NextPermutation(all.Length).Take(limit.Value).Order().Select(i => all[i])];
        })];
    }
}
