using Microsoft.ML.Continual.Samples.Datasets;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Samples.Datasets;

[TestClass]
public sealed class NotMnistTests
{
    private readonly MLContext _mlContext = new(1);

    [TestMethod]
    [DataRow("Train/", 20, 10)]
    [DataRow("", 20, 10)]
    public void Files_that_cannot_be_read_are_left_out_and_counted(string side, int train, int test)
    {
        using var files = new DatasetWriter();
        for (char letter = 'A'; letter <= 'J'; letter++)
        {
            for (int i = 0; i < (side.Length > 0 ? 2 : 3); i++) files.Png($"{side}{letter}/{i}.png", i);
            if (side.Length > 0) files.Png($"Test/{letter}/9.png", 9);
        }
        byte[] good = File.ReadAllBytes(files.PathOf($"{side}A/0.png"));
        files.Bytes($"{side}A/empty.png").Bytes($"{side}F/half.png", good[..(good.Length / 2)]).Text($"{side}F/words.png", "no picture");
        ImageDataset data = DatasetFolder.Open(_mlContext, files.Folder);
        Assert.AreEqual((train, test, 3), (data.TrainCount, data.TestCount, data.SkippedFiles));
        Assert.HasCount(train, files.Rows(data.Train));
        StringAssert.Contains(data.ToString(), "notMNIST");
        StringAssert.EndsWith(data.ToString(), "3 unreadable files left out");
    }
}
