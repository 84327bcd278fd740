using System.Text;
using Microsoft.ML.Continual.Samples.Datasets;
using Microsoft.ML.Continual.Tests.Checkpoints.Writers;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Samples.Datasets;

[TestClass]
public sealed class CifarTests
{
    private readonly MLContext _mlContext = new(1);
    private DatasetWriter _files = null!;

    [TestInitialize]
    public void Make_a_folder() => _files = new DatasetWriter();

    [TestCleanup]
    public void Remove_the_folder() => _files.Dispose();

    private ImageDataset Open(string name = "") => DatasetFolder.Open(_mlContext, _files.PathOf(name));

    private void Refused(string name, params string[] expected)
    {
        string message = Assert.Throws<InvalidDataException>(() => Open(name)).Message;
        foreach (string part in (string[])[.. expected, "https://www.cs.toronto.edu/~kriz/cifar.html"]) StringAssert.Contains(message, part);
    }

    [TestMethod]
    public void CIFAR_10_for_Python_is_read_batch_after_batch()
    {
        _files.Bytes("batches.meta", CifarBatch.PythonNames("label_names", "airplane", "automobile"))
            .Bytes("data_batch_1", CifarBatch.Python("labels", [(1, 50), (0, 60)])).Bytes("data_batch_2", CifarBatch.Python("labels", [(1, 51)]))
            .Bytes("test_batch", CifarBatch.Python("labels", [(1, 70), (0, 80)]));
        ImageDataset data = Open();
        StringAssert.Contains(data.Name, "CIFAR-10 Python");
        CollectionAssert.AreEqual(new[] { ("airplane", 60), ("automobile", 50), ("automobile", 51) }, _files.Rows(data.Train));
        CollectionAssert.AreEqual(new[] { ("automobile", 70), ("airplane", 80) }, _files.Rows(data.Test));
    }

    [TestMethod]
    public void CIFAR_100_for_Python_has_its_fine_classes()
    {
        _files.Bytes("meta", CifarBatch.PythonNames("fine_label_names", "apple", "aquarium_fish"))
            .Bytes("train", CifarBatch.Python("fine_labels", [(1, 5), (0, 6)])).Bytes("test", CifarBatch.Python("fine_labels", [(0, 7), (1, 8)]));
        ImageDataset data = Open();
        CollectionAssert.AreEqual(new[] { ("apple", 6), ("aquarium_fish", 5) }, _files.Rows(data.Train));
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("cifar-10-python.tar.gz")]
    public void Archives_are_read_as_they_are_by_name_or_in_a_folder(string name)
    {
        _files.TarGz("cifar-10-python.tar.gz", "cifar-10-batches-py", ("batches.meta", CifarBatch.PythonNames("label_names", "airplane", "automobile")), ("readme.html", [1]),
            ("data_batch_1", CifarBatch.Python("labels", [(1, 50), (0, 60)])), ("test_batch", CifarBatch.Python("labels", [(0, 70), (1, 80)])));
        ImageDataset data = Open(name);
        CollectionAssert.AreEqual(new[] { ("airplane", 60), ("automobile", 50) }, _files.Rows(data.Train));
        CollectionAssert.AreEqual(new[] { ("airplane", 70), ("automobile", 80) }, _files.Rows(data.Test));
    }

    [TestMethod]
    public void The_binary_archive_is_read_too()
    {
        _files.TarGz("cifar-100-binary.tar.gz", "cifar-100-binary", ("train.bin", [9, .. CifarBatch.Record(3, 50)]), ("test.bin", [9, .. CifarBatch.Record(3, 60)]));
        CollectionAssert.AreEqual(new[] { ("003", 50) }, _files.Rows(Open().Train));
        CollectionAssert.AreEqual(new[] { ("003", 60) }, _files.Rows(Open().Test));
    }

    [TestMethod]
    public void Pixels_stay_in_the_file_until_a_row_is_read()
    {
        _files.Bytes("data_batch_1.bin", CifarBatch.Record(0, 50)).Bytes("test_batch.bin", CifarBatch.Record(0, 60));
        ImageDataset data = Open();
        _files.Bytes("data_batch_1.bin", CifarBatch.Record(0, 99));
        CollectionAssert.AreEqual(new[] { ("000", 99) }, _files.Rows(data.Train));
    }

    [TestMethod]
    public void What_is_missing_is_named_with_the_page_where_it_is_obtained()
    {
        _files.Bytes("data_batch_1", CifarBatch.Python("labels", [(0, 1)]));
        Refused("", "no file 'test_batch'", _files.Folder);
        _files.Bytes("data_batch_3", CifarBatch.Python("labels", [(0, 1)]));
        Refused("", "'data_batch_3' but no file 'data_batch_2'");
        _files.TarGz("other.tar.gz", "other", ("a.txt", [1]));
        Refused("other.tar.gz", "holds no files of CIFAR");
    }

    [TestMethod]
    public void A_batch_that_says_more_or_less_than_it_holds_is_refused()
    {
        byte[] good = CifarBatch.Python("labels", [(0, 1), (1, 2)]);
        _files.Bytes("test_batch", good);
        Check(good[..4000], "data_batch_1", "expected a length of at most");
        Check(good[..^1], "data_batch_1", "the pickle ends too early");
        Check(CifarBatch.Python("labels", [(0, 1), (1, 2)], rows: 200), "'data': expected [2, 3072] bytes", "found [200, 3072] in 6144 bytes");
        Check(CifarBatch.Python("coarse_labels", [(0, 1)]), "expected a list under the key 'labels'; found none");
        Check(CifarBatch.Python("labels", [(5000, 1)]), "expected classes from 0 to 999; found '5000'");
        Check(new PickleWriter().Op(']').Stop(), "expected a pickled dictionary");

        void Check(byte[] batch, params string[] expected)
        {
            _files.Bytes("data_batch_1", batch);
            Refused("", expected);
        }
    }

    [TestMethod]
    public void A_pickle_that_would_run_something_is_refused()
    {
        _files.Bytes("test_batch", CifarBatch.Python("labels", [(0, 1)]));
        _files.Bytes("data_batch_1", new PickleWriter().Global("os", "system").Op('(').Text("true").Op('t').Op('R').Stop());
        Refused("", "'os.system', which is not allowed");
    }

    [TestMethod]
    public void Any_byte_of_a_pickle_may_be_wrong_and_nothing_but_a_refusal_or_images_come_of_it()
    {
        byte[] whole = CifarBatch.Python("labels", [(0, 1), (1, 2)]);
        int pixels = Array.IndexOf(whole, (byte)'T') + 5;
        _files.Bytes("test_batch", whole);
        for (int at = 0; at < whole.Length; at = at == pixels ? pixels + 2 * CifarBatch.Pixels : at + 1)
        {
            foreach (byte value in (byte[])[0, (byte)'.', (byte)'T', 0x80, 0xFF])
            {
                byte[] wrong = [.. whole];
                wrong[at] = value;
                _files.Bytes("data_batch_1", wrong);
                try
                {
                    Assert.AreEqual(2, Open().TrainCount);
                }
                catch (InvalidDataException e)
                {
                    StringAssert.Contains(e.Message, _files.Folder);   // the file; or the folder, where a class has no image left
                }
                catch (Exception e) when (e is not AssertFailedException)
                {
                    Assert.Fail($"byte {at}, value {value}: {e}");
                }
            }
        }
    }

    [TestMethod]
    public void Archives_that_are_damaged_or_ambiguous_are_refused()
    {
        byte[] batch = CifarBatch.Python("labels", [(0, 1)]);
        _files.TarGz("cifar-10-python.tar.gz", "a", ("data_batch_1", batch), ("data_batch_1", batch));
        Refused("", "'data_batch_1' twice");
        _files.TarGz("cifar-10-python.tar.gz", "a", ("data_batch_1", [.. Enumerable.Range(0, 100_000).Select(i => (byte)(i * i >> 4))]));
        byte[] whole = File.ReadAllBytes(_files.PathOf("cifar-10-python.tar.gz"));
        _files.Bytes("cifar-10-python.tar.gz", whole[..(whole.Length / 2)]);
        Refused("", "cifar-10-python.tar.gz");
        _files.Bytes("cifar-10-python.tar.gz", Encoding.ASCII.GetBytes("<html>no archive</html>"));
        Refused("", "cifar-10-python.tar.gz");
        _files.TarGz("cifar-10-binary.tar.gz", "a");
        Refused("", "several archives");
    }
}
