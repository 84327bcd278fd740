using System.Globalization;

namespace Microsoft.ML.Continual.Samples.Datasets;

/// <summary>Lists of images, a path and perhaps the number of its class on each line: <c>clipart/zigzag/clipart_345_000001.jpg 344</c>. The class is the folder that the file lies in.</summary>
internal static class ImageList
{
    /// <summary>Makes a data set of lists. Every file must be there, be named once, and have a class with one number.</summary>
    /// <param name="root">The folder that paths start from. A path may also start with this folder's own name.</param>
    /// <param name="train">The lists of training images, read one after another.</param>
    /// <param name="test">The lists of test images.</param>
    /// <param name="layout">What the layout is called.</param>
    /// <exception cref="InvalidDataException">A list or a file is missing, or the lists do not fit together.</exception>
    public static ImageFiles Read(string root, IEnumerable<string> train, IEnumerable<string> test, string layout)
    {
        var folders = new FolderIndex(root);
        var numbers = new Dictionary<string, int?>(StringComparer.Ordinal);
        var classes = new Dictionary<int, string>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        ImageFiles files = new(layout, [.. train.SelectMany(Load)], [.. test.SelectMany(Load)]);
        HashSet<string> learned = [.. files.Train.Select(image => image.Label)];
        bool numbered = learned.Count > 0 && numbers.Values.All(number => number is not null);
        return numbered ? files with { Classes = [.. learned.OrderBy(label => numbers[label])] } : files;

        IEnumerable<LabeledImage> Load(string list)
        {
            int line = 0;
            foreach (string text in File.ReadLines(list))
            {
                line++;
                if (string.IsNullOrWhiteSpace(text)) continue;
                string where = $"'{list}', line {line}";
                ListedImage image = Parse(text, where, folders);
                if (!seen.Add(image.Path)) throw new InvalidDataException($"{where}: '{image.Path}' is named before; expected each image once in all lists");
                if (!numbers.TryAdd(image.Class, image.Number) && numbers[image.Class] != image.Number)
                    throw new InvalidDataException($"{where}: the class '{image.Class}' has the number {Text(image.Number)}; it had {Text(numbers[image.Class])} before");
                if (image.Number is { } number && !classes.TryAdd(number, image.Class) && classes[number] != image.Class)
                    throw new InvalidDataException($"{where}: the number {number} is the class '{image.Class}'; it was '{classes[number]}' before");
                yield return ClassFolderLayout.FromFile(image.Class, Path.Combine(root, image.Path));
            }
        }
    }

    private static ListedImage Parse(string text, string where, FolderIndex folders)
    {
        text = text.Trim().Replace('\\', '/');
        int space = text.LastIndexOfAny([' ', '\t', ',']);
        int? number = null;
        if (space >= 0 && int.TryParse(text[(space + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int parsed)) (number, text) = (parsed, text[..space].TrimEnd());
        string[] parts = text.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (text.StartsWith('/') || text.Contains(':') || parts.Contains("..") || parts.Length < 2)
            throw new InvalidDataException($"{where}: expected a path of a folder and a file below '{folders.Root}', perhaps with the number of a class after it; found '{text}'");
        parts = [.. parts.Where(part => part != ".")];
        if (folders.Contains(parts)) return new ListedImage(string.Join('/', parts), number);
        if (parts.Length > 2 && parts[0] == Path.GetFileName(folders.Root) && folders.Contains(parts[1..])) return new ListedImage(string.Join('/', parts[1..]), number);
        throw new InvalidDataException($"{where}: there is no file '{Path.Combine([folders.Root, .. parts])}'");
    }

    private static string Text(int? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "none";

    /// <summary>The files below a folder. Each folder is listed once: a look at every file of its own takes minutes for half a million.</summary>
    private sealed class FolderIndex(string root)
    {
        private readonly Dictionary<string, HashSet<string>> _files = new(StringComparer.Ordinal);

        public string Root { get; } = Path.TrimEndingDirectorySeparator(Path.GetFullPath(root));

        public bool Contains(string[] parts)
        {
            string folder = Path.Combine([Root, .. parts[..^1]]);
            if (!_files.TryGetValue(folder, out HashSet<string>? files))
                _files[folder] = files = Directory.Exists(folder) ? [.. Directory.EnumerateFiles(folder).Select(file => Path.GetFileName(file)!)] : [];
            return files.Contains(parts[^1]);
        }
    }
}
