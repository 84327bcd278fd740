using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods.FineTuning;
using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.Rehearsal;

/// <summary>iCaRL; see <see cref="ICarlOptions"/>.</summary>
public sealed class ICarlMethod : ExemplarMethod
{
    private const string Prefix = "memory.";
    private static readonly HashSet<int> s_nothing = [];

    private readonly ICarlOptions _options;
    private readonly ExemplarMemory _memory = new();
    private Tensor? _means;   // [C, D] of unit length, by class; null before the first task ends

    internal ICarlMethod(ICarlOptions options) : base(options) => _options = options;

    /// <inheritdoc/>
    public override string Name => "iCaRL";

    /// <summary>What is remembered; for tests.</summary>
    internal ExemplarMemory Memory => _memory;

    /// <inheritdoc/>
    public override void BeginTask(MethodTask task)
    {
        base.BeginTask(task);
        _memory.JoinIn(Images!, s_nothing);
    }

    /// <inheritdoc/>
    public override void Conclude(FinishedTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        using DisposeScope scope = NewDisposeScope();
        int share = _options.Share(ClassCount);
        foreach ((int label, List<Exemplar> chosen) in Herd(_memory, TaskFeatures(task), s_nothing, share)) _memory.Set(label, chosen);
        _memory.Truncate(share);
        task.Log($"{Name} remembers {_memory.Count} images, {share} of a class at most");
        if (_options.Classifier == ICarlClassifier.NearestExemplarMean) SetMeans(Means());
    }

    /// <inheritdoc/>
    public override IScorer CreateScorer() => _options.Classifier == ICarlClassifier.Head || _means is null
        ? base.CreateScorer()
        : new ExemplarMeanScorer(Network.Freeze(), TrainableTensor.Freeze(_means));

    /// <inheritdoc/>
    public override void SaveState(StateDictionary state)
    {
        base.SaveState(state);
        _memory.SaveState(state, Prefix);
        if (_means is not null) state.Add("means", _means);
    }

    /// <inheritdoc/>
    public override void LoadState(StateDictionary state)
    {
        base.LoadState(state);
        _memory.LoadState(state, Prefix);
        using DisposeScope scope = NewDisposeScope();
        SetMeans(state.Contains("means") ? state.Get("means", null).to(ScalarType.Float32).to(Origin.Device, copy: true) : null);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        SetMeans(null);
        base.Dispose();
    }

    private protected override void CheckState(StateDictionary state)
    {
        base.CheckState(state);
        long classes = state.Get("head.bias", null).shape[0];
        ExemplarTensors.Check(state, Prefix, classes);
        if (_options.Classifier == ICarlClassifier.NearestExemplarMean) state.Get("means", classes, Origin.Width);
    }

    private protected override LossTerms Loss(ImageBatch batch)
    {
        Tensor features = Network.Features(batch.Images), logits = Head.Logits(features);   // [B, D], [B, C]
        Tensor? teacher = Old?.Logits(batch.Images, features);                              // [B, n]
        if (_options.Loss == ICarlLoss.SigmoidBinary) return CrossEntropy(logits.detach(), batch.Labels) with { Total = SigmoidDistillation.Loss(teacher, logits, batch.Labels) };
        return CrossEntropy(logits, batch.Labels, teacher is null ? null : Distillation.Loss(teacher, logits, _options.Temperature) * _options.DistillationWeight);
    }

    /// <summary>By class: the mean of the unit features of its remembered images, of unit length. [C, D] on the device.</summary>
    private Tensor Means()
    {
        IReadOnlyList<Exemplar> all = _memory.All;
        Tensor features = UnitFeatures(all);   // [n, D]
        if (_options.MirrorForMeans) features = (features + UnitFeatures(all, mirrored: true)) / 2;
        var means = new Tensor[ClassCount];
        long start = 0;
        for (int c = 0; c < means.Length; c++)   // every class has images, and they lie class by class
        {
            int count = _memory.Of(c).Count;
            means[c] = features.narrow(0, start, count).mean(new long[] { 0 });
            start += count;
        }
        return Unit(stack(means, 0)).to(Origin.Device);
    }

    private void SetMeans(Tensor? means)
    {
        _means?.Dispose();
        _means = means?.DetachFromDisposeScope();
    }
}
