using System.Reflection;
using System.Text.Json.Nodes;
using Microsoft.ML.Continual.Samples.Datasets;
using Microsoft.ML.Continual.Tests.Contract;
using Microsoft.ML.Continual.Tests.Samples.Datasets;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Samples;

/// <summary>The benchmark programs as they are, from the command line to the run's file, each on a few made-up images in its data set's official layout.</summary>
[TestClass]
public sealed class ProgramTests
{
    private static readonly string s_weights = Path.Combine(Repository.Root, "samples", "QuickStart", "assets", "shapes_vit.safetensors");

    private DatasetWriter _files = null!;
    private TextWriter _output = null!, _errors = null!;
    private StringWriter _written = null!;

    [TestInitialize]
    public void Make_a_folder()
    {
        _files = new DatasetWriter();
        (_output, _errors, _written) = (Console.Out, Console.Error, new StringWriter());
        Console.SetOut(_written);
        Console.SetError(_written);
    }

    [TestCleanup]
    public void Remove_the_folder()
    {
        Console.SetOut(_output);
        Console.SetError(_errors);
        _files.Dispose();
    }

    /// <summary>Runs a program; gives the tasks of the nearest class mean's run as <c>name: class, class</c>.</summary>
    private string Run(string program, params string[] args)
    {
        Assert.AreEqual(0, Start(program, [.. args, "--method", "ncm", "linear-probe", "--epochs", "1"]), _written.ToString());
        JsonNode run = JsonNode.Parse(File.ReadAllText(_files.PathOf("out/ncm-seed1.json")))!;
        Assert.IsTrue(File.Exists(_files.PathOf("out/linear-probe-seed1.json")));
        return string.Join("; ", run["tasks"]!.AsArray().Select(task => $"{task!["name"]}: {string.Join(", ", task["classes"]!.AsArray())}"));
    }

    private int Start(string program, string[] args) => (int)Assembly.Load(program).EntryPoint!.Invoke(
        null, [(string[])["--data", _files.PathOf("data"), "--weights", s_weights, "--out", _files.PathOf("out"), .. args]])!;

    [TestMethod]
    public void Split_CIFAR_100_takes_the_Python_archive()
    {
        Directory.CreateDirectory(_files.PathOf("data"));
        _files.TarGz("data/cifar-100-python.tar.gz", "cifar-100-python", ("meta", CifarBatch.PythonNames("fine_label_names", "apple", "baby")),
            ("train", CifarBatch.Python("fine_labels", [(0, 10), (1, 200), (0, 20)])), ("test", CifarBatch.Python("fine_labels", [(1, 210), (0, 15)])));
        Assert.AreEqual("Task 1: apple; Task 2: baby", Run("split-cifar100", "--tasks", "2"));
    }

    [TestMethod]
    public void Split_Tiny_ImageNet_takes_its_folder()
    {
        _files.Text("data/wnids.txt", "n1", "n2").Text("data/words.txt", "n1\tgoldfish", "n2\tbee").Text("data/val/val_annotations.txt", "v0.png\tn1\t0\t0\t1\t1", "v1.png\tn2\t0\t0\t1\t1");
        _files.Png("data/train/n1/images/0.png", 10).Png("data/train/n2/images/0.png", 200).Png("data/val/images/v0.png", 12).Png("data/val/images/v1.png", 210);
        Assert.AreEqual("Task 1: n1 goldfish; Task 2: n2 bee", Run("split-tiny-imagenet", "--tasks", "2"));
    }

    [TestMethod]
    public void Split_ImageNet_R_is_split_by_a_seed_or_by_lists()
    {
        for (int i = 0; i < 10; i++) _files.Png($"data/n01443537/{i}.png", i).Png($"data/n01484850/{i}.png", 200 + i);
        Assert.AreEqual("Task 1: n01443537; Task 2: n01484850", Run("split-imagenet-r", "--tasks", "2", "--split-seed", "3"));
        StringAssert.Contains(_written.ToString(), "split by seed 3");

        _files.Text("train.txt", "n01443537/0.png 0", "n01484850/0.png 1").Text("test.txt", "n01443537/1.png 0", "n01484850/1.png 1");
        Run("split-imagenet-r", "--tasks", "1", "--train-list", _files.PathOf("train.txt"), "--test-list", _files.PathOf("test.txt"));
        StringAssert.Contains(_written.ToString(), "split by lists): 2 classes, 2 training and 2 test images");
        Assert.AreEqual("train.txt", (string)JsonNode.Parse(File.ReadAllText(_files.PathOf("out/ncm-seed1.json")))!["settings"]!["--train-list"]!, "the last part of the path");
        Assert.AreEqual(2, Start("split-imagenet-r", ["--train-list", _files.PathOf("train.txt")]));
        StringAssert.Contains(_written.ToString(), "--train-list and --test-list: expected both or none, found one.");
    }

    [TestMethod]
    public void Split_CUB_200_takes_the_official_lists()
    {
        CubTests.Write(_files, "data");
        Assert.AreEqual("Task 1: 001.Black_footed_Albatross; Task 2: 002.Laysan_Albatross", Run("split-cub200", "--tasks", "2"));
        string[] seeds = [.. Enumerable.Range(0, 9).Where(seed => NumpyPermutation.Shuffle(2, seed)[0] == 1).Select(seed => $"{seed}")];
        Assert.AreEqual("Task 1: 002.Laysan_Albatross; Task 2: 001.Black_footed_Albatross", Run("split-cub200", "--tasks", "2", "--class-order-numpy", seeds[0]));
        Assert.AreEqual(2, Start("split-cub200", ["--class-order-numpy", "1", "--class-order-seed", "1", "--tasks", "2"]));
        StringAssert.Contains(_written.ToString(), "expected one of them, found both");
    }

    [TestMethod]
    public void Split_DomainNet_makes_tasks_of_classes_or_of_domains()
    {
        WriteDomains();
        Assert.AreEqual("Task 1: zebra; Task 2: The_Eiffel_Tower", Run("split-domainnet", "--tasks", "2"));
        StringAssert.Contains(_written.ToString(), "2 classes, 12 training and 6 test images");
        Assert.AreEqual("sketch: zebra, The_Eiffel_Tower; clipart: zebra, The_Eiffel_Tower", Run("split-domainnet", "--setting", "domain", "--domains", "sketch", "clipart"));
        Assert.AreEqual(2, Start("split-domainnet", ["--setting", "domain", "--tasks", "2"]));
        StringAssert.Contains(_written.ToString(), "--tasks is for tasks of classes");

        // As in NSP²'s lists: each class from one domain.
        _files.Text("own_train.txt", "real/zebra/real_000_000000.png 0", "clipart/The_Eiffel_Tower/clipart_001_000000.png 1").Text("own_test.txt", "real/zebra/real_000_000001.png 0", "clipart/The_Eiffel_Tower/clipart_001_000001.png 1");
        string[] lists = ["--train-list", _files.PathOf("own_train.txt"), "--test-list", _files.PathOf("own_test.txt")];
        Assert.AreEqual("Task 1: zebra; Task 2: The_Eiffel_Tower", Run("split-domainnet", ["--tasks", "2", .. lists]));
        StringAssert.Contains(_written.ToString(), "2 classes, 2 training and 2 test images");
        Assert.AreEqual(2, Start("split-domainnet", ["--domains", "real", .. lists]));
        StringAssert.Contains(_written.ToString(), "--domains: leave it out where lists name the images.");
    }

    [TestMethod]
    public void Domains_in_folders_of_classes_are_learned_with_shared_classes()
    {
        foreach ((string domain, int value) in ((string, int)[])[("photo", 0), ("art_painting", 100)])
            for (int i = 0; i < 5; i++) _files.Png($"data/{domain}/dog/{i}.png", value + i).Png($"data/{domain}/horse/{i}.png", value + 50 + i);
        Assert.AreEqual("art_painting: dog, horse; photo: dog, horse", Run("domain-sequence"));
        StringAssert.Contains(_written.ToString(), "domain-incremental");
        Assert.AreEqual("photo: photo/dog, photo/horse; art_painting: art_painting/dog, art_painting/horse", Run("domain-sequence", "--setting", "class", "--domains", "photo", "art_painting"));
        Assert.AreEqual(2, Start("domain-sequence", ["--domains", "cartoon"]));
        StringAssert.Contains(_written.ToString(), "--domains: '");
    }

    [TestMethod]
    public void Five_data_sets_are_read_each_in_its_own_layout()
    {
        _files.Bytes("data/SVHN/train_32x32.mat", MatWriter.Svhn((10, 10), (1, 200))).Bytes("data/SVHN/test_32x32.mat", MatWriter.Svhn((1, 210), (10, 12)));
        _files.Bytes("data/cifar-10-batches-py/data_batch_1", CifarBatch.Python("labels", [(0, 1), (1, 250)])).Bytes("data/cifar-10-batches-py/test_batch", CifarBatch.Python("labels", [(0, 2), (1, 251)]));
        _files.Bytes("data/cifar-10-batches-py/batches.meta", CifarBatch.PythonNames("label_names", "airplane", "automobile"));
        for (char letter = 'A'; letter <= 'J'; letter++) _files.Png($"data/notMNIST/Train/{letter}/0.png", letter).Png($"data/notMNIST/Test/{letter}/0.png", letter);
        _files.Bytes("data/notMNIST/Train/A/bad.png");
        Assert.AreEqual("SVHN: SVHN/00, SVHN/01; cifar-10-batches-py: cifar-10-batches-py/airplane, cifar-10-batches-py/automobile; notMNIST: notMNIST/A, notMNIST/B",
            Run("five-datasets", "--datasets", "SVHN", "cifar-10-batches-py", "notMNIST", "--classes", "2"));
        StringAssert.Contains(_written.ToString(), "1 unreadable files left out");
    }

    private void WriteDomains()
    {
        using var source = new DatasetWriter();
        DomainListTests.Write(source, "_train.txt", "_test.txt", "clipart", "real", "sketch");
        foreach (string file in Directory.GetFiles(source.Folder, "*", SearchOption.AllDirectories))
            _files.Bytes(Path.Combine("data", Path.GetRelativePath(source.Folder, file)), File.ReadAllBytes(file));
    }
}
