using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;

namespace Microsoft.ML.Continual.Samples.Datasets;

/// <summary>MNIST and its kin: idx files of grey images and of labels, packed or not.</summary>
internal static class IdxLayout
{
    public static ImageFiles? TryRead(string folder)
    {
        if (Find(folder, "train-images-idx3-ubyte") is null) return null;
        return new ImageFiles("idx", [.. Read(folder, "train")], [.. Read(folder, "t10k")]);
    }

    private static IEnumerable<LabeledImage> Read(string folder, string part)
    {
        (int[] shape, byte[] pixels) = ReadFile(folder, $"{part}-images-idx3-ubyte", 3);
        (int[] labelShape, byte[] labels) = ReadFile(folder, $"{part}-labels-idx1-ubyte", 1);
        if (shape[0] != labelShape[0]) throw new InvalidDataException($"'{folder}', {part}: {shape[0]} images but {labelShape[0]} labels.");
        int height = shape[1], width = shape[2];
        for (int i = 0; i < shape[0]; i++)
        {
            int start = i * height * width;
            yield return new LabeledImage(labels[i].ToString("00", CultureInfo.InvariantCulture), () => RawImage.FromGrey(pixels.AsSpan(start, height * width), width, height));
        }
    }

    // Header: two zeros, type 8 (unsigned byte), the number of axes; then the size of each axis, big-endian.
    private static (int[] Shape, byte[] Values) ReadFile(string folder, string name, int axes)
    {
        string path = Find(folder, name) ?? throw new InvalidDataException($"'{folder}' lacks '{name}' or '{name}.gz'.");
        byte[] bytes = ReadBytes(path);
        int header = 4 + 4 * axes;
        if (bytes.Length < header || bytes[0] != 0 || bytes[1] != 0 || bytes[2] != 8 || bytes[3] != axes)
            throw new InvalidDataException($"'{path}' is no idx file of bytes with {axes} axes.");
        int[] shape = [.. Enumerable.Range(0, axes).Select(a => BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(4 + 4 * a)))];
        long expected = shape.Aggregate(1L, (product, size) => size < 0 ? long.MinValue : checked(product * size));
        if (expected != bytes.Length - header) throw new InvalidDataException($"'{path}' announces {string.Join(" x ", shape)} values but holds {bytes.Length - header}.");
        return (shape, bytes[header..]);
    }

    private static byte[] ReadBytes(string path)
    {
        if (!path.EndsWith(".gz", StringComparison.Ordinal)) return File.ReadAllBytes(path);
        using var unpacked = new MemoryStream();
        using (var gzip = new GZipStream(File.OpenRead(path), CompressionMode.Decompress)) gzip.CopyTo(unpacked);
        return unpacked.ToArray();
    }

    private static string? Find(string folder, string name) =>
        new[] { Path.Combine(folder, name), Path.Combine(folder, name + ".gz") }.FirstOrDefault(File.Exists);
}
