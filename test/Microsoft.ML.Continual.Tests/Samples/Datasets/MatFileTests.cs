using System.Text;
using Microsoft.ML.Continual.Samples.Datasets.Matlab;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using static Microsoft.ML.Continual.Tests.Samples.Datasets.MatWriter;

namespace Microsoft.ML.Continual.Tests.Samples.Datasets;

[TestClass]
public sealed class MatFileTests
{
    private DatasetWriter _files = null!;

    [TestInitialize]
    public void Make_a_folder() => _files = new DatasetWriter();

    [TestCleanup]
    public void Remove_the_folder() => _files.Dispose();

    private MatArray[] Read(byte[] file, params string[] names) => MatFile.Read(_files.Bytes("a.mat", file).PathOf("a.mat"), names);

    private void Refused(byte[] file, params string[] expected)
    {
        string message = Assert.Throws<InvalidDataException>(() => Read(file, "X")).Message;
        foreach (string part in (string[])[.. expected, "a.mat"]) StringAssert.Contains(message, part);
    }

    [TestMethod]
    public void Arrays_are_read_packed_or_not_whatever_stands_between_them()
    {
        byte[] x = Variable("X", ClassUInt8, [2, 3], Element(MiUInt8, [1, 2, 3, 4, 5, 6])), longName = Variable("a_long_name", ClassDouble, [1, 2], Element(MiDouble, [.. BitConverter.GetBytes(0.5), .. BitConverter.GetBytes(-3.0)]));
        byte[] text = Variable("words", ClassChar, [1, 3], Element(MiUInt16, [65, 0, 66, 0, 67, 0]));
        foreach (byte[] file in (byte[][])[File(text, x, Element(MiUInt8, [9]), longName), File(Pack(text), Pack(longName), Pack(x)), File(Pack(x), longName)])
        {
            MatArray[] arrays = Read(file, "X", "a_long_name");
            Assert.AreEqual("X: 2, 3; a_long_name: 1, 2", string.Join("; ", arrays.Select(array => $"{array.Name}: {string.Join(", ", array.Shape)}")));
            CollectionAssert.AreEqual(new double[] { 1, 2, 3, 4, 5, 6 }, arrays[0].ReadNumbers());
            CollectionAssert.AreEqual(new[] { 0.5, -3 }, arrays[1].ReadNumbers());
        }
    }

    [TestMethod]
    public void Numbers_are_read_of_every_type_they_are_stored_in()
    {
        (MatType Type, byte[] Bytes, double Value)[] cases =
        [
            (MatType.Int8, [0xFE], -2), (MatType.UInt8, [0xFE], 254), (MatType.Int16, [0xFE, 0xFF], -2), (MatType.UInt16, [0xFE, 0xFF], 65534), (MatType.Int32, BitConverter.GetBytes(-7), -7),
            (MatType.UInt32, BitConverter.GetBytes(uint.MaxValue), uint.MaxValue), (MatType.Single, BitConverter.GetBytes(1.5f), 1.5), (MatType.Double, BitConverter.GetBytes(Math.PI), Math.PI),
            (MatType.Int64, BitConverter.GetBytes(-9L), -9), (MatType.UInt64, BitConverter.GetBytes(9UL), 9),
        ];
        foreach ((MatType type, byte[] bytes, double value) in cases)
        {
            CollectionAssert.AreEqual(new[] { value }, Read(File(Variable("X", ClassDouble, [1, 1], Element((int)type, bytes))), "X")[0].ReadNumbers(), type.ToString());
            if (bytes.Length <= 4) CollectionAssert.AreEqual(new[] { value }, Read(File(Pack(Variable("X", ClassDouble, [1, 1], Small((int)type, bytes)))), "X")[0].ReadNumbers(), $"{type}, small");
        }
    }

    [TestMethod]
    public void A_packed_file_that_SciPy_wrote_is_read()
    {
        // savemat(…, {"y": [[10, 1, 2.5]], "X": arange(24, dtype=uint8).reshape(2, 3, 4)}, do_compression=True)
        byte[] file = Convert.FromBase64String(
            "TUFUTEFCIDUuMCBNQVQtZmlsZSBQbGF0Zm9ybTogcG9zaXgsIENyZWF0ZWQgb246IFRodSBOb3YgMjYgMDE6Mzg6MDggMjAyNgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABSU0P" +
            "AAAAMQAAAHic42NgYPAAYjYg5oDSIMAK5TMCMTOYZmSoBNKcQCzBAAMqDhD6gz2EZnEAAEqFAu8PAAAAQgAAAHicLcjJEYAgEETRYQdlV9CwPJp/JDQF3fUuPxLRBxosOFpT4IGDALk7w//d3xm8zPZmQRXXeNT16CKZ63wGR5gCGA==");
        MatArray[] arrays = Read(file, "X", "y");
        CollectionAssert.AreEqual(new[] { 2, 3, 4 }, arrays[0].Shape.ToArray());
        CollectionAssert.AreEqual(Enumerable.Range(0, 24).Select(i => (double)(i % 2 * 12 + i / 2 % 3 * 4 + i / 6)).ToArray(), arrays[0].ReadNumbers());
        CollectionAssert.AreEqual(new[] { 10, 1, 2.5 }, arrays[1].ReadNumbers());
    }

    [TestMethod]
    public void An_empty_array_has_no_values() => Assert.IsEmpty(Read(File(Variable("X", ClassDouble, [0, 5], Element(MiDouble, []))), "X")[0].ReadNumbers());

    [TestMethod]
    public void Other_files_are_refused_with_what_to_do()
    {
        byte[] hdf5 = File();
        Encoding.ASCII.GetBytes("MATLAB 7.3 MAT-file").CopyTo(hdf5, 0);
        Refused(hdf5, "MATLAB 7.3 file (HDF5)", "save('b.mat', 'X', 'y', '-v7')", "docs/datasets.md");
        Refused([0x89, (byte)'H', (byte)'D', (byte)'F'], "HDF5");
        Refused(Encoding.ASCII.GetBytes("<html>"), "level 5 header");
        Refused([], "level 5 header");
        byte[] bigEndian = File();
        (bigEndian[124], bigEndian[125], bigEndian[126], bigEndian[127]) = (1, 0, (byte)'M', (byte)'I');
        Refused(bigEndian, "little-endian");
        Refused(File(), "no numeric variable 'X'");
        Refused(File(Variable("X", ClassChar, [1, 1], Small(MiUInt16, 65, 0))), "no numeric variable 'X'");
    }

    [TestMethod]
    public void Sizes_that_lie_are_refused()
    {
        Refused(File(Variable("X", ClassUInt8, [2, 4], Element(MiUInt8, new byte[6]))), "2 x 4", "announces 6 bytes");
        Refused(File(Variable("X", ClassUInt8, [-2, -3], Element(MiUInt8, new byte[6]))), "-2 x -3");
        Refused(File(Variable("X", ClassUInt8, [int.MaxValue, int.MaxValue, int.MaxValue], Element(MiUInt8, new byte[8]))), "2147483647 x 2147483647");
        Refused(File(Variable("X", ClassUInt8, [65536, 65536], Element(MiUInt8, []))), "65536 x 65536");   // 2³², which 32 bits would take for 0
        Refused(File(Variable("X", ClassUInt8, [1, 100], Element(MiUInt8, new byte[8], announced: 100))), "announce 100 bytes");
        Refused(File(Pack(Variable("X", ClassUInt8, [1, 100], Element(MiUInt8, new byte[8], announced: 100)))), "announce 100 bytes");
        Refused(File(Variable("X", ClassUInt8, [.. Enumerable.Repeat(1, 40)], Small(MiUInt8, 1))), "the sizes of a variable");
        Refused(File(Variable(new string('n', 2000), ClassUInt8, [1, 1], Small(MiUInt8, 1))), "the name of a variable");
        Refused(File(Element(Matrix, new byte[8], announced: -1)), "announces 4294967295 bytes");
        // A packed variable that announces 4 GB, and holds 100 bytes of them.
        byte[] lie = Element(Matrix, Variable("X", ClassUInt8, [1 << 16, (1 << 16) - 1], Element(MiUInt8, new byte[100], announced: -65536))[8..], announced: -1);
        Refused(File(Pack(lie)), "expected 4294901760 bytes; found 104");
    }

    [TestMethod]
    public void A_file_that_ends_anywhere_is_refused_and_named()
    {
        byte[] whole = File(Variable("words", ClassChar, [1, 1], Small(MiUInt16, 65, 0)), Pack(Variable("X", ClassUInt8, [10, 10], Element(MiUInt8, [.. Enumerable.Range(0, 100).Select(i => (byte)(i * i))]))));
        for (int length = 0; length < whole.Length; length++) Refused(whole[..length]);
    }

    [TestMethod]
    public void Any_byte_may_be_wrong_and_nothing_but_a_refusal_or_an_array_comes_of_it()
    {
        byte[] plain = Variable("X", ClassUInt8, [3, 4], Element(MiUInt8, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]));
        foreach (byte[] whole in (byte[][])[File(plain), File(Pack(plain))])
        {
            for (int at = 116; at < whole.Length; at++)
            {
                foreach (byte value in (byte[])[0, 1, 0x7F, 0x80, 0xFF])
                {
                    byte[] wrong = [.. whole];
                    wrong[at] = value;
                    try
                    {
                        Assert.IsLessThanOrEqualTo(12, Read(wrong, "X")[0].ReadNumbers().Length);
                    }
                    catch (InvalidDataException e)
                    {
                        StringAssert.Contains(e.Message, "a.mat");
                    }
                }
            }
        }
    }
}
