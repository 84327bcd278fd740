using System.Buffers.Binary;
using System.Text;

namespace Microsoft.ML.Continual.Tests.Checkpoints.Writers;

/// <summary>Writes pickles of protocol 2, opcode by opcode, as torch.save does; and anything else, for those that lie.</summary>
internal sealed class PickleWriter
{
    private readonly MemoryStream _bytes = new();

    public PickleWriter(int protocol = 2) => Raw(0x80, (byte)protocol);

    public PickleWriter Raw(params byte[] bytes)
    {
        _bytes.Write(bytes);
        return this;
    }

    public PickleWriter Op(char opcode) => Raw((byte)opcode);

    public PickleWriter Text(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return Op('X').Raw(Four(bytes.Length)).Raw(bytes);
    }

    public PickleWriter Number(long number)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        return number is >= 0 and < 256 ? Op('K').Raw((byte)number) : Raw(0x8a, 8).Raw(bytes);
    }

    public PickleWriter Global(string module, string name) => Op('c').Raw(Encoding.UTF8.GetBytes($"{module}\n{name}\n"));

    public PickleWriter Tuple(params long[] numbers)
    {
        Op('(');
        foreach (long number in numbers) Number(number);
        return Op('t');
    }

    public PickleWriter Storage(string key, long count, string type = "FloatStorage") =>
        Op('(').Text("storage").Global("torch", type).Text(key).Text("cpu").Number(count).Op('t').Op('Q');

    /// <summary>A tensor as <c>torch._utils._rebuild_tensor_v2</c> makes it.</summary>
    public PickleWriter Tensor(string key, long count, long offset, long[] shape, long[]? strides = null, string type = "FloatStorage") =>
        Global("torch._utils", "_rebuild_tensor_v2").Op('(').Storage(key, count, type).Number(offset).Tuple(shape).Tuple(strides ?? Contiguous(shape))
            .Raw(0x89).Global("collections", "OrderedDict").Op(')').Op('R').Op('t').Op('R');

    public byte[] Stop() => Op('.')._bytes.ToArray();

    public static byte[] Four(int number)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        return bytes;
    }

    private static long[] Contiguous(long[] shape)
    {
        long[] strides = new long[shape.Length];
        long stride = 1;
        for (int i = shape.Length - 1; i >= 0; i--) (strides[i], stride) = (stride, stride * shape[i]);
        return strides;
    }
}
