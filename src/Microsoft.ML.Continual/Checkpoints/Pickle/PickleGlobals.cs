using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Checkpoints.Pickle;

/// <summary>All globals that a pickle may name. Everything else is refused: this list is the reason why reading a pickle is safe.</summary>
internal static class PickleGlobals
{
    private const string TorchScriptModules = "__torch__.";

    private static readonly Dictionary<string, PickleGlobal> s_allowed = MakeTable();

    /// <summary>Finds a global; null where it is not allowed.</summary>
    /// <param name="name">Module and name, with a dot between.</param>
    /// <param name="torchScript">Whether the classes of TorchScript modules are allowed too.</param>
    public static PickleGlobal? Find(string name, bool torchScript)
    {
        if (s_allowed.TryGetValue(name, out PickleGlobal? global)) return global;
        return torchScript && name.StartsWith(TorchScriptModules, StringComparison.Ordinal) ? new PickleGlobal(name, PickleGlobalKind.Opaque) : null;
    }

    /// <summary>Whether an object is a TorchScript module, whose attributes are its parameters and its parts.</summary>
    public static bool IsModule(PickleObject value) => value.TypeName.StartsWith(TorchScriptModules, StringComparison.Ordinal);

    private static Dictionary<string, PickleGlobal> MakeTable()
    {
        var table = new Dictionary<string, PickleGlobal>(StringComparer.Ordinal);
        Add(PickleGlobalKind.Dictionary, "collections.OrderedDict", "collections.defaultdict", "collections.Counter", "builtins.dict", "__builtin__.dict");
        Add(PickleGlobalKind.Tensor, "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2");
        Add(PickleGlobalKind.TypedTensor, "torch._utils._rebuild_tensor_v3");
        Add(PickleGlobalKind.Subclass, "torch._tensor._rebuild_from_type_v2");
        Add(PickleGlobalKind.FirstArgument,
            "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state", "torch.Size", "torch.jit._pickle.restore_type_tag",
            "torch.jit._pickle.build_intlist", "torch.jit._pickle.build_doublelist", "torch.jit._pickle.build_boollist", "torch.jit._pickle.build_tensorlist");
        // Plain data of training scripts. Their values are kept unread, so that the tensors beside them can be found.
        Add(PickleGlobalKind.Opaque,
            "argparse.Namespace", "torch.device", "_codecs.encode", "builtins.set", "builtins.frozenset", "builtins.complex", "builtins.bytearray", "__builtin__.set", "__builtin__.bytearray",
            "pathlib.PosixPath", "pathlib.PurePosixPath", "pathlib.WindowsPath", "pathlib.PureWindowsPath", "pathlib._local.PosixPath", "pathlib._local.PurePosixPath", "numpy.dtype", "numpy.ndarray",
            "numpy.core.multiarray.scalar", "numpy.core.multiarray._reconstruct", "numpy._core.multiarray.scalar", "numpy._core.multiarray._reconstruct");
        Add(PickleGlobalKind.Name, "torch.Tensor", "torch.nn.parameter.Parameter", "torch.strided", "torch.contiguous_format", "torch.preserve_format", "torch.channels_last");

        foreach ((string storage, string[] names, ScalarType type) in new (string, string[], ScalarType)[]
        {
            ("Float", ["float32", "float"], ScalarType.Float32), ("Double", ["float64", "double"], ScalarType.Float64), ("Half", ["float16", "half"], ScalarType.Float16),
            ("BFloat16", ["bfloat16"], ScalarType.BFloat16), ("Long", ["int64", "long"], ScalarType.Int64), ("Int", ["int32", "int"], ScalarType.Int32),
            ("Short", ["int16", "short"], ScalarType.Int16), ("Char", ["int8"], ScalarType.Int8), ("Byte", ["uint8"], ScalarType.Byte), ("Bool", ["bool"], ScalarType.Bool),
        })
        {
            foreach (string prefix in new[] { "torch.", "torch.cuda." }) AddTyped(prefix + storage + "Storage", PickleGlobalKind.StorageType, type);
            foreach (string name in names) AddTyped("torch." + name, PickleGlobalKind.Name, type);
        }
        Add(PickleGlobalKind.StorageType, "torch.storage.UntypedStorage", "torch.UntypedStorage", "torch.storage._UntypedStorage");
        return table;

        void Add(PickleGlobalKind kind, params string[] names)
        {
            foreach (string name in names) table.Add(name, new PickleGlobal(name, kind));
        }

        void AddTyped(string name, PickleGlobalKind kind, ScalarType type) => table.Add(name, new PickleGlobal(name, kind, type));
    }
}
