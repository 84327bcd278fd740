using Microsoft.ML.Continual.Samples.Datasets;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Samples.Datasets;

[TestClass]
public sealed class ImageNetRTests
{
    private readonly MLContext _mlContext = new(1);
    private DatasetWriter _files = null!;

    [TestInitialize]
    public void Write_two_classes_of_ten_images()
    {
        _files = new DatasetWriter();
        _files.Text("README.txt", "ImageNet-R", "", "n01443537 goldfish", "n01484850 great_white_shark");
        for (int i = 0; i < 10; i++) _files.Png($"n01443537/art_{i}.jpg.png", i).Png($"n01484850/toy_{i}.jpg.png", 100 + i);
    }

    [TestCleanup]
    public void Remove_the_folder() => _files.Dispose();

    private ImageDataset Open(int seed, (string, string)? lists = null) => DatasetFolder.OpenImageNetR(_mlContext, _files.Folder, seed, lists);

    private (string Train, string Test) Lists(string[] train, string[] test)
    {
        _files.Text("train.txt", train).Text("test.txt", test);
        return (_files.PathOf("train.txt"), _files.PathOf("test.txt"));
    }

    [TestMethod]
    public void The_permutation_is_that_of_torch_after_manual_seed()
    {
        // What PyTorch gives for torch.manual_seed(s); torch.randperm(10).
        CollectionAssert.AreEqual(new long[] { 4, 1, 7, 5, 3, 9, 0, 8, 6, 2 }, ImageNetRLayout.Permutation(10, 0));
        CollectionAssert.AreEqual(new long[] { 2, 6, 1, 8, 4, 5, 0, 9, 3, 7 }, ImageNetRLayout.Permutation(10, 42));
    }

    [TestMethod]
    public void Four_fifths_of_all_images_are_for_training_whatever_their_classes()
    {
        long[] order = ImageNetRLayout.Permutation(20, 7);
        ImageDataset data = Open(7);
        int[] values = [.. order.Take(16).Order().Select(i => (int)(i < 10 ? i : 90 + i))];
        CollectionAssert.AreEqual(values, _files.Rows(data.Train).Select(row => row.Red).ToArray());
        Assert.HasCount(20, _files.Rows(data.Train).Concat(_files.Rows(data.Test)).Distinct());
        CollectionAssert.AreNotEqual(values, _files.Rows(Open(8).Train).Select(row => row.Red).ToArray());
        CollectionAssert.AreEqual(values, _files.Rows(Open(7).Train).Select(row => row.Red).ToArray());
    }

    [TestMethod]
    public void Classes_are_in_the_order_of_their_ids_and_have_names()
    {
        ImageDataset data = Open(7);
        CollectionAssert.AreEqual(new[] { "n01443537 goldfish", "n01484850 great white shark" }, data.Classes.ToArray());
        Assert.AreEqual("great white shark", data.ClassNames["n01484850 great white shark"]);
    }

    [TestMethod]
    public void Lists_decide_in_place_of_the_seed()
    {
        ImageDataset data = Open(7, Lists(["n01484850/toy_1.jpg.png 1", $"{Path.GetFileName(_files.Folder)}/n01443537/art_0.jpg.png 0"], ["n01443537/art_5.jpg.png 0", "n01484850/toy_2.jpg.png 1"]));
        CollectionAssert.AreEqual(new[] { ("n01443537 goldfish", 0), ("n01484850 great white shark", 101) }, _files.Rows(data.Train));
        CollectionAssert.AreEqual(new[] { ("n01443537 goldfish", 5), ("n01484850 great white shark", 102) }, _files.Rows(data.Test));
    }

    [TestMethod]
    [DataRow("n01443537/art_99.jpg", "line 2: there is no file")]
    [DataRow("n01443537/art_0.jpg.png", "is named before")]
    [DataRow("../n01443537/art_0.jpg.png", "expected a path of a folder and a file below")]
    [DataRow("/etc/passwd", "expected a path of a folder and a file below")]
    [DataRow("art_0.jpg.png 0", "expected a path of a folder and a file below")]
    [DataRow("n01443537/art_1.jpg.png 1", "the class 'n01443537' has the number 1; it had 0 before")]
    [DataRow("n01484850/toy_0.jpg.png 0", "the number 0 is the class 'n01484850'; it was 'n01443537' before")]
    public void Lists_that_do_not_fit_are_refused_with_file_and_line(string line, string expected)
    {
        string message = Assert.Throws<InvalidDataException>(() => Open(7, Lists(["n01443537/art_0.jpg.png 0", line], ["n01443537/art_5.jpg.png 0"]))).Message;
        foreach (string part in (string[])[expected, "train.txt', line 2", "https://github.com/hendrycks/imagenet-r"]) StringAssert.Contains(message, part);
    }

    [TestMethod]
    public void A_folder_without_classes_is_refused_with_the_page()
    {
        using var empty = new DatasetWriter();
        string message = Assert.Throws<InvalidDataException>(() => DatasetFolder.OpenImageNetR(_mlContext, empty.Folder, 1)).Message;
        foreach (string part in (string[])["n01443537", empty.Folder, "https://github.com/hendrycks/imagenet-r"]) StringAssert.Contains(message, part);
    }
}
