using Microsoft.ML.Continual.Numerics;

namespace Microsoft.ML.Continual.Methods.Rehearsal;

/// <summary>Where each image that passes goes in a memory of fixed size; knows labels and ages, not pixels.</summary>
/// <param name="size">K.</param>
/// <param name="policy">Which images stay.</param>
internal sealed class ReplaySlots(int size, ReplayPolicy policy)
{
    private readonly List<(int Label, long Age)> _slots = [];

    /// <summary>The number of slots taken.</summary>
    public int Count => _slots.Count;

    /// <summary>The number of images offered so far.</summary>
    public long Offered { get; private set; }

    /// <summary>By slot: the number of images that had been offered before its own.</summary>
    public IEnumerable<long> Ages => _slots.Select(slot => slot.Age);

    /// <summary>Offers the next image.</summary>
    /// <param name="label">Its class.</param>
    /// <param name="classCount">The number of classes that share the memory in a ring.</param>
    /// <param name="random">Used by the reservoir, once the memory is full.</param>
    /// <returns>The slot it goes to, which may be another's; −1 where it is not kept.</returns>
    public int Offer(int label, int classCount, SeededRandom random)
    {
        int slot = policy == ReplayPolicy.Reservoir ? Reservoir(Offered, Count, size, random.NextInt) : Ring(label, classCount);
        if (slot == Count) _slots.Add((label, Offered));
        else if (slot >= 0) _slots[slot] = (label, Offered);
        Offered++;
        return slot;
    }

    /// <summary>The reservoir's rule.</summary>
    /// <param name="offered">The number of items before this one.</param>
    /// <param name="count">The slots taken.</param>
    /// <param name="size">K.</param>
    /// <param name="draw">Draws a whole number below its argument.</param>
    public static int Reservoir(long offered, int count, int size, Func<int, int> draw)
    {
        if (count < size) return count;
        int drawn = draw(checked((int)(offered + 1)));
        return drawn < size ? drawn : -1;
    }

    /// <summary>Takes over what was saved.</summary>
    public void Load(long offered, IEnumerable<(int Label, long Age)> slots)
    {
        Offered = offered;
        _slots.Clear();
        _slots.AddRange(slots);
    }

    /// <summary>A class within its share takes a free slot, or the oldest of the class that has most; beyond it, its own oldest.</summary>
    private int Ring(int label, int classCount)
    {
        int share = Math.Max(1, size / classCount), own = _slots.Count(slot => slot.Label == label);
        if (own >= share) return Oldest(label);
        if (Count < size) return Count;
        return Oldest(_slots.GroupBy(slot => slot.Label).OrderByDescending(group => group.Count()).ThenBy(group => group.Key).First().Key);
    }

    private int Oldest(int label)
    {
        int oldest = -1;
        for (int i = 0; i < Count; i++)
            if (_slots[i].Label == label && (oldest < 0 || _slots[i].Age < _slots[oldest].Age)) oldest = i;
        return oldest;
    }
}
