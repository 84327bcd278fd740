using System.Text;
using Microsoft.ML.Continual.Tests.Checkpoints.Writers;

namespace Microsoft.ML.Continual.Tests.Samples.Datasets;

/// <summary>Files of CIFAR's versions, written as the official ones are.</summary>
internal static class CifarBatch
{
    public const int Pixels = 3072;

    /// <summary>A record of the binary version; all pixels are equal.</summary>
    public static byte[] Record(byte label, byte value) => [label, .. Enumerable.Repeat(value, Pixels)];

    /// <summary>A batch of the Python version: a dictionary as Python 2 pickled it, whose texts and pixels are byte strings.</summary>
    /// <param name="labelsKey"><c>labels</c> or <c>fine_labels</c>.</param>
    /// <param name="images">The class and the value of all pixels of each image.</param>
    /// <param name="rows">The rows that the array announces; null for those that there are.</param>
    public static byte[] Python(string labelsKey, (int Label, byte Value)[] images, int? rows = null)
    {
        PickleWriter pickle = new PickleWriter().Op('}').Op('q').Raw(1).Op('(');
        Short(Short(pickle, "batch_label"), "training batch 1 of 5");
        Short(pickle, labelsKey).Op(']').Op('(');
        foreach ((int label, _) in images) pickle.Number(label);
        Short(pickle.Op('e'), "data").Global("numpy.core.multiarray", "_reconstruct").Global("numpy", "ndarray").Number(0).Raw(0x85);
        Short(pickle, "b").Raw(0x87).Op('R').Op('(').Number(1).Number(rows ?? images.Length).Number(Pixels).Raw(0x86).Global("numpy", "dtype");
        Short(pickle, "u1").Number(0).Number(1).Raw(0x87).Op('R').Op('(').Number(3);
        Short(pickle, "|").Op('N').Op('N').Op('N').Number(-1).Number(-1).Number(0).Op('t').Op('b').Raw(0x89);
        Long(pickle, [.. images.SelectMany(image => Enumerable.Repeat(image.Value, Pixels))]).Op('t').Op('b');
        Short(pickle, "filenames").Op(']').Op('(');
        for (int i = 0; i < images.Length; i++) Short(pickle, $"image_s_{i:000000}.png");
        return pickle.Op('e').Op('u').Stop();
    }

    /// <summary>The names of the Python version.</summary>
    public static byte[] PythonNames(string key, params string[] names)
    {
        PickleWriter pickle = Short(new PickleWriter().Op('}').Op('('), key).Op(']').Op('(');
        foreach (string name in names) Short(pickle, name);
        return pickle.Op('e').Op('u').Stop();
    }

    private static PickleWriter Short(PickleWriter pickle, string text) => pickle.Op('U').Raw((byte)text.Length).Raw(Encoding.ASCII.GetBytes(text));

    private static PickleWriter Long(PickleWriter pickle, byte[] bytes) => pickle.Op('T').Raw(PickleWriter.Four(bytes.Length)).Raw(bytes);
}
