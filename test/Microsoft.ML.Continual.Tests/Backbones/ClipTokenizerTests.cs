using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Microsoft.ML.Continual.Backbones.Clip;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Backbones;

[TestClass]
public sealed class ClipTokenizerTests
{
    private const int End = 519, Start = 518;

    private readonly ClipTokenizer _tokenizer = ClipTokenizer.FromMerges(TinyClip.Merges);
    private string _folder = null!;

    [TestInitialize]
    public void Open() => _folder = Directory.CreateTempSubdirectory("clip-vocabulary-").FullName;

    [TestCleanup]
    public void Close() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    public void Merges_are_applied_in_the_order_of_the_list_and_not_across_words()
    {
        int a = 'a' - '!', c = 'c' - '!', t = 't' - '!';   // printable bytes are numbered from '!' on
        CollectionAssert.AreEqual(new[] { Start, 513, End }, _tokenizer.Encode("cat").ToArray());
        CollectionAssert.AreEqual(new[] { Start, 512, 256 + c, End }, _tokenizer.Encode("cac").ToArray());
        CollectionAssert.AreEqual(new[] { Start, c, t, 256 + a, 513, End }, _tokenizer.Encode("cta cat").ToArray());
        CollectionAssert.AreEqual(new[] { Start, 512, 512, 256 + c, End }, _tokenizer.Encode("cacac").ToArray());
    }

    [TestMethod]
    public void Text_is_cleaned_and_lower_cased()
    {
        int[] expected = [.. _tokenizer.Encode("cat & dog")];
        foreach (string same in new[] { "CAT & Dog", "  cat\t&\n dog ", "cat &amp; dog", "cat &amp;amp; dog", "cat\u00A0&  dog" })
            CollectionAssert.AreEqual(expected, _tokenizer.Encode(same).ToArray(), same);
    }

    [TestMethod]
    public void Words_are_contractions_letters_single_digits_and_the_rest()
    {
        CollectionAssert.AreEqual(new[] { "it", "'s", "the", "2", "0", "nd", "maple", "_", "tree", "'t", "?!" }, ClipTokenizer.Words("It's the 20nd maple_tree't ?!").ToArray());
        CollectionAssert.AreEqual(Array.Empty<string>(), ClipTokenizer.Words("  ").ToArray());
    }

    [TestMethod]
    public void Every_byte_has_a_token_and_an_empty_text_has_start_and_end()
    {
        CollectionAssert.AreEqual(new[] { Start, End }, _tokenizer.Encode("").ToArray());
        var seen = new HashSet<int>();
        for (int i = 1; i < 0x2000; i++)
            if (!char.IsSurrogate((char)i)) seen.UnionWith(_tokenizer.Encode(((char)i).ToString()));
        Assert.IsTrue(seen.All(id => id is >= 0 and <= End));
        Assert.IsGreaterThan(200, seen.Count);
    }

    [TestMethod]
    [DataRow("bpe_simple_vocab_16e6.txt.gz", true)]
    [DataRow("bpe_simple_vocab_16e6.txt", false)]
    [DataRow("merges.txt", false)]
    [DataRow("renamed.bin", true)]
    public void A_vocabulary_file_is_read_packed_or_plain(string name, bool packed)
    {
        string path = Write(name, "\"x#version: 0.2\n" + Lines(), packed);
        ClipTokenizer read = ClipTokenizer.Read(path);
        Assert.AreEqual(520, read.VocabularySize);
        CollectionAssert.AreEqual(_tokenizer.Encode("cat dog elk").ToArray(), read.Encode("cat dog elk").ToArray());
    }

    [TestMethod]
    public void Lines_of_Windows_and_a_missing_header_change_nothing()
    {
        ClipTokenizer read = ClipTokenizer.Read(Write("merges.txt", Lines().Replace("\n", "\r\n"), false));
        CollectionAssert.AreEqual(_tokenizer.Encode("cat").ToArray(), read.Encode("cat").ToArray());
    }

    [TestMethod]
    public void Ids_of_a_vocab_json_beside_the_merges_win()
    {
        string[] tokens = [.. Enumerable.Range(0, 256).Select(i => ByteSymbols.InIdOrder[i]), .. Enumerable.Range(0, 256).Select(i => ByteSymbols.InIdOrder[i] + "</w>"),
            .. TinyClip.Merges.Select(m => m.Left + m.Right)];
        var ids = tokens.Reverse().Append("<|startoftext|>").Append("<|endoftext|>").Select((token, i) => (token, i)).ToDictionary(p => p.token, p => p.i);
        string merges = Write("merges.txt", Lines(), false);
        Write("vocab.json", JsonSerializer.Serialize(ids), false);
        CollectionAssert.AreEqual(new[] { Start, ids["cat</w>"], End }, ClipTokenizer.Read(merges).Encode("cat").ToArray());

        ids.Remove("cat</w>", out int hole);
        ids["other"] = hole;
        Write("vocab.json", JsonSerializer.Serialize(ids), false);
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => ClipTokenizer.Read(merges)).Message, "'cat</w>'");
        foreach (string bad in new[] { "{", "[1]", "{\"a\": 1}", "{\"a\": 0, \"b\": 0}", "{\"<|endoftext|>\": 0}", "null" })
        {
            string path = Write("vocab.json", bad, false);
            StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => ClipTokenizer.Read(merges)).Message, path, bad);
        }
    }

    [TestMethod]
    public void A_damaged_file_is_refused_with_its_name()
    {
        byte[] whole = File.ReadAllBytes(Write("whole.gz", string.Concat(Enumerable.Range(0, 400).Select(i => $"a{i * 7919 % 1000} b{i * 104729 % 9973}\n")), true));
        var damaged = new Dictionary<string, byte[]>
        {
            ["half"] = whole[..(whole.Length / 2)],
            ["without its end"] = whole[..^5],
            ["head only"] = whole[..2],
            ["garbage after the magic"] = [0x1F, 0x8B, .. Enumerable.Range(0, 200).Select(i => (byte)(i * 37))],
            ["not text"] = [0xC3, 0x28, 0x20, 0xFF],
            ["no merges"] = "one line of words\n"u8.ToArray(),
            ["a merge of one symbol"] = "a b\nc\n"u8.ToArray(),
            ["an empty line"] = "a b\n\nc d\n"u8.ToArray(),
            ["a merge twice"] = "a b\nc d\na b\n"u8.ToArray(),
        };
        byte[] flipped = [.. whole];
        flipped[whole.Length / 2] ^= 0x55;
        damaged["a flipped byte"] = flipped;
        foreach ((string what, byte[] bytes) in damaged)
        {
            string path = Path.Combine(_folder, "vocabulary");
            File.WriteAllBytes(path, bytes);
            StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => ClipTokenizer.Read(path), what).Message, path, what);
        }
        Assert.ThrowsExactly<FileNotFoundException>(() => ClipTokenizer.Read(Path.Combine(_folder, "absent")));
    }

    [TestMethod]
    public void What_unpacks_to_more_than_any_vocabulary_is_refused_early()
    {
        string path = Path.Combine(_folder, "bomb.gz");
        using (var packed = new GZipStream(File.Create(path), CompressionLevel.Fastest))
        {
            byte[] block = new byte[1 << 20];
            for (int i = 0; i < 70; i++) packed.Write(block);
        }
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => ClipTokenizer.Read(path)).Message, "64 MiB");
    }

    private static string Lines() => string.Concat(TinyClip.Merges.Select(m => $"{m.Left} {m.Right}\n"));

    private string Write(string name, string text, bool packed)
    {
        string path = Path.Combine(_folder, name);
        using Stream file = packed ? new GZipStream(File.Create(path), CompressionLevel.Fastest) : File.Create(path);
        file.Write(Encoding.UTF8.GetBytes(text));
        return path;
    }
}
