using Microsoft.ML.Continual.Samples.Datasets;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Samples.Datasets;

[TestClass]
public sealed class CubTests
{
    private readonly MLContext _mlContext = new(1);
    private DatasetWriter _files = null!;

    [TestInitialize]
    public void Write_two_classes()
    {
        _files = new DatasetWriter();
        Write(_files, "CUB_200_2011");
    }

    [TestCleanup]
    public void Remove_the_folder() => _files.Dispose();

    /// <summary>Four images a class, every other one for the test.</summary>
    internal static void Write(DatasetWriter files, string folder)
    {
        string[] classes = ["001.Black_footed_Albatross", "002.Laysan_Albatross"];
        string[] images = [.. Enumerable.Range(0, 8).Select(i => $"{classes[i / 4]}/Bird_{i}.png")];
        for (int i = 0; i < 8; i++) files.Png($"{folder}/images/{images[i]}", 10 * i);
        files.Text($"{folder}/images.txt", [.. images.Select((image, i) => $"{i + 1} {image}")]);
        files.Text($"{folder}/image_class_labels.txt", [.. images.Select((_, i) => $"{i + 1} {i / 4 + 1}")]);
        files.Text($"{folder}/train_test_split.txt", [.. images.Select((_, i) => $"{i + 1} {1 - i % 2}")]);
        files.Text($"{folder}/classes.txt", [.. classes.Select((label, i) => $"{i + 1} {label}")]);
    }

    [TestMethod]
    [DataRow("CUB_200_2011")]
    [DataRow("")]
    public void The_official_split_and_labels_decide(string folder)
    {
        ImageDataset data = DatasetFolder.Open(_mlContext, _files.PathOf(folder));
        StringAssert.Contains(data.Name, "CUB-200-2011");
        CollectionAssert.AreEqual(new[] { 0, 20, 40, 60 }, _files.Rows(data.Train).Select(row => row.Red).ToArray());
        CollectionAssert.AreEqual(new[] { 10, 30, 50, 70 }, _files.Rows(data.Test).Select(row => row.Red).ToArray());
        CollectionAssert.AreEqual(new[] { "001.Black_footed_Albatross", "002.Laysan_Albatross" }, data.Classes.ToArray());
        Assert.AreEqual("Black footed Albatross", data.ClassNames[data.Classes[0]]);
    }

    [TestMethod]
    [DataRow("train_test_split.txt", "1 1\n2 0", "train_test_split.txt' has no line that begins with 3")]
    [DataRow("train_test_split.txt", "1 2", "expected 1 (training) or 0 (test) for image 1; found '2'")]
    [DataRow("image_class_labels.txt", "1", "image_class_labels.txt', line 1: expected a number, a space and a value; found '1'")]
    [DataRow("image_class_labels.txt", "1 77", "classes.txt' has no line that begins with 77")]
    [DataRow("classes.txt", "1 a\n1 b", "classes.txt' has two lines that begin with 1")]
    [DataRow("images.txt", "1 ../secret.png", "There is no file")]
    [DataRow("images.txt", "1 001.Black_footed_Albatross/none.png", "none.png")]
    [DataRow("train_test_split.txt", null, "train_test_split.txt")]
    public void Files_that_do_not_fit_are_named_with_the_page(string file, string? content, string expected)
    {
        if (content is null) File.Delete(_files.PathOf($"CUB_200_2011/{file}"));
        else _files.Text($"CUB_200_2011/{file}", content.Split('\n'));
        string message = Assert.Throws<InvalidDataException>(() => DatasetFolder.Open(_mlContext, _files.PathOf("CUB_200_2011"))).Message;
        foreach (string part in (string[])[expected, "https://www.vision.caltech.edu/datasets/cub_200_2011/"]) StringAssert.Contains(message, part);
    }
}
