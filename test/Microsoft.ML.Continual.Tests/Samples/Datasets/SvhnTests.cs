using Microsoft.ML.Continual.Samples.Datasets;
using Microsoft.ML.Data;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using static Microsoft.ML.Continual.Tests.Samples.Datasets.MatWriter;

namespace Microsoft.ML.Continual.Tests.Samples.Datasets;

[TestClass]
public sealed class SvhnTests
{
    private readonly MLContext _mlContext = new(1);
    private DatasetWriter _files = null!;

    [TestInitialize]
    public void Make_a_folder() => _files = new DatasetWriter();

    [TestCleanup]
    public void Remove_the_folder() => _files.Dispose();

    private ImageDataset Open() => DatasetFolder.Open(_mlContext, _files.Folder);

    private void Refused(params string[] expected)
    {
        string message = Assert.Throws<InvalidDataException>(() => Open()).Message;
        foreach (string part in (string[])[.. expected, "http://ufldl.stanford.edu/housenumbers/"]) StringAssert.Contains(message, part);
    }

    [TestMethod]
    public void Cropped_digits_are_read_and_label_10_is_the_digit_0()
    {
        _files.Bytes("train_32x32.mat", Svhn((10, 40), (3, 50), (10, 60))).Bytes("test_32x32.mat", Svhn((3, 70), (10, 80)));
        ImageDataset data = Open();
        CollectionAssert.AreEqual(new[] { ("00", 40), ("00", 60), ("03", 50) }, _files.Rows(data.Train));
        CollectionAssert.AreEqual(new[] { ("03", 70), ("00", 80) }, _files.Rows(data.Test));
    }

    [TestMethod]
    public void Pixels_are_turned_from_columns_to_rows()
    {
        byte[] pixels = new byte[3072];
        for (int i = 0; i < pixels.Length; i++) pixels[i] = (byte)(i % 32 * 8);   // the first index, the row, runs fastest
        byte[] file = File(Variable("X", ClassUInt8, [32, 32, 3], Element(MiUInt8, pixels)), Variable("y", ClassDouble, [1, 1], Small(MiUInt8, 1)));
        _files.Bytes("train_32x32.mat", file).Bytes("test_32x32.mat", file);
        using DataViewRowCursor cursor = Open().Train.GetRowCursor(Open().Train.Schema);
        Assert.IsTrue(cursor.MoveNext());
        MLImage image = null!;
        cursor.GetGetter<MLImage>(cursor.Schema["Image"])(ref image);
        byte[] shown = image.GetBGRPixels;
        for (int y = 0; y < 32; y++)
            for (int x = 0; x < 32; x++) Assert.AreEqual(y * 8, shown[3 * (y * 32 + x)], $"row {y}, column {x}");
    }

    [TestMethod]
    public void Files_that_do_not_fit_are_refused()
    {
        _files.Bytes("train_32x32.mat", Svhn((1, 1)));
        Refused("test_32x32.mat");
        Check(Svhn((1, 1), (11, 2)), "expected labels from 1 to 10; found 11");
        Check(File(Variable("X", ClassUInt8, [16, 16, 3, 4], Element(MiUInt8, new byte[3072])), Variable("y", ClassDouble, [1, 1], Small(MiUInt8, 1))), "expected bytes of [32, 32, 3, N]; found UInt8 of [16, 16, 3, 4]");
        Check(File(Variable("X", ClassUInt8, [32, 32, 3, 1], Element(MiUInt8, new byte[3072])), Variable("y", ClassDouble, [2, 1], Small(MiUInt8, 1, 2))), "expected 1 labels", "found 2");
        Check(File(Variable("X", ClassUInt8, [32, 32, 3, 1], Element(MiUInt8, new byte[3072]))), "no numeric variable 'y'");
        Check(Svhn((1, 1))[..180], "test_32x32.mat");

        void Check(byte[] test, params string[] expected)
        {
            _files.Bytes("test_32x32.mat", test);
            Refused([.. expected, "test_32x32.mat"]);
        }
    }
}
