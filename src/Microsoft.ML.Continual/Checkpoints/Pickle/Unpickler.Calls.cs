using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Checkpoints.Pickle;

/// <content>What globals stand for.</content>
internal sealed partial class Unpickler
{
    private const int MaximumCopies = 16;

    private void PushGlobal(string module, string name)
    {
        string full = $"{module}.{name}";
        Push(PickleGlobals.Find(full, torchScript) ?? throw input.Broken(
            $"the pickle names the global '{full}', which is not allowed: only tensors and plain data are read. A pickled model or optimiser must be saved as its state_dict"));
    }

    private object? Call(object? callable, object?[] arguments)
    {
        if (callable is not PickleGlobal global) throw input.Broken("expected a global to call; found another value");
        switch (global.Kind)
        {
            case PickleGlobalKind.Dictionary:
                return MakeDictionary(arguments);
            case PickleGlobalKind.Opaque:
                return new PickleObject(global.Name);
            case PickleGlobalKind.FirstArgument:
                return arguments.Length > 0 ? arguments[0] : throw input.Broken($"expected an argument of '{global.Name}'; found none");
            case PickleGlobalKind.Tensor:
                return MakeTensor(global, arguments, null);
            case PickleGlobalKind.TypedTensor:
                ScalarType type = arguments is [_, _, _, _, _, _, PickleGlobal { Kind: PickleGlobalKind.Name, Type: { } named }, ..]
                    ? named : throw input.Broken($"expected an element type as the seventh argument of '{global.Name}'; found another value");
                return MakeTensor(global, arguments, type);
            case PickleGlobalKind.Subclass:
                if (arguments is [PickleGlobal { Kind: PickleGlobalKind.Tensor or PickleGlobalKind.TypedTensor } inner, _, object?[] innerArguments, ..]) return Call(inner, innerArguments);
                throw input.Broken($"expected a function that makes a tensor and its arguments in '{global.Name}'; found other values");
            default:
                throw input.Broken($"the pickle calls '{global.Name}', which is not allowed");
        }
    }

    /// <summary>An empty dictionary, a given one, or, as Python 2 wrote them, one of a list of pairs.</summary>
    private PickleDictionary MakeDictionary(object?[] arguments)
    {
        if (arguments is [PickleDictionary same]) return same;
        var dictionary = new PickleDictionary();
        if (arguments is not [List<object?> pairs]) return dictionary;
        // The one place where few bytes of a pickle may ask for a long copy, again and again.
        _copied += pairs.Count;
        if (_copied > MaximumCopies * input.Length) throw input.Broken("the pickle copies its lists too often");
        foreach (object? pair in pairs)
        {
            dictionary.Items.Add(pair switch
            {
                object?[] and [var key, var value] => (key, value),
                List<object?> and [var key, var value] => (key, value),
                _ => throw input.Broken("expected a list of pairs to make a dictionary of; found another value"),
            });
        }
        return dictionary;
    }

    private TensorReference MakeTensor(PickleGlobal global, object?[] arguments, ScalarType? type)
    {
        if (arguments is not [StorageReference storage, long offset, object?[] sizes, object?[] strides, ..])
            throw input.Broken($"expected a storage, an offset, sizes and strides in '{global.Name}'; found other values");
        try
        {
            return TensorReference.Create(storage, type ?? storage.Type ?? ScalarType.Byte, offset, Numbers(sizes), Numbers(strides));
        }
        catch (FormatException e)
        {
            throw input.Broken(e.Message);
        }
    }

    private static long[] Numbers(object?[] values)
    {
        if (values.Length > TensorBytes.MaximumRank) throw new FormatException($"expected at most {TensorBytes.MaximumRank} sizes; found {values.Length}");
        return [.. values.Select(v => v is long number ? number : throw new FormatException("expected sizes and strides that are whole numbers; found another value"))];
    }

    private StorageReference PersistentId(object? id)
    {
        if (id is not object?[] parts || parts is not ["storage", PickleGlobal { Kind: PickleGlobalKind.StorageType } type, string key, string, long count, ..] || parts.Length > 6 || count < 0)
            throw input.Broken("expected a persistent id ('storage', type, key, location, count); found another value");
        if (parts is [_, _, _, _, _, not null]) throw input.Broken($"storage '{key}' is a view of another storage, as PyTorch before 0.4 wrote them; that is not read");
        var storage = new StorageReference(key, type.Type, count);
        _storages.TryAdd(key, storage);
        return storage;
    }
}
