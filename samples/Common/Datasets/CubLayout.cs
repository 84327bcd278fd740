namespace Microsoft.ML.Continual.Samples.Datasets;

/// <summary>
/// CUB-200-2011: <c>images/&lt;class&gt;/…</c>, and the lists <c>images.txt</c>, <c>image_class_labels.txt</c>, <c>train_test_split.txt</c> and <c>classes.txt</c>, which share their numbers.
/// </summary>
internal static class CubLayout
{
    private const string Images = "images.txt", Labels = "image_class_labels.txt", Split = "train_test_split.txt", Classes = "classes.txt", Folder = "CUB_200_2011";

    public static ImageFiles? TryRead(string folder)
    {
        if (!File.Exists(Path.Combine(folder, Images)) && File.Exists(Path.Combine(folder, Folder, Images))) folder = Path.Combine(folder, Folder);
        bool isCub = File.Exists(Path.Combine(folder, Images)) && new[] { Labels, Split, Classes }.Any(file => File.Exists(Path.Combine(folder, file)));
        return isCub ? DatasetSource.Cub200.Guard(folder, () => Read(folder)) : null;
    }

    private static ImageFiles Read(string folder)
    {
        List<(string Id, string Value)> images = ReadTable(folder, Images);
        Dictionary<string, string> labels = ReadNumbers(folder, Labels), split = ReadNumbers(folder, Split), classes = ReadNumbers(folder, Classes);
        List<LabeledImage> train = [], test = [];
        foreach ((string id, string image) in images)
        {
            string path = Path.Combine(folder, "images", image);
            bool isInside = !image.StartsWith('/') && !image.Split('/', '\\').Contains("..");
            if (!isInside || !File.Exists(path)) throw new InvalidDataException($"There is no file '{path}', which '{Path.Combine(folder, Images)}' names as image {id}");
            LabeledImage found = ClassFolderLayout.FromFile(Value(classes, Value(labels, id, Labels), Classes), path);
            string side = Value(split, id, Split);
            (side switch { "1" => train, "0" => test, _ => throw new InvalidDataException($"'{Path.Combine(folder, Split)}': expected 1 (training) or 0 (test) for image {id}; found '{side}'") }).Add(found);
        }
        return new ImageFiles("CUB-200-2011", train, test) { ClassNames = classes.Values.Distinct().ToDictionary(label => label, Name, StringComparer.Ordinal) };

        string Value(Dictionary<string, string> table, string id, string file) =>
            table.TryGetValue(id, out string? value) ? value : throw new InvalidDataException($"'{Path.Combine(folder, file)}' has no line that begins with {id}");
    }

    // "001.Black_footed_Albatross" is the label, whose order is that of the numbers; "Black footed Albatross" is the name.
    private static string Name(string label) => (label.Split('.', 2) is [_, { Length: > 0 } name] ? name : label).Replace('_', ' ');

    private static Dictionary<string, string> ReadNumbers(string folder, string file)
    {
        var table = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach ((string id, string value) in ReadTable(folder, file))
            if (!table.TryAdd(id, value)) throw new InvalidDataException($"'{Path.Combine(folder, file)}' has two lines that begin with {id}");
        return table;
    }

    private static List<(string Id, string Value)> ReadTable(string folder, string file)
    {
        string path = DatasetSource.Require(folder, file);
        List<(string, string)> table = [];
        int number = 0;
        foreach (string line in File.ReadLines(path))
        {
            number++;
            if (string.IsNullOrWhiteSpace(line)) continue;
            string[] fields = line.Split(' ', 2, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            table.Add(fields is [var id, var value] ? (id, value) : throw new InvalidDataException($"'{path}', line {number}: expected a number, a space and a value; found '{line}'"));
        }
        return table;
    }
}
