using Microsoft.ML.Continual.Samples.Datasets;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Samples.Datasets;

[TestClass]
public sealed class DomainListTests
{
    private readonly MLContext _mlContext = new(1);
    private DatasetWriter _files = null!;

    [TestInitialize]
    public void Write_two_domains()
    {
        _files = new DatasetWriter();
        Write(_files, "_train.txt", "_test.txt", "clipart", "real");
    }

    [TestCleanup]
    public void Remove_the_folder() => _files.Dispose();

    /// <summary>Two classes, whose numbers are not in ordinal order of their names, with two training images and one test image in each domain.</summary>
    internal static void Write(DatasetWriter files, string trainEnding, string testEnding, params string[] domains)
    {
        string[] classes = ["zebra", "The_Eiffel_Tower"];
        for (int d = 0; d < domains.Length; d++)
        {
            string domain = domains[d];
            List<string> train = [], test = [];
            for (int c = 0; c < classes.Length; c++)
            {
                for (int i = 0; i < 3; i++)
                {
                    string path = $"{domain}/{classes[c]}/{domain}_{c:000}_{i:000000}.png";
                    files.Png(path, 100 * d + 10 * c + i);
                    (i < 2 ? train : test).Add($"{path} {c}");
                }
            }
            files.Text(domain + trainEnding, [.. train]).Text(domain + testEnding, [.. test]);
        }
    }

    [TestMethod]
    public void Domains_are_one_data_set_with_the_classes_in_the_order_of_their_numbers()
    {
        ImageDataset data = DatasetFolder.Open(_mlContext, _files.Folder);
        StringAssert.Contains(data.Name, "DomainNet");
        CollectionAssert.AreEqual(new[] { "zebra", "The_Eiffel_Tower" }, data.Classes.ToArray());
        CollectionAssert.AreEqual(new[] { ("zebra", 0), ("zebra", 1), ("zebra", 100), ("zebra", 101), ("The_Eiffel_Tower", 10), ("The_Eiffel_Tower", 11), ("The_Eiffel_Tower", 110), ("The_Eiffel_Tower", 111) }, _files.Rows(data.Train));
        CollectionAssert.AreEqual(new[] { 2, 12, 102, 112 }, _files.Rows(data.Test).Select(row => row.Red).ToArray(), "test images stay in the lists' order");
    }

    [TestMethod]
    public void One_domain_or_some_can_be_opened()
    {
        CollectionAssert.AreEqual(new[] { "clipart", "real" }, DatasetFolder.Domains(_files.Folder).ToArray());
        CollectionAssert.AreEqual(new[] { 100, 101, 110, 111 }, _files.Rows(DatasetFolder.OpenDomain(_mlContext, _files.Folder, "real").Train).Select(row => row.Red).ToArray());
        CollectionAssert.AreEqual(new[] { 102, 112, 2, 12 }, _files.Rows(DatasetFolder.OpenDomains(_mlContext, _files.Folder, ["real", "clipart"]).Test).Select(row => row.Red).ToArray());
    }

    [TestMethod]
    public void The_lists_of_PACS_are_known_too()
    {
        using var files = new DatasetWriter();
        Write(files, "_train_kfold.txt", "_crossval_kfold.txt", "photo", "sketch");
        ImageDataset data = DatasetFolder.OpenDomain(_mlContext, files.Folder, "sketch");
        StringAssert.Contains(data.Name, "sketch (PACS)");
        Assert.AreEqual((4, 2), (data.TrainCount, data.TestCount));
    }

    [TestMethod]
    public void A_list_of_its_own_may_take_each_class_from_another_domain()
    {
        _files.Text("own_train.txt", "real/zebra/real_000_000000.png 1", "clipart/The_Eiffel_Tower/clipart_001_000000.png 0").Text("own_test.txt", "real/zebra/real_000_000001.png 1", "clipart/The_Eiffel_Tower/clipart_001_000001.png 0");
        ImageDataset data = DatasetFolder.OpenListed(_mlContext, _files.Folder, _files.PathOf("own_train.txt"), _files.PathOf("own_test.txt"));
        CollectionAssert.AreEqual(new[] { ("The_Eiffel_Tower", 10), ("zebra", 100) }, _files.Rows(data.Train));
    }

    [TestMethod]
    public void What_is_missing_is_named_with_the_page()
    {
        File.Delete(_files.PathOf("real/zebra/real_000_000001.png"));
        Refused("real_train.txt', line 2", "real_000_000001.png");
        File.Delete(_files.PathOf("clipart_test.txt"));
        Refused("clipart_test.txt");

        void Refused(params string[] expected)
        {
            string message = Assert.Throws<InvalidDataException>(() => DatasetFolder.Open(_mlContext, _files.Folder)).Message;
            foreach (string part in (string[])[.. expected, "https://ai.bu.edu/M3SDA/"]) StringAssert.Contains(message, part);
        }
    }
}
