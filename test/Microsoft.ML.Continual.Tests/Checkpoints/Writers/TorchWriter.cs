using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Checkpoints.Writers;

/// <summary>Writes tensors in PyTorch's formats: by names with dots, which become dictionaries within dictionaries or TorchScript modules.</summary>
internal static class TorchWriter
{
    private static readonly byte[] s_magic = [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, (byte)'.'];

    /// <summary>A zip as torch.save writes it, the state dictionary under a name of its own or at the top.</summary>
    public static byte[] Zip(IReadOnlyDictionary<string, Tensor> tensors, string? under = null)
    {
        var zip = new ZipBuilder().Add("archive/data.pkl", Pickle(tensors, under));
        AddStorages(zip, tensors);
        return zip.Add("archive/version", "3\n"u8.ToArray()).ToArray();
    }

    /// <summary>A zip with a pickle and storages of any content.</summary>
    public static byte[] Zip(byte[] pickle, params byte[][] storages)
    {
        var zip = new ZipBuilder().Add("archive/data.pkl", pickle);
        for (int i = 0; i < storages.Length; i++) zip.Add($"archive/data/{i}", storages[i]);
        return zip.ToArray();
    }

    /// <summary>The layout from before PyTorch 1.6.</summary>
    public static byte[] Legacy(IReadOnlyDictionary<string, Tensor> tensors, string? under = null)
    {
        using var file = new MemoryStream();
        file.Write(s_magic);
        file.Write(new PickleWriter().Number(1001).Stop());
        file.Write(new PickleWriter().Op('}').Stop());
        file.Write(Pickle(tensors, under));
        var keys = new PickleWriter().Op(']').Op('(');
        for (int i = 0; i < tensors.Count; i++) keys.Text($"{i}");
        file.Write(keys.Op('e').Stop());
        foreach (Tensor tensor in tensors.Values)
        {
            file.Write(BitConverter.GetBytes(tensor.numel()));
            file.Write(Bytes(tensor));
        }
        return file.ToArray();
    }

    /// <summary>A TorchScript archive: modules within modules by the dots of the names.</summary>
    public static byte[] Script(IReadOnlyDictionary<string, Tensor> tensors)
    {
        var pickle = new PickleWriter();
        int index = 0;
        Module(pickle, [.. tensors.Select(t => (t.Key.Split('.'), t.Value, index++))], 0);
        var zip = new ZipBuilder().Add("net/data.pkl", pickle.Stop()).Add("net/constants.pkl", new PickleWriter().Op(')').Stop()).Add("net/code/__torch__/net.py", "never run"u8.ToArray(), deflate: true);
        AddStorages(zip, tensors, "net");
        return zip.ToArray();
    }

    private static void Module(PickleWriter pickle, List<(string[] Name, Tensor Tensor, int Index)> tensors, int depth)
    {
        pickle.Global("__torch__.net", "Module").Op(')').Raw(0x81).Op('}').Op('(').Text("training").Raw(0x89);
        foreach (var group in tensors.GroupBy(t => t.Name[depth]))
        {
            pickle.Text(group.Key);
            if (group.First().Name.Length > depth + 1) Module(pickle, [.. group], depth + 1);
            else Add(pickle, group.First().Tensor, group.First().Index);
        }
        pickle.Op('u').Op('b');
    }

    private static byte[] Pickle(IReadOnlyDictionary<string, Tensor> tensors, string? under)
    {
        var pickle = new PickleWriter();
        if (under is not null) pickle.Op('}').Text(under);
        pickle.Global("collections", "OrderedDict").Op(')').Op('R').Op('(');
        int index = 0;
        foreach ((string name, Tensor tensor) in tensors) Add(pickle.Text(name), tensor, index++);
        pickle.Op('u');
        return (under is null ? pickle : pickle.Op('s')).Stop();
    }

    private static void Add(PickleWriter pickle, Tensor tensor, int index)
    {
        string type = tensor.dtype switch
        {
            ScalarType.Float32 => "FloatStorage",
            ScalarType.Float64 => "DoubleStorage",
            ScalarType.Float16 => "HalfStorage",
            ScalarType.BFloat16 => "BFloat16Storage",
            ScalarType.Int64 => "LongStorage",
            _ => throw new ArgumentException($"{tensor.dtype}"),
        };
        pickle.Tensor($"{index}", tensor.numel(), 0, tensor.shape, type: type);
    }

    private static void AddStorages(ZipBuilder zip, IReadOnlyDictionary<string, Tensor> tensors, string folder = "archive")
    {
        int index = 0;
        foreach (Tensor tensor in tensors.Values) zip.Add($"{folder}/data/{index++}", Bytes(tensor));
    }

    private static byte[] Bytes(Tensor tensor)
    {
        using DisposeScope scope = NewDisposeScope();
        return tensor.numel() == 0 ? [] : tensor.contiguous().bytes.ToArray();
    }
}
