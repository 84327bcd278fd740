using System.Globalization;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Numerics;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Training;

/// <summary>
/// Trains one task. Knows the method and the constraint by <see cref="ContinualMethod"/> and <see cref="UpdateConstraint"/> only.
/// </summary>
/// <remarks>
/// The order of operations is PGP's (ICLR 2024, released code and appendix): forward, backward, clip, project the gradient, step, project the
/// update. A method without parameters, such as one that only counts, is shown the batches and nothing else happens in a step. The method and the constraint are
/// changed in place: a caller that must be able to go back hands over copies.
/// </remarks>
internal sealed class TrainingLoop
{
    /// <summary>Progress is reported, and the loss checked, every so many steps. Without a listener: once an epoch.</summary>
    internal const int ProgressInterval = 20;

    private readonly ContinualMethod _method;
    private readonly UpdateConstraint? _constraint;
    private readonly MethodOptions _options;
    private readonly IProgress<TrainingProgress>? _progress;
    private readonly Action<string> _log;
    private UpdateConstraint? _active;   // the constraint, in epochs that the method lets it work on
    private int _epochCount;

    public TrainingLoop(ContinualMethod method, UpdateConstraint? constraint, MethodOptions options, IProgress<TrainingProgress>? progress, Action<string> log) =>
        (_method, _constraint, _options, _progress, _log) = (method, constraint, options, progress, log);

    /// <summary>Runs the task from its beginning to its end.</summary>
    /// <exception cref="InvalidOperationException">The loss or a parameter is no longer finite.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public void Run(TrainingTask task, CancellationToken cancellationToken)
    {
        // One stream for each purpose, always drawn, in a fixed order: a constraint that samples images does not change the order of the batches.
        SeededRandom classifier = task.Random.Split(), epochs = task.Random.Split(), before = task.Random.Split(), after = task.Random.Split(), conclusion = task.Random.Split();

        _method.BeginTask(new MethodTask(task.Index, task.Classes, task.ClassCount, task.ImageCount, classifier) { Labels = task.Labels });
        _constraint?.BeginTask(Describe(task, before, cancellationToken));
        TrainEpochs(task, epochs, cancellationToken);
        _method.FinishTraining();
        CheckParameters(task);
        cancellationToken.ThrowIfCancellationRequested();
        _constraint?.EndTask(Describe(task, after, cancellationToken));
        cancellationToken.ThrowIfCancellationRequested();
        SeededRandom views = conclusion.Split();
        _method.Conclude(new FinishedTask(task.ImageCount, count => task.SampleEvaluation(count, views.Split()), conclusion, _log));
        _method.EndTask();
        cancellationToken.ThrowIfCancellationRequested();
    }

    private void TrainEpochs(TrainingTask task, SeededRandom random, CancellationToken cancellationToken)
    {
        // The parameters are fixed from BeginTask to EndTask.
        List<Parameter> parameters = [.. _method.Parameters.Select(p => p.Value)];
        using TaskOptimizer? optimizer = parameters.Count == 0 ? null : new TaskOptimizer(_options, _method.Parameters, task.Index == 0);
        using var meter = new TrainingMeter(_method.Backbone.Device);

        _epochCount = _options.Epochs + _method.ExtraEpochs;
        for (int epoch = 0; epoch < _epochCount; epoch++)
        {
            optimizer?.SetEpoch(epoch);
            _method.BeginEpoch(epoch);
            _active = _method.IsConstrained ? _constraint : null;
            TrainEpoch(task, epoch, parameters, optimizer, meter, random.Split(), cancellationToken);
            meter.Reset();
        }
    }

    private void TrainEpoch(
        TrainingTask task, int epoch, List<Parameter> parameters, TaskOptimizer? optimizer, TrainingMeter meter, SeededRandom random, CancellationToken cancellationToken)
    {
        int steps = (task.ImageCount + _options.BatchSize - 1) / _options.BatchSize, step = 0, lastRead = 0;
        using IEnumerator<ImageBatch> batches = task.Epoch(random).GetEnumerator();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();   // the batch and everything made of it
            if (!batches.MoveNext()) break;
            Step(batches.Current, parameters, optimizer, meter);
            step++;
            if (_progress is not null && step % ProgressInterval == 0 && step < steps)
            {
                Report(task, epoch, step, steps, ref lastRead, meter);
            }
        }
        TrainingProgress done = Report(task, epoch, step, step, ref lastRead, meter);
        _log(done.ToString());
    }

    private void Step(ImageBatch batch, List<Parameter> parameters, TaskOptimizer? optimizer, TrainingMeter meter)
    {
        LossTerms terms = _method.ComputeLoss(batch);
        if (_active?.Penalty() is { } penalty) terms = terms with { Total = terms.Total + penalty };
        if (optimizer is not null) Move(terms, parameters, optimizer);
        meter.Add(terms, batch.Labels);
    }

    private void Move(LossTerms terms, List<Parameter> parameters, TaskOptimizer optimizer)
    {
        optimizer.ZeroGradients();
        terms.Total.backward();
        _method.AfterBackward();
        if (_options.MaximumGradientNorm is { } maximum) GradientClipping.ClipGlobalNorm(parameters, maximum);
        _active?.ProjectGradients();
        _active?.BeforeStep();
        optimizer.Step();
        _active?.AfterStep();
    }

    private TrainingProgress Report(TrainingTask task, int epoch, int step, int steps, ref int lastRead, TrainingMeter meter)
    {
        (double loss, double crossEntropy, double accuracy) = meter.Read();
        if (!double.IsFinite(loss) || !double.IsFinite(crossEntropy))
        {
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
                $"{task.Name}, epoch {epoch + 1}, steps {lastRead + 1} to {step}: the loss is not finite ({(double.IsFinite(loss) ? crossEntropy : loss)}). Nothing of this Fit was kept. Lower {nameof(MethodOptions.LearningRate)}, set {nameof(MethodOptions.MaximumGradientNorm)}, or look for pixels out of range."));
        }
        lastRead = step;
        var progress = new TrainingProgress(
            task.Index, task.Name, epoch + 1, _epochCount, step, steps, crossEntropy, accuracy, Optimizers.RateOf(_options, epoch, task.Index == 0), meter.ImagesPerSecond);
        _progress?.Report(progress);
        return progress;
    }

    /// <summary>The very last step may spoil the parameters after its loss was computed.</summary>
    private void CheckParameters(TrainingTask task)
    {
        using var scope = NewDisposeScope();
        using var guard = no_grad();
        foreach (TrainableParameter parameter in _method.Parameters)
        {
            if (!parameter.Value.isfinite().all().item<bool>())
            {
                throw new InvalidOperationException(
                    $"{task.Name}: the parameter '{parameter.Name}' holds values that are not finite after the last step. Nothing of this Fit was kept. Lower {nameof(MethodOptions.LearningRate)} or set {nameof(MethodOptions.MaximumGradientNorm)}.");
            }
        }
    }

    private ConstraintTask Describe(TrainingTask task, SeededRandom random, CancellationToken cancellationToken)
    {
        return new ConstraintTask(task.Index, task.ImageCount, count => Checked(task.Sample(count, random.Split())), _log)
        {
            SampleEvaluationImages = count => Checked(task.SampleEvaluation(count, random.Split()).Select(batch => batch.Images)),
        };

        IEnumerable<Tensor> Checked(IEnumerable<Tensor> batches)
        {
            foreach (Tensor images in batches)
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return images;
            }
        }
    }
}
