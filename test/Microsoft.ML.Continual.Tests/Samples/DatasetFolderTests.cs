using System.Buffers.Binary;
using System.IO.Compression;
using Microsoft.ML.Continual.Samples.Datasets;
using Microsoft.ML.Continual.Samples.Scenes;
using Microsoft.ML.Data;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Samples;

[TestClass]
public sealed class DatasetFolderTests
{
    private readonly MLContext _mlContext = new(1);
    private string _folder = "";

    [TestInitialize]
    public void Make_a_folder() => _folder = Directory.CreateTempSubdirectory("datasets-").FullName;

    [TestCleanup]
    public void Remove_the_folder() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    public void Class_folders_below_train_and_test_are_read()
    {
        foreach (string label in (string[])["ant", "bee"])
        {
            WritePng($"Train/{label}/0.png", 10);
            WritePng($"Train/{label}/1.png", 20);
            WritePng($"Test/{label}/2.png", 30);
        }
        ImageDataset data = DatasetFolder.Open(_mlContext, _folder);
        CollectionAssert.AreEqual(new[] { "ant", "bee" }, data.Classes.ToArray());
        CollectionAssert.AreEqual(new[] { ("ant", 10), ("ant", 20), ("bee", 10), ("bee", 20) }, Read(data.Train));
        CollectionAssert.AreEqual(new[] { ("ant", 30), ("bee", 30) }, Read(data.Test));
    }

    [TestMethod]
    public void Of_class_folders_without_a_split_a_fifth_is_held_out_and_no_image_is_on_both_sides()
    {
        for (int i = 0; i < 10; i++)
        {
            WritePng($"ant/{i}.png", 10 + i);
            WritePng($"bee/{i}.png", 100 + i);
        }
        ImageDataset data = DatasetFolder.Open(_mlContext, _folder, new DatasetOptions(Seed: 3));
        Assert.AreEqual((16, 4), (data.TrainCount, data.TestCount));
        Assert.HasCount(20, Read(data.Train).Concat(Read(data.Test)).Distinct());
    }

    [TestMethod]
    public void Limits_choose_classes_in_order_and_images_at_random_but_repeatably()
    {
        foreach (string label in (string[])["ant", "bee", "cat"])
            for (int i = 0; i < 10; i++) WritePng($"train/{label}/{i}.png", 10 * i);
        foreach (string label in (string[])["ant", "bee", "cat"]) WritePng($"val/{label}/0.png", 7);
        var options = new DatasetOptions(ClassCount: 2, TrainPerClass: 4, Seed: 5);
        (string, int)[] rows = Read(DatasetFolder.Open(_mlContext, _folder, options).Train);
        Assert.AreEqual(("ant", 4, "bee", 4), (rows[0].Item1, rows.Count(r => r.Item1 == "ant"), rows[^1].Item1, rows.Count(r => r.Item1 == "bee")));
        CollectionAssert.AreEqual(rows, Read(DatasetFolder.Open(_mlContext, _folder, options).Train));
        Assert.Throws<InvalidDataException>(() => DatasetFolder.Open(_mlContext, _folder, new DatasetOptions(ClassCount: 4)));
    }

    [TestMethod]
    public void Tiny_ImageNet_is_read_with_the_labels_of_its_annotations()
    {
        File.WriteAllText(Path.Combine(_folder, "wnids.txt"), "n1\nn2\n");
        File.WriteAllText(Path.Combine(_folder, "words.txt"), "n1\tgoldfish, Carassius auratus\nn2\thoney bee\n");
        WritePng("train/n1/images/n1_0.JPEG.png", 1);
        WritePng("train/n2/images/n2_0.JPEG.png", 2);
        WritePng("val/images/val_0.png", 3);
        WritePng("val/images/val_1.png", 4);
        File.WriteAllText(Path.Combine(_folder, "val", "val_annotations.txt"), "val_0.png\tn2\t0\t0\t9\t9\nval_1.png\tn1\t0\t0\t9\t9\nabsent.png\tn1\t0\t0\t9\t9\n");
        ImageDataset data = DatasetFolder.Open(_mlContext, _folder);
        CollectionAssert.AreEqual(new[] { ("n1 goldfish", 1), ("n2 honey bee", 2) }, Read(data.Train));
        CollectionAssert.AreEqual(new[] { ("n1 goldfish", 4), ("n2 honey bee", 3) }, Read(data.Test));
    }

    [TestMethod]
    public void CIFAR_records_are_read_with_the_names_of_their_classes()
    {
        File.WriteAllText(Path.Combine(_folder, "batches.meta.txt"), "airplane\nautomobile\n");
        File.WriteAllBytes(Path.Combine(_folder, "data_batch_1.bin"), [.. CifarRecord(1, 50), .. CifarRecord(0, 60)]);
        File.WriteAllBytes(Path.Combine(_folder, "test_batch.bin"), [.. CifarRecord(0, 70), .. CifarRecord(1, 80)]);
        ImageDataset data = DatasetFolder.Open(_mlContext, _folder);
        CollectionAssert.AreEqual(new[] { ("airplane", 60), ("automobile", 50) }, Read(data.Train));
        CollectionAssert.AreEqual(new[] { ("airplane", 70), ("automobile", 80) }, Read(data.Test));
    }

    [TestMethod]
    public void Idx_files_are_read_packed_or_not()
    {
        WriteIdx("train", packed: true, 5, 9);
        WriteIdx("t10k", packed: false, 9, 5);
        ImageDataset data = DatasetFolder.Open(_mlContext, _folder);
        CollectionAssert.AreEqual(new[] { ("05", 5), ("09", 9) }, Read(data.Train));
        CollectionAssert.AreEqual(new[] { ("09", 9), ("05", 5) }, Read(data.Test), "test images stay in the file's order");
    }

    [TestMethod]
    public void Folders_that_cannot_be_used_are_refused_with_a_reason()
    {
        StringAssert.Contains(Assert.Throws<DirectoryNotFoundException>(() => DatasetFolder.Open(_mlContext, Path.Combine(_folder, "none"))).Message, "none");
        StringAssert.Contains(Assert.Throws<InvalidDataException>(() => DatasetFolder.Open(_mlContext, _folder)).Message, "layout");
        File.WriteAllBytes(Path.Combine(_folder, "data_batch_1.bin"), new byte[100]);
        StringAssert.Contains(Assert.Throws<InvalidDataException>(() => DatasetFolder.Open(_mlContext, _folder)).Message, "test_batch.bin");
        File.WriteAllBytes(Path.Combine(_folder, "test_batch.bin"), CifarRecord(0, 1));
        StringAssert.Contains(Assert.Throws<InvalidDataException>(() => DatasetFolder.Open(_mlContext, _folder)).Message, "3073");
    }

    [TestMethod]
    public void An_idx_file_that_announces_more_than_it_holds_is_refused()
    {
        WriteIdx("train", packed: false, 5, 9);
        WriteIdx("t10k", packed: false, 5, 9);
        string path = Path.Combine(_folder, "train-images-idx3-ubyte");
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..^1]);
        StringAssert.Contains(Assert.Throws<InvalidDataException>(() => DatasetFolder.Open(_mlContext, _folder)).Message, "announces");
    }

    [TestMethod]
    public void An_image_that_cannot_be_decoded_is_named_when_it_is_read_and_not_before()
    {
        WritePng("train/ant/0.png", 1);
        WritePng("test/ant/0.png", 1);
        File.WriteAllText(Path.Combine(_folder, "train", "ant", "1.png"), "no picture");
        ImageDataset data = DatasetFolder.Open(_mlContext, _folder);
        Exception error = Assert.Throws<Exception>(() => Read(data.Train));
        while (error is not InvalidDataException && error.InnerException is { } inner) error = inner;
        StringAssert.Contains(error.Message, "1.png");
    }

    // The label and the red value of the first pixel of every row.
    private (string, int)[] Read(IDataView view) =>
        [.. _mlContext.Data.CreateEnumerable<Row>(view, reuseRowObject: false).Select(r => (r.Label!, (int)r.Image!.GetBGRPixels[2]))];

    private void WritePng(string name, int value)
    {
        string path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, PngFile.Encode(2, 2, [.. Enumerable.Repeat((byte)value, 12)]));
    }

    private static byte[] CifarRecord(byte label, byte value) => [label, .. Enumerable.Repeat(value, 3072)];

    private void WriteIdx(string part, bool packed, params byte[] labels)
    {
        Write($"{part}-labels-idx1-ubyte", [.. Header(labels.Length), .. labels]);
        Write($"{part}-images-idx3-ubyte", [.. Header(labels.Length, 4, 4), .. labels.SelectMany(l => Enumerable.Repeat(l, 16))]);

        void Write(string name, byte[] bytes)
        {
            using Stream file = File.Create(Path.Combine(_folder, packed ? name + ".gz" : name));
            using Stream target = packed ? new GZipStream(file, CompressionMode.Compress) : file;
            target.Write(bytes);
        }

        static byte[] Header(params int[] sizes)
        {
            byte[] header = new byte[4 + 4 * sizes.Length];
            (header[2], header[3]) = (8, (byte)sizes.Length);
            for (int i = 0; i < sizes.Length; i++) BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4 + 4 * i), sizes[i]);
            return header;
        }
    }

    private sealed class Row
    {
        public string? Label { get; set; }

        [AnySizeImage]
        public MLImage? Image { get; set; }
    }
}
