using Microsoft.ML.Continual.Numerics;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods;

/// <summary>A tensor of a method's state that options size. What a file says of an option is compared with the tensor before anything is made by it.</summary>
/// <param name="Name">The tensor's name in the state.</param>
/// <param name="Axes">Its size by axis, −1 for any, with the name of the option that says so; null where none does.</param>
internal sealed record SizedTensor(string Name, params (long Size, string? Option)[] Axes)
{
    /// <summary>Checks that the state has the tensor with the whole shape: then the options ask for no more than the file holds.</summary>
    /// <exception cref="InvalidDataException">The tensor lacks or is of another shape; the message names it and the options.</exception>
    public void Require(StateDictionary state)
    {
        string options = string.Join(", ", Axes.Select(axis => axis.Option).OfType<string>().Distinct());
        if (!state.Tensors.TryGetValue(Name, out Tensor? tensor)) throw new InvalidDataException($"The state lacks the tensor '{Name}', which is sized by the option {options}.");
        long[] shape = tensor.shape;
        int[] wrong = shape.Length == Axes.Length ? [.. Enumerable.Range(0, shape.Length).Where(i => Axes[i].Size >= 0 && Axes[i].Size != shape[i])] : [];
        if (shape.Length == Axes.Length && wrong.Length == 0) return;
        string found = $"The state's tensor '{Name}' has the shape [{string.Join(", ", shape)}]", expected = $"expected [{string.Join(", ", Axes.Select(axis => axis.Size))}] (-1: any size)";
        int first = wrong.FirstOrDefault(i => Axes[i].Option is not null, -1);
        throw new InvalidDataException(first < 0 ? $"{found}; {expected}, with the option {options}." : $"Option {Axes[first].Option}: expected {shape[first]}, found {Axes[first].Size}. {found}.");
    }
}
