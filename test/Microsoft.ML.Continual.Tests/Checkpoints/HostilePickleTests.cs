using Microsoft.ML.Continual.Checkpoints;
using Microsoft.ML.Continual.Checkpoints.Pickle;
using Microsoft.ML.Continual.Tests.Checkpoints.Writers;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Checkpoints;

/// <summary>Pickles that want to run something, or that lie.</summary>
[TestClass]
public sealed class HostilePickleTests
{
    private static readonly byte[] s_storage = new byte[24];

    [TestMethod]
    [DataRow("os", "system")]
    [DataRow("posix", "system")]
    [DataRow("builtins", "eval")]
    [DataRow("builtins", "getattr")]
    [DataRow("torch", "load")]
    [DataRow("torch.storage", "_load_from_bytes")]
    [DataRow("torch.hub", "load")]
    [DataRow("collections", "OrderedDict.__init__")]
    [DataRow("__torch__.net", "Module")]   // outside a TorchScript archive
    public void A_global_that_is_not_allowed_is_refused_by_name(string module, string name)
    {
        Refused(new PickleWriter().Global(module, name).Op('(').Text("touch /tmp/x").Op('t').Op('R'), $"'{module}.{name}'", "not allowed");
        // The same by STACK_GLOBAL of protocol 4, and unused in the depth of plain data.
        Refused(new PickleWriter(4).Text(module).Text(name).Raw(0x93).Op(')').Op('R'), $"'{module}.{name}'");
        Refused(new PickleWriter().Op(']').Op('(').Number(1).Global(module, name).Op('e'), $"'{module}.{name}'");
    }

    [TestMethod]
    [DataRow((byte)'i', "INST")]
    [DataRow((byte)'o', "OBJ")]
    [DataRow((byte)'P', "PERSID")]
    [DataRow((byte)'S', "STRING")]
    [DataRow((byte)0x82, "EXT1")]
    [DataRow((byte)0x97, "NEXTBUFFER")]
    public void An_opcode_that_is_not_allowed_is_refused_by_name(byte opcode, string name) => Refused(new PickleWriter().Op('}').Raw(opcode), name, $"0x{opcode:x2}", "byte 4");

    [TestMethod]
    [DataRow((byte)0x00)]
    [DataRow((byte)'z')]
    [DataRow((byte)0xff)]
    public void A_byte_that_is_no_opcode_is_refused(byte opcode) => Refused(new PickleWriter().Raw(opcode), $"no pickle opcode 0x{opcode:x2}");

    [TestMethod]
    public void Types_and_names_cannot_be_called()
    {
        Refused(new PickleWriter().Global("torch", "FloatStorage").Number(100).Raw(0x85).Op('R'), "calls 'torch.FloatStorage'");
        Refused(new PickleWriter().Global("torch", "float32").Op(')').Op('R'), "calls 'torch.float32'");
        Refused(new PickleWriter().Text("os").Op(')').Op('R'), "expected a global to call");
    }

    [TestMethod]
    public void A_protocol_of_the_future_is_refused() => Refused(new PickleWriter(6).Op('}'), "protocol of at most 5; found 6");

    [TestMethod]
    [DataRow(new long[] { 7 }, new long[] { 1 }, 0L, "within its storage")]
    [DataRow(new long[] { 2, 3 }, new long[] { 3, 1 }, 1L, "within its storage")]
    [DataRow(new long[] { 2 }, new long[] { long.MaxValue }, 0L, "within its storage")]
    [DataRow(new long[] { long.MaxValue, long.MaxValue }, new long[] { 1, 1 }, 0L, "expected a tensor's sizes")]
    [DataRow(new long[] { 3, long.MaxValue }, new long[] { long.MaxValue, 1 }, 0L, "expected a tensor's sizes")]
    [DataRow(new long[] { 2 }, new long[] { -1 }, 5L, "expected a tensor's sizes")]
    [DataRow(new long[] { -1 }, new long[] { 1 }, 0L, "expected a tensor's sizes")]
    [DataRow(new long[] { 2 }, new long[] { 1, 1 }, 0L, "expected a tensor's sizes")]
    [DataRow(new long[] { 2 }, new long[] { 1 }, -4L, "expected a tensor's sizes")]
    [DataRow(new long[] { 1000000000 }, new long[] { 0 }, 0L, "which repeat them")]
    public void A_tensor_that_leaves_its_storage_is_refused(long[] shape, long[] strides, long offset, string expected) =>
        Refused(new PickleWriter().Op('}').Text("t").Tensor("0", 6, offset, shape, strides).Op('s'), expected);

    [TestMethod]
    public void Storages_must_be_as_long_as_the_pickle_says()
    {
        foreach (long count in new[] { 5, 7, 1L << 40, long.MaxValue })
            Refused(new PickleWriter().Op('}').Text("t").Tensor("0", count, 0, [2, 2]).Op('s'), "tensor 't'", "archive/data/0", "found 24");
        Refused(new PickleWriter().Op('}').Text("t").Tensor("1", 6, 0, [2, 2]).Op('s'), "archive/data/1", "there is none");
        Refused(new PickleWriter().Op('}').Text("t").Tensor("../../0", 6, 0, [2, 2]).Op('s'), "archive/data/../../0", "there is none");
    }

    [TestMethod]
    public void Persistent_ids_of_another_form_are_refused()
    {
        Refused(new PickleWriter().Op('(').Text("module").Global("torch", "FloatStorage").Text("0").Text("cpu").Number(6).Op('t').Op('Q'), "persistent id");
        Refused(new PickleWriter().Text("storage").Op('Q'), "persistent id");
        Refused(new PickleWriter().Op('(').Text("storage").Global("torch", "float32").Text("0").Text("cpu").Number(6).Op('t').Op('Q'), "persistent id");
        Refused(new PickleWriter().Op('(').Text("storage").Global("torch", "FloatStorage").Text("0").Text("cpu").Number(6).Tuple(1).Op('t').Op('Q'), "view of another storage");
    }

    [TestMethod]
    public void Lengths_and_stacks_that_lie_are_refused()
    {
        Refused(new PickleWriter().Op('X').Raw(PickleWriter.Four(int.MaxValue)), "a length of at most");
        Refused(new PickleWriter().Op('X').Raw(PickleWriter.Four(-1)), "found 4294967295");
        Refused(new PickleWriter().Raw(0x8d).Raw(255, 255, 255, 255, 255, 255, 255, 255), "a length of at most");
        Refused(new PickleWriter().Raw(0x8b).Raw(PickleWriter.Four(-5)), "a length of at most");
        Refused(new PickleWriter().Raw(0x95).Raw(0, 0, 0, 0, 1, 0, 0, 0), "a length of at most");
        Refused(new PickleWriter().Op('t'), "expected a mark");
        Refused(new PickleWriter().Op('0'), "it is empty");
        Refused(new PickleWriter().Op('h').Raw(3), "none of the number 3");
        Refused(new PickleWriter().Op('}').Op('(').Number(1).Op('u'), "pairs");
        Refused(new PickleWriter().Number(1).Op('(').Number(1).Op('e'), "a list or set");
        Refused(new PickleWriter().Number(1).Number(2), "left over");
        CheckpointAssert.IsRefused(TorchWriter.Zip(new PickleWriter().Op('}').Stop()[..^1]), "ends too early");
    }

    [TestMethod]
    public void Containers_that_contain_themselves_or_each_other_end()
    {
        Refused(new PickleWriter().Op('}').Op('q').Raw(0).Text(new string('a', 5)).Op('h').Raw(0).Op('s').Text(new string('b', 1000)).Number(1).Op('s'), "at most 64 deep");
        // Twenty levels, each with the level below twice: a million paths from a few hundred bytes.
        Refused(Laughs(20), "contain each other too often");
    }

    [TestMethod]
    public void Deep_nesting_costs_no_stack()
    {
        var deep = new PickleWriter();
        for (int i = 0; i < 200_000; i++) deep.Op('(');
        for (int i = 0; i < 200_000; i++) deep.Op('t');
        Refused(deep, "no tensor with a name");
    }

    [TestMethod]
    public void Any_two_opcodes_repeated_take_memory_in_proportion()
    {
        const int Repeats = 1000, Multiple = 256;
        byte[] opcodes = [.. Enum.GetValues<PickleOpcode>().Select(o => (byte)o)];
        foreach (byte first in opcodes)
        {
            foreach (byte second in opcodes)
            {
                byte[] pickle = [.. new PickleWriter().Op('}').Op(']').Op('q').Raw(0).Op('(').Stop()[..^1], .. Enumerable.Repeat(new[] { first, second }, Repeats).SelectMany(pair => pair), (byte)'.'];
                using var source = new ByteSource(new MemoryStream(pickle), CheckpointAssert.Name);
                long before = GC.GetAllocatedBytesForCurrentThread();
                try
                {
                    new Unpickler(new PickleInput(source, 0, "pickle")).Load();
                }
                catch (InvalidDataException)
                {
                    // Most pairs are nonsense.
                }
                long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
                Assert.IsLessThan(Multiple * pickle.Length, allocated, $"{(PickleOpcode)first} {(PickleOpcode)second}");
            }
        }
    }

    [TestMethod]
    public void Views_that_cover_much_are_bounded_together()
    {
        byte[] storage = new byte[4 * 4096];
        PickleWriter pickle = new PickleWriter().Op('}').Op('(').Text("t0").Tensor("0", 4096, 0, [2], [4095]).Op('q').Raw(0);
        for (int i = 1; i < 40; i++) pickle.Text($"t{i}").Op('h').Raw(0);
        CheckpointAssert.IsRefused(TorchWriter.Zip(pickle.Op('u').Stop(), storage), "share their bytes");
    }

    [TestMethod]
    public void Tensors_that_share_bytes_are_bounded_together()
    {
        byte[] storage = new byte[4 * 4096];
        PickleWriter pickle = new PickleWriter().Op('}').Op('(').Text("t0").Tensor("0", 4096, 0, [4096]).Op('q').Raw(0);
        for (int i = 1; i < 40; i++) pickle.Text($"t{i}").Op('h').Raw(0);
        CheckpointAssert.IsRefused(TorchWriter.Zip(pickle.Op('u').Stop(), storage), "share their bytes");
    }

    [TestMethod]
    public void A_plain_pickle_is_refused() => CheckpointAssert.IsRefused(new PickleWriter().Op('}').Stop(), "plain pickle", "magic number");

    [TestMethod]
    public void Names_that_meet_are_refused() =>
        Refused(new PickleWriter().Op('}').Op('(').Text("a.b").Tensor("0", 6, 0, [6]).Text("a").Op('}').Text("b").Tensor("0", 6, 0, [6]).Op('s').Op('u'), "'a.b' occurs twice");

    [TestMethod]
    public void Newer_pytorch_rebuilds_bytes_with_a_type_and_subclasses()
    {
        PickleWriter pickle = new PickleWriter().Op('}').Op('(')
            .Text("v3").Global("torch._utils", "_rebuild_tensor_v3").Op('(')
                .Op('(').Text("storage").Global("torch.storage", "UntypedStorage").Text("0").Text("cpu").Number(24).Op('t').Op('Q')
                .Number(2).Tuple(2).Tuple(1).Raw(0x89).Op('}').Global("torch", "float32").Op('t').Op('R')
            .Text("parameter").Global("torch._tensor", "_rebuild_from_type_v2").Op('(')
                .Global("torch._utils", "_rebuild_tensor_v2").Global("torch.nn.parameter", "Parameter")
                .Op('(').Storage("0", 6).Number(0).Tuple(2, 3).Tuple(3, 1).Raw(0x89).Op('}').Op('t').Op('}').Op('t').Op('R')
            .Op('u');
        byte[] storage = [.. Enumerable.Range(0, 6).SelectMany(i => BitConverter.GetBytes((float)i))];
        using CheckpointFile file = CheckpointAssert.Open(TorchWriter.Zip(pickle.Stop(), storage));
        CheckpointAssert.Holds(file, "v3", [2], 2, 3);
        CheckpointAssert.Holds(file, "parameter", [2, 3], 0, 1, 2, 3, 4, 5);
    }

    [TestMethod]
    public void Big_endian_archives_are_turned_round()
    {
        byte[] pickle = new PickleWriter().Op('}').Text("t").Tensor("0", 2, 0, [2]).Op('s').Stop();
        byte[] storage = [0x3f, 0x80, 0, 0, 0x40, 0, 0, 0];   // 1 and 2
        byte[] With(string order) => new ZipBuilder().Add("m/data.pkl", pickle).Add("m/byteorder", System.Text.Encoding.ASCII.GetBytes(order)).Add("m/data/0", storage).ToArray();
        using (CheckpointFile file = CheckpointAssert.Open(With("big"))) CheckpointAssert.Holds(file, "t", [2], 1, 2);
        CheckpointAssert.IsRefused(With("middle"), "byteorder", "'middle'");
    }

    private static PickleWriter Laughs(int levels)
    {
        // Each level's dictionary is kept under its number and stands in the next one twice.
        var pickle = new PickleWriter().Op('}').Op('q').Raw(0).Op('0');
        for (byte level = 1; level <= levels; level++)
            pickle.Op('}').Op('q').Raw(level).Op('(').Text("a").Op('h').Raw((byte)(level - 1)).Text("b").Op('h').Raw((byte)(level - 1)).Op('u').Op('0');
        return pickle.Op('h').Raw((byte)levels);
    }

    private static void Refused(PickleWriter pickle, params string[] expected) => CheckpointAssert.IsRefused(TorchWriter.Zip(pickle.Stop(), s_storage), expected);
}
