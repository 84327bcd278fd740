using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;

namespace Microsoft.ML.Continual.Samples.Datasets;

/// <summary>MNIST and its kin: idx files of grey images and of labels, packed or not.</summary>
internal static class IdxLayout
{
    private const int LargestSide = 1 << 14;

    public static ImageFiles? TryRead(string folder)
    {
        if (Find(folder, "train-images-idx3-ubyte") is null) return null;
        DatasetSource source = folder.Contains("fashion", StringComparison.OrdinalIgnoreCase) ? DatasetSource.FashionMnist : DatasetSource.Mnist;
        return source.Guard(folder, () => new ImageFiles("idx", [.. Read(folder, "train")], [.. Read(folder, "t10k")]));
    }

    private static IEnumerable<LabeledImage> Read(string folder, string part)
    {
        (int[] shape, ByteFile pixels, int start) = Open(folder, $"{part}-images-idx3-ubyte", 3);
        (int[] labelShape, ByteFile labels, int labelStart) = Open(folder, $"{part}-labels-idx1-ubyte", 1);
        if (shape[0] != labelShape[0]) throw new InvalidDataException($"'{folder}', {part}: {shape[0]} images but {labelShape[0]} labels");
        int height = shape[1], width = shape[2];
        if (height is < 1 or > LargestSide || width is < 1 or > LargestSide) throw new InvalidDataException($"'{pixels.Name}': expected images of 1 to {LargestSide} pixels a side; found {height} x {width}");
        for (int i = 0; i < shape[0]; i++)
        {
            long at = start + (long)i * height * width;
            yield return new LabeledImage(labels.ReadByte(labelStart + i).ToString("00", CultureInfo.InvariantCulture), () => RawImage.FromGrey(pixels.Read(at, height * width), width, height));
        }
    }

    // Header: two zeros, type 8 (unsigned byte), the number of axes; then the size of each axis, big-endian. Values follow.
    private static (int[] Shape, ByteFile Values, int Start) Open(string folder, string name, int axes)
    {
        string path = Find(folder, name) ?? throw new InvalidDataException($"'{folder}' lacks '{name}' or '{name}.gz'");
        return DatasetSource.Naming(path, () => Open(path, axes));
    }

    private static (int[] Shape, ByteFile Values, int Start) Open(string path, int axes)
    {
        byte[] header = new byte[4 + 4 * axes];
        bool packed = path.EndsWith(".gz", StringComparison.Ordinal);
        using Stream file = File.OpenRead(path);
        using Stream bytes = packed ? new GZipStream(file, CompressionMode.Decompress) : file;
        int found = bytes.ReadAtLeast(header, header.Length, throwOnEndOfStream: false);
        if (found < header.Length || header[0] != 0 || header[1] != 0 || header[2] != 8 || header[3] != axes)
            throw new InvalidDataException($"'{path}' is no idx file of bytes with {axes} axes");
        int[] shape = [.. Enumerable.Range(0, axes).Select(a => BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(4 + 4 * a)))];
        Int128 expected = shape.Aggregate((Int128)1, (product, size) => product * size);   // up to three factors below 2³¹ fit
        if (shape.Any(size => size < 0) || expected > long.MaxValue) throw new InvalidDataException($"'{path}' announces {string.Join(" x ", shape)} values, which no file holds");
        if (packed) return (shape, ByteFile.Unpack(bytes, path, (long)expected), 0);
        if (expected != file.Length - header.Length) throw new InvalidDataException($"'{path}' announces {string.Join(" x ", shape)} values but holds {file.Length - header.Length}");
        return (shape, ByteFile.Open(path), header.Length);
    }

    private static string? Find(string folder, string name) =>
        new[] { Path.Combine(folder, name), Path.Combine(folder, name + ".gz") }.FirstOrDefault(File.Exists);
}
