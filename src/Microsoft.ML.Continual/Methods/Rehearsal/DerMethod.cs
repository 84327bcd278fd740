using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods.FineTuning;
using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.Rehearsal;

/// <summary>Dark Experience Replay++; see <see cref="DerOptions"/>.</summary>
public sealed class DerMethod : NetworkTuningMethod
{
    private const string Prefix = "memory.";

    private readonly DerOptions _options;
    private readonly ReplayMemory _memory;
    private readonly ImagePreparer _preparer;
    private ITaskImages? _images;
    private SeededRandom? _random;   // the task's: draws from the memory, views, and what is remembered
    private int _task;
    private bool _offers;

    internal DerMethod(DerOptions options) : base(options, ClassMask.SeenClasses)
    {
        _options = options;
        _memory = new ReplayMemory(options.MemorySize, options.Policy, Origin.Device);
        _preparer = new ImagePreparer(Origin);
    }

    /// <inheritdoc/>
    public override string Name => "DER++";

    /// <summary>What is remembered; for tests.</summary>
    internal ReplayMemory Memory => _memory;

    /// <inheritdoc/>
    public override void BeginTask(MethodTask task)
    {
        base.BeginTask(task);
        (_images, _task, _offers) = (task.Images ?? throw new InvalidOperationException("The task gives no images to remember."), task.Index, true);
        _random = task.Random.Split();
        _memory.Grow(task.ClassCount);
    }

    /// <inheritdoc/>
    public override void BeginEpoch(int epoch) => _offers = epoch == 0 || _options.OfferInEveryEpoch;

    /// <inheritdoc/>
    public override void EndTask()
    {
        (_images, _random) = (null, null);
        base.EndTask();
    }

    /// <inheritdoc/>
    public override void SaveState(StateDictionary state)
    {
        base.SaveState(state);
        _memory.SaveState(state, Prefix);
    }

    /// <inheritdoc/>
    public override void LoadState(StateDictionary state)
    {
        base.LoadState(state);
        _memory.LoadState(state, Prefix);
    }

    /// <inheritdoc/>
    public override void SaveProgress(StateDictionary state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _memory.SaveState(state, Prefix);
        using DisposeScope scope = NewDisposeScope();
        state.Add("random", tensor((IList<long>)[.. _random!.GetState().Select(word => unchecked((long)word))], new long[] { 4 }));
        state.Values["offers"] = _offers;
    }

    /// <inheritdoc/>
    public override void LoadProgress(StateDictionary state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _memory.CheckState(state, Prefix, ClassCount);
        long[] words = state.Get("random", 4).data<long>().ToArray();
        _memory.LoadState(state, Prefix);
        _memory.Grow(ClassCount);
        _random = SeededRandom.FromState([.. words.Select(word => unchecked((ulong)word))]);
        _offers = (bool?)state.Values["offers"] ?? true;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        _memory.Dispose();
    }

    private protected override void CheckState(StateDictionary state)
    {
        base.CheckState(state);
        _memory.CheckState(state, Prefix, state.Get("head.bias", null).shape[0]);
    }

    private protected override LossTerms Loss(ImageBatch batch)
    {
        long own = batch.Images.shape[0];
        int replayed = Math.Min(_options.ReplayBatchSize ?? _options.BatchSize, _memory.Count);
        int[] forLogits = _options.LogitWeight > 0 ? Draw(replayed) : [], forLabels = _options.LabelWeight > 0 ? Draw(replayed) : [];
        // One pass for all three: no layer of the network mixes images.
        Tensor images = forLogits.Length + forLabels.Length == 0 ? batch.Images : cat([batch.Images, View([.. forLogits, .. forLabels])], 0);
        Tensor all = Head.Logits(Network.Features(images)), logits = all.narrow(0, 0, own);   // [B + 2 R, C], [B, C]
        Tensor? added = null;
        if (forLogits.Length > 0)
        {
            (Tensor then, Tensor weights) = _memory.Recall(forLogits, _options.Logits);
            added = ReplayMemory.MeanSquare(all.narrow(0, own, forLogits.Length), then, weights) * _options.LogitWeight;
        }
        if (forLabels.Length > 0)
        {
            long[] labels = [.. forLabels.Select(slot => (long)_memory.Images[slot].Label)];
            Tensor crossEntropy = nn.functional.cross_entropy(all.narrow(0, own + forLogits.Length, forLabels.Length), tensor((IList<long>)labels, new long[] { labels.Length }).to(Origin.Device));
            added = added is null ? crossEntropy * _options.LabelWeight : added + crossEntropy * _options.LabelWeight;
        }
        if (_offers) Remember(batch.Rows, logits.detach());
        return CrossEntropy(logits, batch.Labels, added);
    }

    private int[] Draw(int count) => _random!.NextPermutation(_memory.Count)[..count];

    /// <summary>Training views of remembered images, [n, 3, S, S].</summary>
    private Tensor View(int[] slots) => _preparer.ForTraining([.. slots.Select(slot => _memory.Images[slot].Image)], _options.TrainingView, _options.EvaluationView, _random!);

    private void Remember(IReadOnlyList<int> rows, Tensor logits)
    {
        IReadOnlyList<HostImage> images = _images!.Read(rows);
        _memory.Offer([.. rows.Select((row, i) => new Exemplar(images[i], _images.Labels[row], _task))], logits, _random!);
    }
}
