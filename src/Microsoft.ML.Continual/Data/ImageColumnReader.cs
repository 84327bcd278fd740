using Microsoft.ML.Continual.Tasks;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML.Continual.Data;

/// <summary>
/// Reads an image column of any supported type: <c>MLImage</c>; or a vector of bytes (0–255) or floats (0–1) in the order channel, row, column.
/// </summary>
/// <remarks>
/// A vector with the dimensions (3, H, W), (1, H, W) or (H, W) says its size itself. One without must be square: 3·S·S or S·S values.
/// One channel is repeated to three. Alpha is dropped.
/// </remarks>
internal sealed class ImageColumnReader
{
    // What rounding and a colour conversion may add to a value in [0, 1].
    private const float FloatSlack = 1e-3f;

    private readonly VectorDataViewType? _vector;
    private readonly (int Channels, int Height, int Width) _shape;   // zeros when each row says its own

    private ImageColumnReader(DataViewSchema.Column column, VectorDataViewType? vector, (int, int, int) shape) => (Column, _vector, _shape) = (column, vector, shape);

    /// <summary>The column.</summary>
    public DataViewSchema.Column Column { get; }

    /// <summary>Finds the column and looks at its type; reads no row.</summary>
    /// <exception cref="ArgumentException">There is no such column, its type is not supported, or its size is no image's.</exception>
    public static ImageColumnReader Create(DataViewSchema schema, string columnName)
    {
        DataViewSchema.Column column = SchemaColumns.Find(schema, columnName, "image");
        switch (column.Type)
        {
            case ImageDataViewType:
                return new ImageColumnReader(column, null, default);
            case VectorDataViewType vector when vector.ItemType.Equals(NumberDataViewType.Byte) || vector.ItemType.Equals(NumberDataViewType.Single):
                return new ImageColumnReader(column, vector, ShapeOf(vector, columnName));
            default:
                throw new ArgumentException($"Image column '{columnName}': expected MLImage, or a vector of Byte (0 to 255) or Single (0 to 1) in the order channel, row, column; found the type {column.Type}.");
        }
    }

    /// <summary>Reads the images of a row or cursor. The function takes the row's number, for messages and <see cref="HostImage.Row"/>.</summary>
    /// <remarks>Each image has memory of its own.</remarks>
    public Func<long, HostImage> Bind(DataViewRow row)
    {
        if (_vector is null) return BindImage(row);
        return _vector.ItemType.Equals(NumberDataViewType.Byte) ? BindBytes(row) : BindFloats(row);
    }

    private static (int, int, int) ShapeOf(VectorDataViewType vector, string columnName)
    {
        int[] dimensions = [.. vector.Dimensions];
        if (dimensions.Any(size => size <= 0)) return default;   // a variable size: each row says its own
        switch (dimensions)
        {
            case [1 or 3, var height, var width]:
                return (dimensions[0], height, width);
            case [var height, var width]:
                return (1, height, width);
            case [var size]:
                return SquareShape(size) ?? throw new ArgumentException($"Image column '{columnName}': {SizeMessage(size)}");
            case [_, _, 1 or 3]:
                throw new ArgumentException($"Image column '{columnName}': expected the dimensions (channels, height, width), found ({string.Join(", ", dimensions)}): " +
                    "channels come last. Extract pixels with interleavePixelColors: false.");
            default:
                throw new ArgumentException($"Image column '{columnName}': expected the dimensions (3, height, width), (1, height, width) or (height, width), found ({string.Join(", ", dimensions)}).");
        }
    }

    /// <summary>The only square image with this many values. 3·a² is never b², so there is at most one.</summary>
    private static (int Channels, int Height, int Width)? SquareShape(int size)
    {
        foreach (int channels in (ReadOnlySpan<int>)[3, 1])
        {
            int side = (int)Math.Round(Math.Sqrt(size / (double)channels));
            if (side > 0 && (long)channels * side * side == size) return (channels, side, side);
        }
        return null;
    }

    private static string SizeMessage(int size) =>
        $"expected 3·S·S or S·S values of a square image, found {size}. Give the column the dimensions (3, height, width) for images that are not square.";

    private InvalidDataException Bad(long number, string message) => new($"Image column '{Column.Name}', row {number}: {message}");

    private (int Channels, int Height, int Width) ShapeOfRow(int length, long number)
    {
        if (length == 0) throw Bad(number, "there is no image (an empty vector).");
        if (_shape.Channels == 0) return SquareShape(length) ?? throw Bad(number, SizeMessage(length));
        int expected = _shape.Channels * _shape.Height * _shape.Width;
        return length == expected ? _shape : throw Bad(number, $"expected {expected} values, found {length}.");
    }

    private Func<long, HostImage> BindBytes(DataViewRow row)
    {
        ValueGetter<VBuffer<byte>> getter = row.GetGetter<VBuffer<byte>>(Column);
        VBuffer<byte> buffer = default;
        return number =>
        {
            getter(ref buffer);
            var (channels, height, width) = ShapeOfRow(buffer.Length, number);
            return new HostImage(height, width, ToPlanes(in buffer, channels), null, number);
        };
    }

    private Func<long, HostImage> BindFloats(DataViewRow row)
    {
        ValueGetter<VBuffer<float>> getter = row.GetGetter<VBuffer<float>>(Column);
        VBuffer<float> buffer = default;
        return number =>
        {
            getter(ref buffer);
            var (channels, height, width) = ShapeOfRow(buffer.Length, number);
            float[] planes = ToPlanes(in buffer, channels);
            foreach (float pixel in planes)
            {
                if (!float.IsFinite(pixel)) throw Bad(number, $"a pixel is {(float.IsNaN(pixel) ? "NaN" : "infinite")}.");
                if (pixel is < -FloatSlack or > 1 + FloatSlack)
                    throw Bad(number, FormattableString.Invariant($"expected values from 0 to 1, found {pixel}. Scale them, or give bytes from 0 to 255."));
            }
            return new HostImage(height, width, null, planes, number);
        };
    }

    private Func<long, HostImage> BindImage(DataViewRow row)
    {
        ValueGetter<MLImage?> getter = row.GetGetter<MLImage?>(Column);
        MLImage? image = null;   // handed back to the getter each time: loaders free the image before
        return number =>
        {
            getter(ref image);
            if (image is null) throw Bad(number, "there is no image.");
            int height = image.Height, width = image.Width;
            ReadOnlySpan<byte> pixels = image.Pixels;
            if (height < 1 || width < 1 || pixels.Length != 4L * height * width)
                throw Bad(number, $"expected 4 bytes a pixel, found {pixels.Length} bytes for {width} x {height} pixels.");
            (int red, int blue) = image.PixelFormat switch
            {
                MLPixelFormat.Rgba32 => (0, 2),
                MLPixelFormat.Bgra32 => (2, 0),
                _ => throw Bad(number, $"expected the pixel format Bgra32 or Rgba32, found {image.PixelFormat}."),
            };

            int plane = height * width;
            byte[] bytes = GC.AllocateUninitializedArray<byte>(3 * plane);
            Span<byte> r = bytes.AsSpan(0, plane), g = bytes.AsSpan(plane, plane), b = bytes.AsSpan(2 * plane, plane);
            for (int i = 0, p = 0; i < plane; i++, p += 4)
            {
                r[i] = pixels[p + red];
                g[i] = pixels[p + 1];
                b[i] = pixels[p + blue];
            }
            return new HostImage(height, width, bytes, null, number);
        };
    }

    private static T[] ToPlanes<T>(in VBuffer<T> buffer, int channels)
    {
        T[] planes = new T[buffer.Length * (3 / channels)];
        buffer.CopyTo(planes);   // sparse values too
        for (int c = 1; c < 3 / channels; c++) planes.AsSpan(0, buffer.Length).CopyTo(planes.AsSpan(c * buffer.Length));
        return planes;
    }
}
