namespace Microsoft.ML.Continual.Samples.Datasets;

/// <summary>Where a data set is obtained, for messages about files that are missing or damaged.</summary>
/// <param name="Name">The data set.</param>
/// <param name="Page">Its official page.</param>
internal sealed record DatasetSource(string Name, string Page)
{
    public static DatasetSource Cifar { get; } = new("CIFAR-10 and CIFAR-100", "https://www.cs.toronto.edu/~kriz/cifar.html");

    public static DatasetSource TinyImageNet { get; } = new("Tiny-ImageNet-200", "http://cs231n.stanford.edu/tiny-imagenet-200.zip");

    public static DatasetSource ImageNetR { get; } = new("ImageNet-R", "https://github.com/hendrycks/imagenet-r");

    public static DatasetSource Cub200 { get; } = new("CUB-200-2011", "https://www.vision.caltech.edu/datasets/cub_200_2011/");

    public static DatasetSource DomainNet { get; } = new("DomainNet", "https://ai.bu.edu/M3SDA/");

    public static DatasetSource Pacs { get; } = new("PACS", "https://dali-dl.github.io/project_iccv2017.html");

    public static DatasetSource Mnist { get; } = new("MNIST", "http://yann.lecun.com/exdb/mnist/");

    public static DatasetSource FashionMnist { get; } = new("Fashion-MNIST", "https://github.com/zalandoresearch/fashion-mnist");

    public static DatasetSource Svhn { get; } = new("SVHN", "http://ufldl.stanford.edu/housenumbers/");

    public static DatasetSource NotMnist { get; } = new("notMNIST", "https://github.com/facebookresearch/Adversarial-Continual-Learning");

    /// <summary>Reads, and says in the message of what goes wrong where the data set is obtained.</summary>
    /// <param name="path">The file or folder, for messages that do not name it.</param>
    /// <param name="read">Opens files and reads their descriptions; what it gives must not read lazily.</param>
    /// <exception cref="InvalidDataException">A file is missing, damaged or unreadable.</exception>
    public T Guard<T>(string path, Func<T> read)
    {
        try
        {
            return Naming(path, read);
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"{e.Message}. {Name} can be had from {Page}", e);
        }
    }

    /// <summary>Reads, and names the file or folder in the message of what goes wrong where that does not.</summary>
    /// <exception cref="InvalidDataException">A file is missing, damaged or unreadable.</exception>
    public static T Naming<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is InvalidDataException or IOException or FormatException)
        {
            string message = e.Message.TrimEnd('.');
            throw new InvalidDataException(message.Contains(path, StringComparison.Ordinal) ? message : $"'{path}': {message}", e);
        }
    }

    /// <summary>A file's path.</summary>
    /// <exception cref="InvalidDataException">There is no such file.</exception>
    public static string Require(string folder, string file)
    {
        string path = Path.Combine(folder, file);
        return File.Exists(path) ? path : throw new InvalidDataException($"There is no file '{path}'");
    }
}
