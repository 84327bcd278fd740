using Microsoft.ML.Continual.Checkpoints;
using Microsoft.ML.Continual.Tests.Checkpoints.Writers;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Checkpoints;

/// <summary>Zips and arrays that lie.</summary>
[TestClass]
public sealed class ZipAndNpyTests
{
    private const string Header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
    private static readonly byte[] s_six = [.. Enumerable.Range(0, 6).SelectMany(i => BitConverter.GetBytes((float)i))];
    private static readonly byte[] s_array = NpyWriter.Raw(Header, s_six);

    [TestMethod]
    [DataRow("../x.npy")]
    [DataRow("/x.npy")]
    [DataRow("a/../../x.npy")]
    [DataRow("a//x.npy")]
    [DataRow("./x.npy")]
    [DataRow("c:/x.npy")]
    [DataRow("a\\x.npy")]
    public void Paths_that_leave_the_archive_are_refused(string name) => CheckpointAssert.IsRefused(new ZipBuilder().Add(name, s_array).ToArray(), $"'{name}'", "relative path");

    [TestMethod]
    public void Names_that_occur_twice_are_refused() => CheckpointAssert.IsRefused(new ZipBuilder().Add("x.npy", s_array).Add("x.npy", s_array).ToArray(), "'x.npy' occurs twice");

    [TestMethod]
    public void Entries_that_lie_about_their_sizes_are_refused()
    {
        uint length = (uint)s_array.Length;
        CheckpointAssert.IsRefused(new ZipBuilder().Add("x.npy", s_array, size: length + 1).ToArray(), "'x.npy'", "sizes that fit");
        CheckpointAssert.IsRefused(new ZipBuilder().Add("x.npy", s_array, size: 5000, compressedSize: 5000).ToArray(), "'x.npy'", "where the next entry or the directory begins");
        CheckpointAssert.IsRefused(new ZipBuilder().Add("x.npy", s_array, localSize: length - 1).ToArray(), "'x.npy'", "says otherwise");
        CheckpointAssert.IsRefused(new ZipBuilder().Add("x.npy", s_array).Add("y.npy", s_array, offset: 10).ToArray(), "'x.npy'", "where the next entry or the directory begins");
        // Compressed to more, and to less, than declared: the array's own header agrees with the lie.
        CheckpointAssert.IsRefused(new ZipBuilder().Add("x.npy", [.. s_array, 1, 2], deflate: true, size: length).ToArray(), "'x.npy'", "more follow");
        CheckpointAssert.IsRefused(new ZipBuilder().Add("x.npy", s_array[..^4], deflate: true, size: length).ToArray(), "'x.npy'", $"expected {length} bytes");
    }

    [TestMethod]
    public void Entries_that_overlap_are_refused()
    {
        // The second entry's header stands inside the bytes of the first.
        byte[] inner = new ZipBuilder().Add("y.npy", s_array).ToArray();
        byte[] outer = new ZipBuilder().Add("x.npy", inner).Add("y.npy", s_array, offset: 30 + 5).ToArray();
        CheckpointAssert.IsRefused(outer, "'x.npy'", "where the next entry or the directory begins");
    }

    [TestMethod]
    public void A_compression_bomb_is_refused_before_it_is_unpacked() =>
        CheckpointAssert.IsRefused(new ZipBuilder().Add("x.npy", NpyWriter.Raw("{'descr': '|u1', 'fortran_order': False, 'shape': (8388608,), }", new byte[8388608]), deflate: true).ToArray(), "at most 100 times the file's");

    [TestMethod]
    public void Zips_with_a_wrong_frame_are_refused()
    {
        var zip = new ZipBuilder().Add("x.npy", s_array);
        CheckpointAssert.IsRefused(zip.ToArray(count: 2), "expected another entry");
        CheckpointAssert.IsRefused(zip.ToArray(count: 0), "expected 0 entries");
        CheckpointAssert.IsRefused(zip.ToArray(directoryLength: 7), "directory");
        CheckpointAssert.IsRefused([.. zip.ToArray(), 1], "directory at its end is missing");
        CheckpointAssert.IsRefused(zip.ToArray()[..^1], "directory at its end is missing");
        CheckpointAssert.IsRefused(new ZipBuilder().Add("x.npy", s_array, flags: 1).ToArray(), "encrypted");
        CheckpointAssert.IsRefused(new ZipBuilder().Add("x.npy", s_array, method: 12).ToArray(), "method 12");
        CheckpointAssert.IsRefused(new ZipBuilder().Add("x.npy", s_array, crc: 7).ToArray(), "'x.npy'", "CRC-32");
        CheckpointAssert.IsRefused(new ZipBuilder().ToArray(), "no entry");
        CheckpointAssert.IsRefused(new ZipBuilder().Add("x.npy", s_array).Add("readme.txt", s_array).ToArray(), "'readme.txt'");
    }

    [TestMethod]
    public void Damaged_bytes_of_a_storage_are_noticed_whatever_part_is_read()
    {
        byte[] pickle = new PickleWriter().Op('}').Text("t").Tensor("0", 6, 1, [2]).Op('s').Stop();
        CheckpointAssert.IsRefused(new ZipBuilder().Add("m/data.pkl", pickle).Add("m/data/0", s_six, crc: 7).ToArray(), "'m/data/0'", "CRC-32");
        CheckpointAssert.IsRefused(new ZipBuilder().Add("m/data.pkl", pickle).Add("m/data/0", s_six, deflate: true).ToArray(), "'m/data/0'", "compressed");
    }

    [TestMethod]
    [DataRow("{'descr': '|O', 'fortran_order': False, 'shape': (3,), }", "Python objects")]
    [DataRow("{'descr': '<U3', 'fortran_order': False, 'shape': (2,), }", "'<U3'")]
    [DataRow("{'descr': '|V2', 'fortran_order': False, 'shape': (12,), }", "'|V2'")]
    [DataRow("{'descr': '<c8', 'fortran_order': False, 'shape': (3,), }", "'<c8'")]
    [DataRow("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (6,), }", "structured")]
    [DataRow("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 4), }", "expected 32 bytes")]
    [DataRow("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4), }", "a shape that fits")]
    [DataRow("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", "a whole number")]
    [DataRow("{'descr': '<f4', 'fortran_order': False, 'shape': (-6,), }", "a shape that fits")]
    [DataRow("{'descr': '<f4', 'fortran_order': False, 'shape': 6, }", "a tuple")]
    [DataRow("{'descr': '<f4', 'fortran_order': 0, 'shape': (6,), }", "True or False")]
    [DataRow("{'descr': '<f4', 'shape': (6,), }", "'fortran_order'")]
    [DataRow("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (6,), }", "'descr' twice")]
    [DataRow("{'descr': '<f4', 'fortran_order': False, 'shape': (6,), 'more': 1}", "'more'")]
    [DataRow("__import__('os').system('x')", "a value")]
    [DataRow("{'descr': __import__('os'), }", "a value")]
    [DataRow("[[[[[[[[[[[[1]]]]]]]]]]]]", "no deeper nesting")]
    [DataRow("{'descr': '<f4", "a closing quote")]
    public void A_header_of_an_array_that_lies_is_refused(string header, string expected) =>
        CheckpointAssert.IsRefused(new ZipBuilder().Add("x.npy", NpyWriter.Raw(header, s_six)).ToArray(), "'x.npy'", expected);

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    public void All_versions_of_the_header_are_read(int version)
    {
        using CheckpointFile file = CheckpointAssert.Open(new ZipBuilder().Add("x.npy", NpyWriter.Raw(Header, s_six, version)).ToArray());
        CheckpointAssert.Holds(file, "x", [2, 3], 0, 1, 2, 3, 4, 5);
    }

    [TestMethod]
    public void An_array_cut_anywhere_is_refused()
    {
        for (int length = 0; length < s_array.Length; length++) CheckpointAssert.IsRefused(new ZipBuilder().Add("x.npy", s_array[..length]).ToArray(), "'x.npy'");
        byte[] future = [.. s_array];
        future[6] = 4;
        CheckpointAssert.IsRefused(new ZipBuilder().Add("x.npy", future).ToArray(), "version 1, 2 or 3", "4.0");
    }

    [TestMethod]
    [DataRow("1f8b0800", "gzip")]
    [DataRow("894844460d0a1a0a", "HDF5")]
    [DataRow("934e554d505901007600", "single .npy")]
    [DataRow("68656c6c6f20776f726c64", "of another format")]
    [DataRow("", "an empty file")]
    public void Other_formats_are_refused_by_name(string start, string expected) => CheckpointAssert.IsRefused(Convert.FromHexString(start), expected);

    [TestMethod]
    public void Old_layouts_are_refused_by_name()
    {
        byte[] tar = new byte[512];
        "ustar"u8.CopyTo(tar.AsSpan(257));
        CheckpointAssert.IsRefused(tar, "tar layout", "before version 0.2");
        CheckpointAssert.IsRefused(new ZipBuilder().Add("m/model.json", [1]).ToArray(), "TorchScript", "before 1.4");
        CheckpointAssert.IsRefused(new ZipBuilder().Add("m/data.pkl", [1]).Add("n/data.pkl", [1]).ToArray(), "found 2");
    }
}
