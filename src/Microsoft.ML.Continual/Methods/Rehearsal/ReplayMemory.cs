using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.Rehearsal;

/// <summary>Remembered images with the logits they had when they were remembered, which lie on the device: remembering a batch waits for nothing.</summary>
/// <param name="size">K.</param>
/// <param name="policy">Which images stay.</param>
/// <param name="device">Where the logits lie.</param>
internal sealed class ReplayMemory(int size, ReplayPolicy policy, Device device) : IDisposable
{
    private readonly ReplaySlots _slots = new(size, policy);
    private readonly List<Exemplar> _images = [];
    private readonly List<int> _widths = [];   // by slot: the classes that there were
    private Tensor? _logits;                   // [K, C], 0 beyond a slot's width; outside of tasks it may have fewer rows

    /// <summary>The number of images.</summary>
    public int Count => _images.Count;

    /// <summary>The images by slot.</summary>
    public IReadOnlyList<Exemplar> Images => _images;

    /// <summary>The number of images offered so far.</summary>
    public long Offered => _slots.Offered;

    /// <summary>Makes room for the logits of new classes, in all slots.</summary>
    public void Grow(int classCount)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        if (_logits is not null && _logits.shape[0] == size && _logits.shape[1] >= classCount) return;
        Tensor grown = zeros(new long[] { size, Math.Max(classCount, _logits?.shape[1] ?? 0) }, ScalarType.Float32, device);
        if (_logits is not null) grown.narrow(0, 0, _logits.shape[0]).narrow(1, 0, _logits.shape[1]).copy_(_logits);
        Replace(grown);
    }

    /// <summary>Offers a batch, image by image.</summary>
    /// <param name="images">The images as they came.</param>
    /// <param name="logits">[B, C], detached; all C are remembered.</param>
    /// <param name="random">Draws what stays.</param>
    public void Offer(IReadOnlyList<Exemplar> images, Tensor logits, SeededRandom random)
    {
        int width = (int)logits.shape[1];
        var taken = new SortedDictionary<int, long>();   // slot -> place in the batch: the last one wins, as if they came one after the other
        for (int i = 0; i < images.Count; i++)
        {
            int slot = _slots.Offer(images[i].Label, width, random);
            if (slot < 0) continue;
            taken[slot] = i;
            if (slot == _images.Count)
            {
                _images.Add(images[i]);
                _widths.Add(width);
            }
            (_images[slot], _widths[slot]) = (images[i], width);
        }
        if (taken.Count == 0) return;
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        Tensor rows = logits.index_select(0, Longs([.. taken.Values]));
        _logits!.index_copy_(0, Longs([.. taken.Keys.Select(slot => (long)slot)]), rows);
    }

    /// <summary>The logits of some slots, and how much each counts in their mean squared error.</summary>
    /// <param name="slots">The slots.</param>
    /// <param name="mode">Which classes are compared.</param>
    /// <returns>Both [n, C], in the caller's dispose scope; the weights of a row sum to 1.</returns>
    public (Tensor Logits, Tensor Weights) Recall(IReadOnlyList<int> slots, StoredLogits mode)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        int classes = (int)_logits!.shape[1];
        Tensor logits = _logits.index_select(0, Longs([.. slots.Select(slot => (long)slot)]));
        return (logits.MoveToOuterDisposeScope(), Weights([.. slots.Select(slot => _widths[slot])], classes, mode, device).MoveToOuterDisposeScope());
    }

    /// <summary>[n, C]: 1 / width at the classes below a row's width, else 0; with zero padding 1 / C everywhere.</summary>
    public static Tensor Weights(IReadOnlyList<int> widths, int classes, StoredLogits mode, Device device)
    {
        using DisposeScope scope = NewDisposeScope();
        float[] weights = new float[widths.Count * classes];
        for (int row = 0; row < widths.Count; row++)
        {
            int width = mode == StoredLogits.ZeroPad ? classes : widths[row];
            Array.Fill(weights, 1f / width, row * classes, width);
        }
        return OwnMemory.Copy(tensor((IList<float>)weights, new long[] { widths.Count, classes })).to(device).MoveToOuterDisposeScope();
    }

    /// <summary>The mean over images of the weighted squared differences; a scalar.</summary>
    public static Tensor MeanSquare(Tensor now, Tensor then, Tensor weights) => ((now - then).square() * weights).sum(1).mean();

    /// <summary>Writes the images, slot by slot, with logits, widths and ages.</summary>
    public void SaveState(StateDictionary state, string prefix)
    {
        using DisposeScope scope = NewDisposeScope();
        ExemplarTensors.Save(state, prefix, _images);
        long[] slots = [.. _slots.Ages.Zip(_widths, (age, width) => new[] { age, width }).SelectMany(pair => pair)];
        state.Add(prefix + "slots", tensor((IList<long>)slots, new long[] { Count, 2 }));
        state.Add(prefix + "logits", _logits is null ? zeros(new long[] { 0, 0 }) : _logits.narrow(0, 0, Count));
        state.Add(prefix + "offered", tensor((IList<long>)[Offered], new long[] { 1 }));
    }

    /// <summary>Checks what <see cref="LoadState"/> will take.</summary>
    public void CheckState(StateDictionary state, string prefix, long classCount)
    {
        ExemplarTensors.Check(state, prefix, classCount);
        long count = state.Get(prefix + "rows", null).shape[0];
        if (count > size) throw new InvalidDataException($"The state's tensor '{prefix}rows' has {count} images; expected at most {size}, the size of the memory.");
        state.Get(prefix + "slots", count, 2);
        long width = state.Get(prefix + "logits", count, -1).shape[1];
        state.Get(prefix + "offered", 1);
        if (state.Get(prefix + "slots", null).data<long>().ToArray().Where((_, i) => i % 2 == 1).Any(w => w < 1 || w > width))
            throw new InvalidDataException($"The state's tensor '{prefix}slots' has a width out of range; expected 1 to {width}, the columns of '{prefix}logits'.");
    }

    public void LoadState(StateDictionary state, string prefix)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        _images.Clear();
        _images.AddRange(ExemplarTensors.Load(state, prefix));
        long[][] slots = [.. state.Get(prefix + "slots", null).data<long>().ToArray().Chunk(2)];
        _widths.Clear();
        _widths.AddRange(slots.Select(slot => (int)slot[1]));
        _slots.Load(state.Get(prefix + "offered", null).data<long>()[0], slots.Zip(_images, (slot, image) => (image.Label, slot[0])));
        // Only the slots taken: a file's size of the memory makes no room before a task begins.
        Replace(TrainableTensor.Freeze(state.Get(prefix + "logits", null).to(ScalarType.Float32).to(device)));
    }

    public void Dispose() => _logits?.Dispose();

    private Tensor Longs(IList<long> values) => tensor(values, new long[] { values.Count }).to(device);

    private void Replace(Tensor logits)
    {
        _logits?.Dispose();
        _logits = logits.DetachFromDisposeScope();
    }
}
