using Microsoft.ML.Continual.Checkpoints.Pickle;

namespace Microsoft.ML.Continual.Checkpoints.PyTorch;

/// <summary>Finds the tensors of an unpickled checkpoint: in dictionaries within dictionaries and in TorchScript modules, their names joined by dots.</summary>
internal sealed class TorchTensors
{
    private const int MaximumDepth = 64, MaximumCharacters = 16, AlwaysAllowed = 1 << 16;

    private readonly ByteSource _source;
    private readonly Dictionary<string, TensorReference> _tensors = new(StringComparer.Ordinal);
    private long _visitsLeft, _charactersLeft;

    // A value may stand in many places. Places are bounded by the pickle's length, so that values that are shared on every level do not make them grow without end.
    private TorchTensors(ByteSource source, long pickleLength) =>
        (_source, _visitsLeft, _charactersLeft) = (source, pickleLength, AlwaysAllowed + MaximumCharacters * pickleLength);

    /// <exception cref="InvalidDataException">There is no named tensor, a name occurs twice, or names do not end.</exception>
    public static IReadOnlyDictionary<string, TensorReference> Find(object? root, ByteSource source, long pickleLength)
    {
        var found = new TorchTensors(source, pickleLength);
        found.Visit(root, "", 0);
        if (found._tensors.Count == 0) throw source.Broken("expected a dictionary of tensors, as model.state_dict() gives it; found no tensor with a name");
        return found._tensors;
    }

    private void Visit(object? value, string name, int depth)
    {
        List<(object? Key, object? Value)>? items = value switch
        {
            PickleDictionary dictionary => dictionary.Items,
            PickleObject { State: PickleDictionary attributes } module when PickleGlobals.IsModule(module) => attributes.Items,
            _ => null,
        };
        if (items is null) return;
        if (depth == MaximumDepth) throw _source.Broken($"'{Short(name)}': expected dictionaries nested at most {MaximumDepth} deep");
        foreach ((object? key, object? item) in items)
        {
            if (--_visitsLeft < 0) throw _source.Broken("the pickle's dictionaries contain each other too often");
            if (key is not string part || item is not (TensorReference or PickleDictionary or PickleObject)) continue;
            _charactersLeft -= name.Length + part.Length;
            if (_charactersLeft < 0) throw _source.Broken($"the names of the tensors are too long; one begins '{Short(name)}'");
            string full = name.Length == 0 ? part : $"{name}.{part}";
            if (item is not TensorReference tensor) Visit(item, full, depth + 1);
            else if (!_tensors.TryAdd(full, tensor)) throw _source.Broken($"the tensor '{Short(full)}' occurs twice");
        }
    }

    private static string Short(string name) => name.Length <= 100 ? name : name[..100] + "…";
}
