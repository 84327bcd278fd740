using System.Text;
using Microsoft.ML.Continual.Checkpoints;
using Microsoft.ML.Continual.Checkpoints.Pickle;

namespace Microsoft.ML.Continual.Samples.Datasets;

/// <summary>The pickled dictionaries of CIFAR's Python version, read by the interpreter of checkpoints: nothing in a pickle is ever run, and the pixels stay in the file.</summary>
internal static class CifarPickle
{
    /// <summary>A batch: the classes, and where in the file the pixels of the first image begin.</summary>
    /// <param name="file">The pickle.</param>
    /// <param name="labelsKey">The entry of the classes, <c>labels</c> or <c>fine_labels</c>.</param>
    /// <param name="pixels">The bytes of an image.</param>
    /// <exception cref="InvalidDataException">The file is damaged, or is no such dictionary.</exception>
    public static (int[] Labels, long Pixels) ReadBatch(ByteFile file, string labelsKey, int pixels)
    {
        PickleDictionary batch = Load(file);
        int[] labels = [.. Entry<List<object?>>(file, batch, labelsKey, "a list").Select(label => label is long number and >= 0 and <= 999
            ? (int)number : throw new InvalidDataException($"'{file.Name}', '{labelsKey}': expected classes from 0 to 999; found '{label}'"))];
        // numpy's state of an array: version, shape, element type, whether in Fortran order, bytes.
        object?[]? state = Entry<PickleObject>(file, batch, "data", "an array").State as object?[];
        if (state is not [_, object?[] shape, _, false or 0L, PickleSpan data])
            throw new InvalidDataException($"'{file.Name}', 'data': expected an array of bytes in rows, with more than {Unpickler.LongBytes} of them; found another value");
        if (shape is not [long count, long row] || count != labels.Length || row != pixels || data.Count != count * row)
        {
            throw new InvalidDataException($"'{file.Name}', 'data': expected [{labels.Length}, {pixels}] bytes, a row for each entry of '{labelsKey}'; " +
                $"found [{string.Join(", ", shape)}] in {data.Count} bytes");
        }
        return (labels, data.Offset);
    }

    /// <summary>The names of the classes.</summary>
    /// <param name="file">The pickle.</param>
    /// <param name="key">The entry of the names.</param>
    /// <exception cref="InvalidDataException">The file is damaged, or is no such dictionary.</exception>
    public static string[] ReadNames(ByteFile file, string key) =>
        [.. Entry<List<object?>>(file, Load(file), key, "a list").Select(name => Text(name) ?? throw new InvalidDataException($"'{file.Name}', '{key}': expected names; found another value"))];

    private static PickleDictionary Load(ByteFile file)
    {
        using var source = new ByteSource(file.OpenRead(), file.Name);
        return new Unpickler(new PickleInput(source, 0, "the pickle"), longBytesStay: true).Load() as PickleDictionary
            ?? throw new InvalidDataException($"'{file.Name}': expected a pickled dictionary; found another value");
    }

    private static T Entry<T>(ByteFile file, PickleDictionary dictionary, string key, string what) where T : class =>
        dictionary.Items.LastOrDefault(item => Text(item.Key) == key).Value as T ?? throw new InvalidDataException($"'{file.Name}': expected {what} under the key '{key}'; found none");

    // Python 2 wrote text as bytes, and so do some that wrote the files anew.
    private static string? Text(object? value) => value switch { string text => text, byte[] bytes => Encoding.UTF8.GetString(bytes), _ => null };
}
