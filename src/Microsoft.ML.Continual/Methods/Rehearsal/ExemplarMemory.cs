using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Numerics;

namespace Microsoft.ML.Continual.Methods.Rehearsal;

/// <summary>Remembered images by class, each class's in order of priority: a smaller share keeps a prefix, so that what is kept never depends on the sizes in between.</summary>
internal sealed class ExemplarMemory
{
    private readonly SortedDictionary<int, List<Exemplar>> _byClass = [];

    /// <summary>The number of images.</summary>
    public int Count => _byClass.Values.Sum(list => list.Count);

    /// <summary>All images, class by class in ascending order.</summary>
    public IReadOnlyList<Exemplar> All => [.. _byClass.Values.SelectMany(list => list)];

    /// <summary>The images of a class; none where it has none.</summary>
    public IReadOnlyList<Exemplar> Of(int label) => _byClass.TryGetValue(label, out List<Exemplar>? list) ? list : [];

    /// <summary>Puts other images in the place of a class's.</summary>
    public void Set(int label, IEnumerable<Exemplar> exemplars) => _byClass[label] = [.. exemplars];

    /// <summary>Keeps of each class the first so many.</summary>
    public void Truncate(int perClass)
    {
        foreach (List<Exemplar> list in _byClass.Values)
            if (list.Count > perClass) list.RemoveRange(perClass, list.Count - perClass);
    }

    /// <summary>Lets the epochs of a task visit these images too.</summary>
    public void JoinIn(ITaskImages images, IReadOnlySet<int> heldOut)
    {
        IReadOnlyList<Exemplar> all = All;
        images.Rehearse([.. all.Select(e => e.Image)], [.. all.Select(e => e.Label)], heldOut);
    }

    public void SaveState(StateDictionary state, string prefix) => ExemplarTensors.Save(state, prefix, All);

    public void LoadState(StateDictionary state, string prefix)
    {
        _byClass.Clear();
        foreach (IGrouping<int, Exemplar> group in ExemplarTensors.Load(state, prefix).GroupBy(e => e.Label)) Set(group.Key, group);
    }
}
