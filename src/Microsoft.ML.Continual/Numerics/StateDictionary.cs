using System.Text.Json.Nodes;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Numerics;

/// <summary>
/// What a part of a run must remember: tensors by name and a JSON object. Owns its tensors, which lie on the CPU.
/// </summary>
/// <remarks>A trainer keeps one per method and constraint; <c>Fit</c> works on a copy, so that a failed <c>Fit</c> changes nothing.</remarks>
public sealed class StateDictionary : IDisposable
{
    private readonly SortedDictionary<string, Tensor> _tensors = new(StringComparer.Ordinal);

    /// <summary>Everything that is not a tensor.</summary>
    public JsonObject Values { get; internal set; } = [];

    /// <summary>The tensors by name, in ordinal order.</summary>
    public IReadOnlyDictionary<string, Tensor> Tensors => _tensors;

    /// <summary>Stores a copy of a tensor (detached, on the CPU, contiguous).</summary>
    /// <exception cref="ArgumentException">The name is there already.</exception>
    public void Add(string name, Tensor value)
    {
        if (_tensors.ContainsKey(name)) throw new ArgumentException($"The state holds a tensor '{name}' already.", nameof(name));
        using var scope = NewDisposeScope();
        _tensors.Add(name, value.detach().to(CPU).contiguous().clone().DetachFromDisposeScope());
    }

    /// <summary>Takes over a tensor (detached, on the CPU, contiguous), which leaves its dispose scope.</summary>
    internal void Take(string name, Tensor value) => _tensors.Add(name, value.DetachFromDisposeScope());

    /// <summary>A tensor that must be there with this shape; it stays the dictionary's.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <param name="shape">The expected shape; −1 matches any size; null accepts any shape.</param>
    /// <exception cref="InvalidDataException">There is no such tensor, or its shape differs.</exception>
    public Tensor Get(string name, params long[]? shape)
    {
        if (!_tensors.TryGetValue(name, out Tensor? value)) throw new InvalidDataException($"The state lacks the tensor '{name}'.");
        bool fits = shape is null || shape.Length == value.dim() && shape.Zip(value.shape).All(p => p.First < 0 || p.First == p.Second);
        return fits ? value : throw new InvalidDataException(
            $"The state's tensor '{name}' has the shape [{string.Join(", ", value.shape)}]; expected [{string.Join(", ", shape!)}] (-1: any size).");
    }

    /// <summary>Whether there is a tensor of this name.</summary>
    public bool Contains(string name) => _tensors.ContainsKey(name);

    /// <summary>A copy that shares nothing with this one.</summary>
    public StateDictionary Clone()
    {
        var copy = new StateDictionary { Values = (JsonObject)Values.DeepClone() };
        foreach ((string name, Tensor value) in _tensors) copy.Add(name, value);
        return copy;
    }

    /// <summary>Frees the tensors.</summary>
    public void Dispose()
    {
        foreach (Tensor value in _tensors.Values) value.Dispose();
        _tensors.Clear();
    }
}
