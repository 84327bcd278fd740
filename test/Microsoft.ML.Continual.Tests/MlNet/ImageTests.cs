using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.MlNet;

/// <summary>What this repository relies on of ML.NET's images. Holds against the packages and the stand-in alike.</summary>
[TestClass]
public sealed class ImageTests
{
    // 2 x 2, 8-bit grey: 0, 128 / 255, 7.
    private const string Grey = "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAAAAABX3VL4AAAADklEQVR4nGNgaGD4zw4ABAsBh4yjp/0AAAAASUVORK5CYII=";

    // 3 x 2, 2-bit palette: red, green (transparent), (1, 2, 3) / the same backwards.
    private const string Palette =
        "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACAgMAAADgGo6JAAAADFBMVEX/AAAA/wABAgMAAACGkm8+AAAAA3RSTlP/AP9p7B++AAAADElEQVR4nGOQYJgAAADcAKls58AjAAAAAElFTkSuQmCC";

    private sealed class Row
    {
        [ImageType(2, 3)]
        public MLImage? Image { get; set; }
    }

    private sealed class UnsizedRow
    {
        [ImageType]
        public MLImage? Image { get; set; }
    }

    private sealed class FileRow
    {
        public string Path { get; set; } = "";
    }

    private readonly MLContext _context = new(1);
    private readonly List<string> _files = [];

    [TestCleanup]
    public void DeleteFiles() => _files.ForEach(File.Delete);

    private string NewFile(string extension)
    {
        _files.Add(Path.Combine(Path.GetTempPath(), $"mlnet-image-{Guid.NewGuid():N}{extension}"));
        return _files[^1];
    }

    private static MLImage Decode(string base64) => MLImage.CreateFromStream(new MemoryStream(Convert.FromBase64String(base64)));

    /// <summary>Red, green, blue and alpha of each pixel, whatever the image's format.</summary>
    private static byte[][] Rgba(MLImage image)
    {
        (int red, int blue) = image.PixelFormat == MLPixelFormat.Rgba32 ? (0, 2) : (2, 0);
        byte[] pixels = image.Pixels.ToArray();
        return [.. pixels.Chunk(4).Select(pixel => new[] { pixel[red], pixel[1], pixel[blue], pixel[3] })];
    }

    /// <summary>2 rows of 3 pixels; the red of a pixel is 10 times its index, the green 1, the blue 2 more.</summary>
    private static MLImage Steps(MLPixelFormat format)
    {
        byte[] pixels = [.. Enumerable.Range(0, 6).SelectMany(i =>
            format == MLPixelFormat.Rgba32 ? new[] { 10 * i, (10 * i) + 1, (10 * i) + 2, 255 } : [(10 * i) + 2, (10 * i) + 1, 10 * i, 255]).Select(value => (byte)value)];
        return MLImage.CreateFromPixels(3, 2, format, pixels);
    }

    [TestMethod]
    public void Image_attribute_without_a_size_is_refused() =>
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _context.Data.LoadFromEnumerable<UnsizedRow>([]));

    [TestMethod]
    public void Grey_image_has_equal_colours()
    {
        using MLImage image = Decode(Grey);
        Assert.AreEqual((2, 2, 32), (image.Width, image.Height, image.BitsPerPixel));
        CollectionAssert.AreEqual(new[] { 0, 128, 255, 7 }, Rgba(image).Select(pixel => (int)pixel[0]).ToArray());
        Assert.IsTrue(Rgba(image).All(pixel => pixel[0] == pixel[1] && pixel[1] == pixel[2] && pixel[3] == 255));
    }

    [TestMethod]
    public void Transparent_pixel_has_no_colour()
    {
        using MLImage image = Decode(Palette);
        byte[][] expected = [[255, 0, 0, 255], [0, 0, 0, 0], [1, 2, 3, 255], [1, 2, 3, 255], [0, 0, 0, 0], [255, 0, 0, 255]];
        CollectionAssert.AreEqual(expected.SelectMany(pixel => pixel).ToArray(), Rgba(image).SelectMany(pixel => pixel).ToArray());
    }

    [TestMethod]
    [DataRow(MLPixelFormat.Rgba32)]
    [DataRow(MLPixelFormat.Bgra32)]
    public void Pixels_keep_their_format_and_survive_a_png_file(MLPixelFormat format)
    {
        using MLImage image = Steps(format);
        Assert.AreEqual(format, image.PixelFormat);
        CollectionAssert.AreEqual(new byte[] { 50, 51, 52, 255 }, Rgba(image)[5]);
        CollectionAssert.AreEqual(new byte[] { 2, 1, 0, 12, 11, 10 }, image.GetBGRPixels[..6]);
        string path = NewFile(".png");
        image.Save(path);
        using MLImage loaded = MLImage.CreateFromFile(path);
        CollectionAssert.AreEqual(Rgba(image).SelectMany(pixel => pixel).ToArray(), Rgba(loaded).SelectMany(pixel => pixel).ToArray());
    }

    [TestMethod]
    public void Jpeg_file_comes_back_nearly_the_same()
    {
        byte[] pixels = [.. Enumerable.Range(0, 16 * 24).SelectMany(i => new byte[] { (byte)(i % 24 * 8), (byte)(i / 24 * 12), 90, 255 })];
        using MLImage image = MLImage.CreateFromPixels(24, 16, MLPixelFormat.Rgba32, pixels);
        string path = NewFile(".jpg");
        image.Save(path);
        using MLImage loaded = MLImage.CreateFromFile(path);
        Assert.AreEqual((24, 16), (loaded.Width, loaded.Height));
        int worst = Rgba(image).Zip(Rgba(loaded), (a, b) => a.Zip(b, (x, y) => Math.Abs(x - y)).Max()).Max();
        Assert.IsLessThan(24, worst);
    }

    [TestMethod]
    public void What_is_no_image_is_refused()
    {
        Assert.ThrowsExactly<ArgumentException>(() => MLImage.CreateFromStream(new MemoryStream("not an image"u8.ToArray())));
        Assert.ThrowsExactly<ArgumentException>(() => MLImage.CreateFromFile(Path.Combine(Path.GetTempPath(), "no-such-image.png")));
        Assert.ThrowsExactly<ArgumentNullException>(() => MLImage.CreateFromFile(null!));
        Assert.ThrowsExactly<ArgumentException>(() => MLImage.CreateFromPixels(2, 2, MLPixelFormat.Unknown, new byte[16]));
        Assert.ThrowsExactly<ArgumentException>(() => MLImage.CreateFromPixels(2, 2, MLPixelFormat.Rgba32, new byte[12]));
        Assert.ThrowsExactly<ArgumentException>(() => MLImage.CreateFromPixels(0, 2, MLPixelFormat.Rgba32, []));
    }

    [TestMethod]
    public void Disposed_image_cannot_be_read()
    {
        MLImage image = Steps(MLPixelFormat.Rgba32);
        image.Tag = "x";
        Assert.AreEqual("x", image.Tag);
        image.Dispose();
        image.Dispose();
        Assert.ThrowsExactly<InvalidOperationException>(() => image.Width);
        Assert.ThrowsExactly<InvalidOperationException>(() => image.Pixels.Length);
    }

    [TestMethod]
    [DataRow(MLPixelFormat.Rgba32)]
    [DataRow(MLPixelFormat.Bgra32)]
    public void Extracted_pixels_are_planes_of_red_green_and_blue(MLPixelFormat format)
    {
        IDataView view = _context.Data.LoadFromEnumerable(new[] { new Row { Image = Steps(format) } });
        Assert.AreEqual("Image<2, 3>", view.Schema["Image"].Type.ToString());
        IDataView pixels = _context.Transforms.ExtractPixels("Pixels", "Image", scaleImage: 0.5f, offsetImage: 1).Fit(view).Transform(view);
        Assert.AreEqual("Vector<Single, 3, 2, 3>", pixels.Schema["Pixels"].Type.ToString());
        float[] values = pixels.GetColumn<float[]>("Pixels").Single();
        CollectionAssert.AreEqual(new[] { -0.5f, 4.5f, 9.5f, 14.5f, 19.5f, 24.5f }, values[..6]);
        Assert.AreEqual(0f, values[6]);
        Assert.AreEqual(25.5f, values[17]);
    }

    [TestMethod]
    public void Extracted_bytes_can_be_interleaved()
    {
        IDataView view = _context.Data.LoadFromEnumerable(new[] { new Row { Image = Steps(MLPixelFormat.Bgra32) } });
        IDataView pixels = _context.Transforms.ExtractPixels("Pixels", "Image", interleavePixelColors: true,
            orderOfExtraction: ImagePixelExtractingEstimator.ColorsOrder.ABGR, outputAsFloatArray: false).Fit(view).Transform(view);
        Assert.AreEqual("Vector<Byte, 2, 3, 3>", pixels.Schema["Pixels"].Type.ToString());
        CollectionAssert.AreEqual(new byte[] { 2, 1, 0, 12, 11, 10 }, pixels.GetColumn<byte[]>("Pixels").Single()[..6]);
    }

    [TestMethod]
    public void Pixels_need_a_known_size()
    {
        IDataView view = _context.Data.LoadFromEnumerable(new[] { new FileRow() });
        var images = _context.Transforms.LoadImages("Image", Path.GetTempPath(), "Path").Append(_context.Transforms.ExtractPixels("Pixels", "Image"));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => images.Fit(view));
    }

    [TestMethod]
    [DataRow(ImageResizingEstimator.ResizingKind.Fill)]
    [DataRow(ImageResizingEstimator.ResizingKind.IsoCrop)]
    [DataRow(ImageResizingEstimator.ResizingKind.IsoPad)]
    public void Loaded_images_are_resized_to_one_size(ImageResizingEstimator.ResizingKind kind)
    {
        string path = NewFile(".png");
        byte[] grey = [.. Enumerable.Range(0, 8 * 4).SelectMany(_ => new byte[] { 100, 100, 100, 255 })];
        using (MLImage image = MLImage.CreateFromPixels(8, 4, MLPixelFormat.Rgba32, grey))
            image.Save(path);
        IDataView view = _context.Data.LoadFromEnumerable(new[] { new FileRow { Path = Path.GetFileName(path) } });
        var chain = _context.Transforms.LoadImages("Image", Path.GetDirectoryName(path)!, "Path")
            .Append(_context.Transforms.ResizeImages("Image", imageWidth: 4, imageHeight: 4, resizing: kind))
            .Append(_context.Transforms.ExtractPixels("Pixels", "Image"));
        float[] pixels = chain.Fit(view).Transform(view).GetColumn<float[]>("Pixels").Single();
        Assert.HasCount(48, pixels);
        // The middle rows show the image in each kind; padding leaves the first row black.
        Assert.AreEqual(100f, pixels[5], 1f);
        Assert.AreEqual(kind == ImageResizingEstimator.ResizingKind.IsoPad ? 0f : 100f, pixels[0], 1f);
    }

    [TestMethod]
    public void Raw_bytes_are_those_of_the_file()
    {
        string path = NewFile(".bin");
        File.WriteAllBytes(path, [3, 1, 4]);
        IDataView view = _context.Data.LoadFromEnumerable(new[] { new FileRow { Path = Path.GetFileName(path) }, new FileRow() });
        IDataView bytes = _context.Transforms.LoadRawImageBytes("Bytes", Path.GetDirectoryName(path)!, "Path").Fit(view).Transform(view);
        byte[][] files = [.. bytes.GetColumn<byte[]>("Bytes")];
        CollectionAssert.AreEqual(new byte[] { 3, 1, 4 }, files[0]);
        Assert.IsEmpty(files[1]);
    }

    [TestMethod]
    public void Loader_disposes_the_image_it_is_handed_and_the_last_one_it_gave()
    {
        string path = NewFile(".png");
        using (MLImage image = Steps(MLPixelFormat.Rgba32))
            image.Save(path);
        IDataView view = _context.Data.LoadFromEnumerable(new[] { new FileRow { Path = path }, new FileRow { Path = path } });
        IDataView images = _context.Transforms.LoadImages("Image", "", "Path").Fit(view).Transform(view);
        MLImage? current = null;
        MLImage first;
        using (DataViewRowCursor cursor = images.GetRowCursor([images.Schema["Image"]]))
        {
            ValueGetter<MLImage> get = cursor.GetGetter<MLImage>(images.Schema["Image"]);
            Assert.IsTrue(cursor.MoveNext());
            get(ref current!);
            first = current;
            Assert.AreEqual(3, first.Width);
            Assert.IsTrue(cursor.MoveNext());
            get(ref current);
            Assert.ThrowsExactly<InvalidOperationException>(() => first.Width);
            Assert.AreEqual(3, current.Width);
        }
        Assert.ThrowsExactly<InvalidOperationException>(() => current.Width);
    }
}
