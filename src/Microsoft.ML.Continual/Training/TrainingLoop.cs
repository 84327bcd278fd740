using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
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
    private (ProgressKeeper Keeper, TaskFingerprint Task)? _keeper;

    public TrainingLoop(ContinualMethod method, UpdateConstraint? constraint, MethodOptions options, IProgress<TrainingProgress>? progress, Action<string> log) =>
        (_method, _constraint, _options, _progress, _log) = (method, constraint, options, progress, log);

    /// <summary>Runs the task from its beginning to its end.</summary>
    /// <param name="task">The task.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <param name="keeper">Who keeps the task's progress, and what the task is known by; null for nobody.</param>
    /// <param name="resumed">Where to go on: the method and the constraint are as before the task; null is at the beginning.</param>
    /// <exception cref="InvalidDataException">The progress is of a task, a method or a constraint of other sizes.</exception>
    /// <exception cref="InvalidOperationException">The loss or a parameter is no longer finite.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public void Run(TrainingTask task, CancellationToken cancellationToken, (ProgressKeeper Keeper, TaskFingerprint Task)? keeper = null, TaskProgress? resumed = null)
    {
        _keeper = keeper;
        // One stream for each purpose, always drawn, in a fixed order: a constraint that samples images does not change the order of the batches.
        SeededRandom classifier = task.Random.Split(), epochs = task.Random.Split(), before = task.Random.Split(), after = task.Random.Split(), conclusion = task.Random.Split();

        _method.BeginTask(new MethodTask(task.Index, task.Classes, task.ClassCount, task.ImageCount, classifier) { Labels = task.Labels, Images = task.Images });
        _constraint?.BeginTask(Describe(task, before, cancellationToken));
        TrainEpochs(task, epochs, resumed, cancellationToken);
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

    private void TrainEpochs(TrainingTask task, SeededRandom random, TaskProgress? resumed, CancellationToken cancellationToken)
    {
        // The parameters are fixed from BeginTask to EndTask.
        List<Parameter> parameters = [.. _method.Parameters.Select(p => p.Value)];
        using TaskOptimizer? optimizer = parameters.Count == 0 ? null : new TaskOptimizer(_options, _method.Parameters, task.Index == 0);
        using var meter = new TrainingMeter(_method.Backbone.Device);

        _epochCount = _options.Epochs + _method.ExtraEpochs;
        int steps = StepsOf(task), first = 0, done = 0;   // where to begin: the steps done of the epoch that comes first
        if (resumed is not null)
        {
            (first, done) = resumed.Step >= steps ? (resumed.Epoch + 1, 0) : (resumed.Epoch, resumed.Step);
            LoadProgress(resumed, parameters, optimizer, meter);
            if (done == 0) meter.Reset();
            _log($"{task.Name} goes on after step {resumed.Step} of epoch {resumed.Epoch + 1}");
        }
        for (int epoch = 0; epoch < _epochCount; epoch++)
        {
            SeededRandom stream = random.Split();   // also of the epochs that are done
            if (epoch < first) continue;
            optimizer?.SetEpoch(epoch);
            if (epoch > first || done == 0) _method.BeginEpoch(epoch);
            _active = _method.IsConstrained ? _constraint : null;
            TrainEpoch(task, epoch, parameters, optimizer, meter, stream, epoch == first ? done : 0, cancellationToken);
            meter.Reset();
        }
    }

    private void TrainEpoch(
        TrainingTask task, int epoch, List<Parameter> parameters, TaskOptimizer? optimizer, TrainingMeter meter, SeededRandom random, int done, CancellationToken cancellationToken)
    {
        int steps = StepsOf(task), step = 0, lastRead = 0;
        using IEnumerator<ImageBatch> batches = task.Epoch(random).GetEnumerator();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();   // the batch and everything made of it
            if (!batches.MoveNext()) break;
            step++;
            if (step <= done) continue;   // learned before: its random numbers are drawn all the same
            Step(batches.Current, parameters, optimizer, meter);
            if (_progress is not null && step % ProgressInterval == 0 && step < steps)
            {
                Report(task, epoch, step, steps, ref lastRead, meter);
            }
            if (_keeper is { } keeper && keeper.Keeper.IsDueAfterStep()) keeper.Keeper.Keep(SaveProgress(keeper.Task, epoch, step, parameters, optimizer, meter));
        }
        _log(Report(task, epoch, step, step, ref lastRead, meter).ToString());
    }

    private int StepsOf(TrainingTask task) => ((task.Images?.EpochLength ?? task.ImageCount) + _options.BatchSize - 1) / _options.BatchSize;

    private TaskProgress SaveProgress(TaskFingerprint task, int epoch, int step, List<Parameter> parameters, TaskOptimizer? optimizer, TrainingMeter meter)
    {
        var progress = new TaskProgress
        {
            Task = task, Epoch = epoch, Step = step,
            Parameters = new StateDictionary(), Optimizer = new StateDictionary(), Meter = new StateDictionary(), Method = new StateDictionary(), Constraint = _constraint is null ? null : new StateDictionary(),
        };
        try
        {
            // An optimiser moves a parameter whose gradient is 0, and none without a gradient.
            progress.Parameters.Values["gradients"] = new JsonArray([.. parameters.Select(p => (JsonNode)HasGradient(p))]);
            for (int i = 0; i < parameters.Count; i++) progress.Parameters.Add($"{i}", parameters[i]);
            optimizer?.SaveState(progress.Optimizer);
            meter.SaveState(progress.Meter);
            _method.SaveProgress(progress.Method);
            _constraint?.SaveProgress(progress.Constraint!);
            return progress;
        }
        catch
        {
            progress.Dispose();
            throw;
        }
    }

    private void LoadProgress(TaskProgress progress, List<Parameter> parameters, TaskOptimizer? optimizer, TrainingMeter meter)
    {
        try
        {
            using var scope = NewDisposeScope();
            using (no_grad())
                for (int i = 0; i < parameters.Count; i++) parameters[i].copy_(progress.Parameters.Get($"{i}", parameters[i].shape));
            bool[] gradients = [.. progress.Parameters.Values["gradients"]!.AsArray().Select(g => (bool)g!)];
            if (gradients.Length != parameters.Count) throw new InvalidDataException($"The task in progress has {gradients.Length} parameters; {_method.Name} has {parameters.Count}.");
            for (int i = 0; i < parameters.Count; i++)
                if (gradients[i]) parameters[i].grad = zeros_like(parameters[i]);
            optimizer?.LoadState(progress.Optimizer);
            meter.LoadState(progress.Meter);
            _method.LoadProgress(progress.Method);
            _constraint?.LoadProgress(progress.Constraint ?? throw new InvalidDataException($"The task in progress has nothing of the constraint {_constraint.Name}."));
        }
        catch (Exception e) when (e is NullReferenceException or InvalidOperationException or FormatException or ArgumentException or InvalidCastException or ExternalException)
        {
            throw new InvalidDataException($"The task in progress '{progress.Task.Name}' cannot be read: {e.Message}", e);
        }
    }

    private static bool HasGradient(Parameter parameter)
    {
        using Tensor? gradient = parameter.grad;
        return gradient is not null;
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
