using Microsoft.ML.Continual.Data;
using Microsoft.ML.Data;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Data;

[TestClass]
public sealed class ImageColumnReaderTests
{
    private readonly MLContext _mlContext = new(seed: 1);

    [TestMethod]
    public void Byte_and_float_vectors_are_read_in_the_order_channel_row_column()
    {
        HostImage bytes = ImageRows.Read(_mlContext.Data.LoadFromEnumerable(ImageRows.Bytes(3)))[2];
        Assert.AreEqual((4, 4, 2L, false), (bytes.Height, bytes.Width, bytes.Row, bytes.IsFloat));
        CollectionAssert.AreEqual(ImageRows.Bytes(3).Last().Image, bytes.Bytes);
        HostImage floats = ImageRows.Read(_mlContext.Data.LoadFromEnumerable(ImageRows.Floats(3)))[2];
        Assert.IsTrue(floats.IsFloat);
        CollectionAssert.AreEqual(ImageRows.Floats(3).Last().Image, floats.Floats);
    }

    [TestMethod]
    [DataRow(MLPixelFormat.Bgra32)]
    [DataRow(MLPixelFormat.Rgba32)]
    public void MLImage_of_either_format_is_read_without_its_alpha(MLPixelFormat format)
    {
        using MLImage picture = ImageRows.Image(7, 5, format, (x, y) => ((byte)(10 * x), (byte)(20 * y), (byte)(x + y)));
        HostImage image = ImageRows.Read(_mlContext.Data.LoadFromEnumerable([new ImageRows.PictureRow { Image = picture }]))[0];
        Assert.AreEqual((5, 7), (image.Height, image.Width));
        Assert.AreEqual(60, image.Bytes![0 * 35 + 3 * 7 + 6]);
        Assert.AreEqual(60, image.Bytes[1 * 35 + 3 * 7 + 6]);
        Assert.AreEqual(9, image.Bytes[2 * 35 + 3 * 7 + 6]);
        Assert.AreEqual(7, picture.Width, "The row's image was disposed.");
    }

    [TestMethod]
    public void Vector_without_dimensions_is_a_square_image_of_three_channels_or_one()
    {
        byte[] colours = [.. Enumerable.Range(0, 27).Select(i => (byte)i)], grey = [.. Enumerable.Range(0, 16).Select(i => (byte)i)];
        List<HostImage> images = ImageRows.Read(_mlContext.Data.LoadFromEnumerable(new[] { colours, grey }.Select(image => new ImageRows.AnySizeRow<byte> { Image = image })));
        Assert.AreEqual((3, 3), (images[0].Height, images[0].Width));
        CollectionAssert.AreEqual(colours, images[0].Bytes);
        Assert.AreEqual((4, 4), (images[1].Height, images[1].Width));
        CollectionAssert.AreEqual((byte[])[.. grey, .. grey, .. grey], images[1].Bytes);
    }

    [TestMethod]
    [DataRow(new[] { 3, 5, 7 }, 5, 7)]
    [DataRow(new[] { 1, 5, 7 }, 5, 7)]
    [DataRow(new[] { 5, 7 }, 5, 7)]
    [DataRow(new[] { 12 }, 2, 2)]
    [DataRow(new[] { 9 }, 3, 3)]
    public void Dimensions_of_the_column_give_the_size(int[] dimensions, int height, int width)
    {
        IDataView view = Vectors(dimensions, new float[dimensions.Aggregate(1, (a, b) => a * b)]);
        HostImage image = ImageRows.Read(view)[0];
        Assert.AreEqual((height, width, 3 * height * width), (image.Height, image.Width, image.Floats!.Length));
    }

    [TestMethod]
    [DataRow(new[] { 10 }, "found 10")]
    [DataRow(new[] { 5, 7, 3 }, "channels come last")]
    [DataRow(new[] { 2, 5, 7 }, "(2, 5, 7)")]
    [DataRow(new[] { 3, 5, 7, 1 }, "(3, 5, 7, 1)")]
    public void Dimensions_that_are_no_images_are_an_error(int[] dimensions, string message)
    {
        IDataView view = Vectors(dimensions, new float[dimensions.Aggregate(1, (a, b) => a * b)]);
        var error = Assert.ThrowsExactly<ArgumentException>(() => ImageColumnReader.Create(view.Schema, "Image"));
        StringAssert.Contains(error.Message, "'Image'");
        StringAssert.Contains(error.Message, message);
    }

    [TestMethod]
    [DataRow(float.NaN, "NaN")]
    [DataRow(float.NegativeInfinity, "infinite")]
    [DataRow(255f, "found 255")]
    [DataRow(-0.5f, "found -0.5")]
    public void Bad_pixel_is_an_error_that_names_column_and_row(float pixel, string message)
    {
        float[] bad = new float[12];
        bad[7] = pixel;
        IDataView view = Vectors([12], new float[12], bad);
        var error = Assert.ThrowsExactly<InvalidDataException>(() => ImageRows.Read(view));
        StringAssert.Contains(error.Message, "'Image', row 1");
        StringAssert.Contains(error.Message, message);
    }

    [TestMethod]
    public void Vector_of_a_size_that_is_no_square_is_an_error_that_names_the_row()
    {
        IDataView view = _mlContext.Data.LoadFromEnumerable(new[] { 12, 10 }.Select(size => new ImageRows.AnySizeRow<byte> { Image = new byte[size] }));
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => ImageRows.Read(view)).Message, "row 1: expected 3·S·S or S·S values of a square image, found 10");
        view = _mlContext.Data.LoadFromEnumerable([new ImageRows.AnySizeRow<byte>()]);
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => ImageRows.Read(view)).Message, "row 0: there is no image");
    }

    [TestMethod]
    public void Missing_image_is_an_error_that_names_the_row()
    {
        using MLImage picture = ImageRows.Image(7, 5, MLPixelFormat.Rgba32, (_, _) => default);
        IDataView view = _mlContext.Data.LoadFromEnumerable([new ImageRows.PictureRow { Image = picture }, new ImageRows.PictureRow()]);
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => ImageRows.Read(view)).Message, "'Image', row 1: there is no image");
    }

    [TestMethod]
    public void Column_that_is_missing_or_of_another_type_is_an_error()
    {
        IDataView view = _mlContext.Data.LoadFromEnumerable(ImageRows.Bytes(1));
        var error = Assert.ThrowsExactly<ArgumentException>(() => ImageColumnReader.Create(view.Schema, "Picture"));
        StringAssert.Contains(error.Message, "'Picture'");
        StringAssert.Contains(error.Message, "'Image', 'Label'");
        error = Assert.ThrowsExactly<ArgumentException>(() => ImageColumnReader.Create(view.Schema, "Label"));
        StringAssert.Contains(error.Message, "expected MLImage");
        StringAssert.Contains(error.Message, "String");
        IDataView doubles = _mlContext.Data.LoadFromEnumerable([new ImageRows.AnySizeRow<double>()]);
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => ImageColumnReader.Create(doubles.Schema, "Image")).Message, "Double");
    }

    private IDataView Vectors(int[] dimensions, params float[][] images)
    {
        SchemaDefinition schema = SchemaDefinition.Create(typeof(ImageRows.AnySizeRow<float>));
        schema["Image"].ColumnType = new VectorDataViewType(NumberDataViewType.Single, dimensions);
        return _mlContext.Data.LoadFromEnumerable(images.Select(image => new ImageRows.AnySizeRow<float> { Image = image }), schema);
    }
}
