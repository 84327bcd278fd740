using Microsoft.ML.Continual.Data;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.FineTuning;

/// <summary>Learning without Forgetting; see <see cref="LwfOptions"/>.</summary>
public sealed class LwfMethod : NetworkTuningMethod
{
    private readonly LwfOptions _options;
    private Teacher? _teacher;
    private long[][]? _groups;

    internal LwfMethod(LwfOptions options) : base(options, options.ClassMask) => _options = options;

    /// <inheritdoc/>
    public override string Name => "LwF";

    /// <inheritdoc/>
    public override void EndTask()
    {
        _teacher?.Dispose();
        _teacher = null;
        base.EndTask();
    }

    private protected override void Prepare(MethodTask task)
    {
        if (ClassCount == 0 || _options.DistillationWeight == 0) return;
        _teacher = new Teacher(Network, Head);
        _groups = _options.Grouping == LwfGrouping.AllOld
            ? null
            : [.. Enumerable.Range(0, ClassCount).GroupBy(c => TaskOfClass[c], c => (long)c).Select(group => group.ToArray())];
    }

    private protected override LossTerms Loss(ImageBatch batch)
    {
        Tensor features = Network.Features(batch.Images), logits = Head.Logits(features);   // [B, D], [B, C]
        if (_teacher is null) return CrossEntropy(logits, batch.Labels);
        double weight = _options.DistillationWeight * (_options.ScaleBySquaredTemperature ? _options.Temperature * _options.Temperature : 1);
        return CrossEntropy(logits, batch.Labels, Distillation.Loss(_teacher.Logits(batch.Images, features), logits, _options.Temperature, _groups) * weight);
    }
}
