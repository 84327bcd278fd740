using Microsoft.ML.Continual.Samples.Datasets;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.RealData;

/// <summary>The readers on real files.</summary>
[TestClass]
[TestCategory("RealData")]
public sealed class DatasetLayoutTests
{
    [TestMethod]
    [DataRow("MNIST", "idx")]
    [DataRow("FashionMNIST", "idx")]
    [DataRow("cifar-10-batches-bin", "CIFAR-10 binary")]
    [DataRow("notMNIST", "notMNIST, class folders")]
    [DataRow("gtsrb10", "class folders")]
    public void Each_of_the_five_data_sets_has_ten_classes(string name, string layout)
    {
        ImageDataset data = DatasetFolder.Open(new MLContext(1), RealDataFolder.Require("five-datasets", name));
        Assert.AreEqual(($"{name} ({layout})", 10, 5000, 1000), (data.Name, data.Classes.Count, data.TrainCount, data.TestCount));
        Assert.AreEqual(0, data.SkippedFiles);
    }

    [TestMethod]
    public void Tiny_ImageNet_has_two_hundred_classes_with_names()
    {
        ImageDataset data = DatasetFolder.Open(new MLContext(1), RealDataFolder.Require("tiny-imagenet-200"));
        Assert.AreEqual((200, 10_000, 2_000), (data.Classes.Count, data.TrainCount, data.TestCount));
        Assert.AreEqual("goldfish", data.ClassNames["n01443537 goldfish"]);
    }
}
