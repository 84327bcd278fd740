using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Data;

namespace Microsoft.ML.Continual.Tests.Data;

/// <summary>Views of small images for the tests.</summary>
internal static class ImageRows
{
    /// <summary>The side of the images of <see cref="Bytes"/> and <see cref="Floats"/>.</summary>
    public const int Side = 4;

    /// <summary>Row i has the pixels i, i + 1, … (mod 256) and the label <c>class (i mod 3)</c>.</summary>
    public static IEnumerable<ByteRow> Bytes(int count) => Enumerable.Range(0, count).Select(i => new ByteRow
    {
        Image = [.. Enumerable.Range(0, 3 * Side * Side).Select(p => (byte)(i + p))],
        Label = $"class {i % 3}",
    });

    public static IEnumerable<FloatRow> Floats(int count) => Bytes(count).Select(row => new FloatRow { Image = [.. row.Image.Select(p => p / 255f)], Label = row.Label });

    public static MLImage Image(int width, int height, MLPixelFormat format, Func<int, int, (byte R, byte G, byte B)> pixel, byte alpha = 255)
    {
        byte[] pixels = new byte[4 * width * height];
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                (byte r, byte g, byte b) = pixel(x, y);
                byte[] bytes = format == MLPixelFormat.Rgba32 ? [r, g, b, alpha] : [b, g, r, alpha];
                bytes.CopyTo(pixels, 4 * (y * width + x));
            }
        }
        return MLImage.CreateFromPixels(width, height, format, pixels);
    }

    /// <summary>The images of a view as the library reads them.</summary>
    public static List<HostImage> Read(IDataView view, string columnName = "Image")
    {
        ImageColumnReader reader = ImageColumnReader.Create(view.Schema, columnName);
        var images = new List<HostImage>();
        using DataViewRowCursor cursor = view.GetRowCursor([reader.Column]);
        Func<long, HostImage> read = reader.Bind(cursor);
        while (cursor.MoveNext()) images.Add(read(images.Count));
        return images;
    }

    public sealed class Options : MethodOptions
    {
        public override ContinualMethod CreateMethod(SeededRandom random) => throw new NotSupportedException();
    }

    public sealed class ByteRow
    {
        [VectorType(3, Side, Side)]
        public byte[] Image { get; set; } = [];
        public string Label { get; set; } = "";
    }

    public sealed class FloatRow
    {
        [VectorType(3, Side, Side)]
        public float[] Image { get; set; } = [];
        public string Label { get; set; } = "";
    }

    public sealed class AnySizeRow<T>
    {
        [VectorType]
        public T[] Image { get; set; } = [];
    }

    public sealed class PictureRow
    {
        [Microsoft.ML.Transforms.Image.ImageType(5, 7)]
        public MLImage? Image { get; set; }
        public string Label { get; set; } = "";
    }
}
