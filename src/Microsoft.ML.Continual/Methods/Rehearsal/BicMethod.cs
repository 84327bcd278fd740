using System.Globalization;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods.FineTuning;
using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.Rehearsal;

/// <summary>BiC; see <see cref="BicOptions"/>.</summary>
public sealed class BicMethod : ExemplarMethod
{
    private const string TrainPrefix = "memory.", ValidationPrefix = "validation.";

    private readonly BicOptions _options;
    private readonly ExemplarMemory _train = new(), _validation = new();
    private BiasCorrection _correction = BiasCorrection.None;
    private HashSet<int> _heldOut = [];   // rows of the task
    private int[] _classes = [];          // of the task

    internal BicMethod(BicOptions options) : base(options) => _options = options;

    /// <inheritdoc/>
    public override string Name => "BiC";

    /// <summary>The correction that is live; for tests.</summary>
    internal BiasCorrection Correction => _correction;

    /// <inheritdoc/>
    public override void BeginTask(MethodTask task)
    {
        base.BeginTask(task);
        _classes = [.. task.Classes.Distinct()];
        _heldOut = OldClassCount == 0 ? [] : HoldOut(_options.ValidationImages(OldClassCount), task.Random);
        _train.JoinIn(Images!, _heldOut);
    }

    /// <inheritdoc/>
    public override void Conclude(FinishedTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        using DisposeScope scope = NewDisposeScope();
        Dictionary<int, List<Exemplar>> heldOut = ReadHeldOut();
        _correction = Fit([.. _validation.All, .. heldOut.Values.SelectMany(list => list)], task.Log);
        Remember(task, heldOut);
    }

    /// <inheritdoc/>
    public override IScorer CreateScorer()
    {
        (Tensor weight, Tensor bias) = _correction.Apply(Head);
        return new TunedScorer(Network.Freeze(), weight, bias);
    }

    /// <inheritdoc/>
    public override void SaveState(StateDictionary state)
    {
        base.SaveState(state);
        _train.SaveState(state, TrainPrefix);
        _validation.SaveState(state, ValidationPrefix);
        using DisposeScope scope = NewDisposeScope();
        state.Add("correction", from_array(new[] { _correction.Alpha, _correction.Beta, _correction.First, _correction.End }));
    }

    /// <inheritdoc/>
    public override void LoadState(StateDictionary state)
    {
        base.LoadState(state);
        _train.LoadState(state, TrainPrefix);
        _validation.LoadState(state, ValidationPrefix);
        double[] correction = state.Get("correction", null).data<double>().ToArray();
        _correction = new BiasCorrection(correction[0], correction[1], (int)correction[2], (int)correction[3]);
    }

    private protected override void CheckState(StateDictionary state)
    {
        base.CheckState(state);
        long classes = state.Get("head.bias", null).shape[0];
        ExemplarTensors.Check(state, TrainPrefix, classes);
        ExemplarTensors.Check(state, ValidationPrefix, classes);
        Tensor correction = state.Get("correction", 4);
        double[] values = correction.dtype == ScalarType.Float64 ? correction.data<double>().ToArray() : [];
        if (values is not [_, _, >= 0, _] || values[2] > values[3] || values[3] > classes || !values.All(double.IsFinite))
            throw new InvalidDataException($"The state's tensor 'correction' holds {string.Join(", ", values.Select(v => v.ToString(CultureInfo.InvariantCulture)))}; expected α, β and a range of the {classes} classes, in {ScalarType.Float64}.");
    }

    /// <summary>The classifier with its correction: what the student learns is corrected already, so that no older correction is needed.</summary>
    private protected override Teacher MakeTeacher()
    {
        (Tensor weight, Tensor bias) = _correction.Apply(Head);
        return new Teacher(Network, weight, bias);
    }

    private protected override LossTerms Loss(ImageBatch batch)
    {
        Tensor features = Network.Features(batch.Images), logits = Head.Logits(features);   // [B, D], [B, C]
        if (Old is null) return CrossEntropy(logits, batch.Labels);
        double share = OldClassCount / (double)(OldClassCount + _classes.Length);
        return CrossEntropy(logits, batch.Labels, Distillation.Loss(Old.Logits(batch.Images, features), logits, _options.Temperature) * share, 1 - share);
    }

    /// <summary>So many rows of each class of the task, at random, and never all of a class.</summary>
    private HashSet<int> HoldOut(int perClass, SeededRandom random)
    {
        var rows = new HashSet<int>();
        foreach (IGrouping<int, int> group in Enumerable.Range(0, Images!.Labels.Count).GroupBy(row => Images.Labels[row]).OrderBy(group => group.Key))
        {
            int[] own = [.. group];
            rows.UnionWith(random.NextPermutation(own.Length)[..Math.Min(perClass, own.Length - 1)].Select(i => own[i]));
        }
        return rows;
    }

    private Dictionary<int, List<Exemplar>> ReadHeldOut()
    {
        int[] rows = [.. _heldOut.Order()];
        return rows.Zip(Images!.Read(rows)).Select(pair => new Exemplar(pair.Second, Images.Labels[pair.First], TaskIndex)).GroupBy(e => e.Label).ToDictionary(group => group.Key, group => group.ToList());
    }

    /// <summary>Stage 2, on the logits of validation images, which are computed once.</summary>
    private BiasCorrection Fit(List<Exemplar> validation, Action<string> log)
    {
        if (OldClassCount == 0 || ClassCount == OldClassCount) return BiasCorrection.None;
        if (!validation.Any(e => e.Label >= OldClassCount) || !validation.Any(e => e.Label < OldClassCount))
        {
            log($"{Name}: the memory has no room for validation images of {OldClassCount} old classes; logits of new classes stay uncorrected");
            return BiasCorrection.None;
        }
        using DisposeScope scope = NewDisposeScope();
        double[][] logits = [.. Evaluate(validation, images => Head.Logits(Network.Features(images))).to(ScalarType.Float64).data<double>().ToArray().Chunk(ClassCount)];
        (double alpha, double beta) = BiasFit.Fit(logits, [.. validation.Select(e => e.Label)], OldClassCount, _options.BiasPenalty);
        log(string.Create(CultureInfo.InvariantCulture, $"{Name} corrects the logits of new classes: {alpha:0.###} z {(beta < 0 ? '−' : '+')} {Math.Abs(beta):0.###}, from {logits.Length} validation images"));
        return new BiasCorrection(alpha, beta, OldClassCount, ClassCount);
    }

    /// <summary>Chooses the task's images; old classes keep the first of theirs.</summary>
    private void Remember(FinishedTask task, Dictionary<int, List<Exemplar>> heldOut)
    {
        int share = _options.Share(ClassCount), validation = Math.Min(_options.ValidationImages(ClassCount), share - 1), train = share - validation;
        foreach ((int label, List<Exemplar> chosen) in Herd(_train, TaskFeatures(task), _heldOut, share))
        {
            List<Exemplar> own = [.. heldOut.GetValueOrDefault(label) ?? [], .. _validation.Of(label)];
            // A class of which nothing was held out gives what herding chose last, but for one image to train on.
            int kept = own.Count > 0 ? train : Math.Min(train, Math.Max(1, chosen.Count - validation));
            _train.Set(label, chosen.Take(kept));
            _validation.Set(label, own.Count == 0 ? chosen.Skip(kept) : task.Random.NextPermutation(own.Count).Select(i => own[i]));
        }
        _train.Truncate(train);
        _validation.Truncate(validation);
        task.Log($"{Name} remembers {_train.Count} images to train on and {_validation.Count} for validation");
    }
}
