using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.FineTuning;

/// <summary>Elastic weight consolidation; see <see cref="EwcOptions"/>.</summary>
public sealed class EwcMethod : NetworkTuningMethod
{
    private readonly EwcOptions _options;
    private readonly List<EwcAnchor> _anchors = [];

    internal EwcMethod(EwcOptions options) : base(options, options.ClassMask) => _options = options;

    /// <inheritdoc/>
    public override string Name => "EWC";

    /// <summary>What is penalised.</summary>
    private IReadOnlyList<TrainableParameter> Penalised => _options.PenalizeHead ? Parameters : Network.Parameters;

    /// <inheritdoc/>
    public override void Conclude(FinishedTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        using DisposeScope scope = NewDisposeScope();
        Parameter[] parameters = [.. Penalised.Select(p => p.Value)];
        if (parameters.Length == 0) return;
        Tensor[] fisher = FisherDiagonal.Estimate(parameters, task.SampleImages(_options.FisherImages), image => Head.Mask(Head.Logits(Network.Features(image))), _options.Fisher, task.Random);
        if (fisher.Any(f => !f.isfinite().all().item<bool>()))
            throw new InvalidOperationException("The Fisher information of the task is not finite: the network's gradients are not. Nothing of this Fit was kept. Lower LearningRate, or look for pixels out of range.");
        EwcAnchor? earlier = _options.Form == EwcForm.Single ? _anchors.SingleOrDefault() : null;
        var anchor = EwcAnchor.After(parameters, fisher, earlier, _options.Decay);
        if (earlier is not null) Forget();
        _anchors.Add(anchor);
    }

    /// <inheritdoc/>
    public override void SaveState(StateDictionary state)
    {
        base.SaveState(state);
        state.Values["anchors"] = _anchors.Count;
        string[] names = [.. Penalised.Select(p => p.Name)];
        for (int i = 0; i < _anchors.Count; i++) _anchors[i].SaveState(state, Prefix(i), names);
    }

    /// <inheritdoc/>
    public override void LoadState(StateDictionary state)
    {
        base.LoadState(state);
        Forget();
        for (int i = 0; i < CountAnchors(state); i++) _anchors.Add(EwcAnchor.Load(state, Prefix(i), Penalised));
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        Forget();
        base.Dispose();
    }

    private protected override void CheckState(StateDictionary state)
    {
        base.CheckState(state);
        for (int i = 0; i < CountAnchors(state); i++) EwcAnchor.CheckState(state, Prefix(i), Penalised);
    }

    private protected override LossTerms Loss(ImageBatch batch)
    {
        Tensor logits = Head.Logits(Network.Features(batch.Images));   // [B, C]
        if (_anchors.Count == 0 || _options.PenaltyWeight == 0) return CrossEntropy(logits, batch.Labels);
        Parameter[] parameters = [.. Penalised.Select(p => p.Value)];
        Tensor distance = _anchors.Select(anchor => anchor.Distance(parameters)).Aggregate((a, b) => a + b);
        return CrossEntropy(logits, batch.Labels, distance * (_options.PenaltyWeight / 2));
    }

    private static string Prefix(int anchor) => $"ewc.{anchor}.";

    private static int CountAnchors(StateDictionary state) =>
        (int?)state.Values["anchors"] ?? throw new InvalidDataException("The state lacks the value 'anchors', the number of penalties.");

    private void Forget()
    {
        foreach (EwcAnchor anchor in _anchors) anchor.Dispose();
        _anchors.Clear();
    }
}
