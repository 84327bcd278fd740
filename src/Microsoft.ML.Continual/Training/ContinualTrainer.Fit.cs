using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Inference;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Tasks;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Continual.Training;

public sealed partial class ContinualTrainer
{
    /// <summary>Learns the rows of a view as the next task.</summary>
    /// <param name="input">Images and labels of the new task only. Classes learned before may occur again.</param>
    /// <returns>A snapshot that scores all classes seen so far.</returns>
    /// <exception cref="ArgumentException">A column is missing, of another type, or differs from the first Fit's.</exception>
    /// <exception cref="InvalidDataException">There is no row, a label is missing, or an image is not usable; the message names the row.</exception>
    /// <exception cref="InvalidOperationException">Another Fit of this trainer is running, or the loss became infinite.</exception>
    public ContinualTransformer Fit(IDataView input) => Fit(input, null, null, CancellationToken.None);

    /// <summary>Learns the training rows of a task; see <see cref="Fit(IDataView)"/>.</summary>
    public ContinualTransformer Fit(ContinualTask task) => Fit(task, null, null, CancellationToken.None);

    /// <summary>Goes on from a snapshot, in place of the trainer's own state, and learns the rows of a view as the next task.</summary>
    /// <param name="input">Images and labels of the new task only.</param>
    /// <param name="previousModel">A snapshot of a trainer of the same method, constraint and backbone; null goes on from the trainer's own state.</param>
    /// <exception cref="ArgumentException">The snapshot is of another method, constraint or backbone; or as in <see cref="Fit(IDataView)"/>.</exception>
    /// <exception cref="InvalidDataException">The snapshot is of other sizes than this trainer's options ask for; or as in <see cref="Fit(IDataView)"/>.</exception>
    public ContinualTransformer Fit(IDataView input, ContinualTransformer? previousModel) => Fit(input, previousModel, null, CancellationToken.None);

    /// <summary>Goes on from a snapshot; see <see cref="Fit(IDataView, ContinualTransformer)"/>.</summary>
    public ContinualTransformer Fit(ContinualTask task, ContinualTransformer? previousModel) => Fit(task, previousModel, null, CancellationToken.None);

    /// <summary>Learns a task, reports how far it has come, and can be cancelled.</summary>
    /// <param name="input">Images and labels of the new task only.</param>
    /// <param name="progress">Told every 20 steps and at the end of each epoch; or null.</param>
    /// <param name="cancellationToken">Stops at the next step; the trainer is then as before the call.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public ContinualTransformer Fit(IDataView input, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken) =>
        Fit(input, null, progress, cancellationToken);

    /// <summary>Learns a task, reports how far it has come, and can be cancelled; see <see cref="Fit(IDataView, IProgress{TrainingProgress}, CancellationToken)"/>.</summary>
    public ContinualTransformer Fit(ContinualTask task, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken) =>
        Fit(task, null, progress, cancellationToken);

    /// <summary>The most general form: goes on from a snapshot where one is given, reports progress, and can be cancelled.</summary>
    public ContinualTransformer Fit(IDataView input, ContinualTransformer? previousModel, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(input);
        return Learn(input, null, previousModel, progress, cancellationToken);
    }

    /// <summary>The most general form for a task: goes on from a snapshot where one is given, reports progress, and can be cancelled.</summary>
    public ContinualTransformer Fit(ContinualTask task, ContinualTransformer? previousModel, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(task);
        return Learn(task.Train, task.Name, previousModel, progress, cancellationToken);
    }

    /// <summary>Learns the rows of a view on another thread; see <see cref="Fit(IDataView, IProgress{TrainingProgress}, CancellationToken)"/>.</summary>
    public Task<ContinualTransformer> FitAsync(IDataView input, IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(input);
        return Task.Run(() => Fit(input, null, progress, cancellationToken), cancellationToken);
    }

    /// <summary>Learns a task on another thread; see <see cref="Fit(IDataView, IProgress{TrainingProgress}, CancellationToken)"/>.</summary>
    public Task<ContinualTransformer> FitAsync(ContinualTask task, IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(task);
        return Task.Run(() => Fit(task, null, progress, cancellationToken), cancellationToken);
    }

    private ContinualTransformer Learn(IDataView data, string? name, ContinualTransformer? previous, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (Interlocked.Exchange(ref _busy, 1) != 0)
            throw new InvalidOperationException("Another Fit of this trainer is running. Wait for it: tasks are learned one after another.");
        try
        {
            previous?.ThrowIfDisposed();
            cancellationToken.ThrowIfCancellationRequested();
            // A share, whoever disposes the trainer or the model meanwhile. Only trainers make models.
            (TrainerState? start, TaskProgress? resumed) = previous is null ? Share() : (((TrainerState)previous.State).Share(), null);
            using TrainerState? heldStart = start;
            using TaskProgress? heldProgress = resumed;
            if (previous is not null) RequireSameKind(previous);
            using IChannel channel = _host.Start("Training");
            (TrainerState next, IScorer scorer) = LearnTask(start, resumed, data, name, progress, line => channel.Info(MessageSensitivity.None, line), cancellationToken);
            var model = new ContinualTransformer(_mlContext, _options, scorer, next.Share());
            try
            {
                KeepFinished(next);
                ReplaceState(next);   // only here, with everything done, does the trainer change
            }
            catch
            {
                next.Dispose();
                model.Dispose();
                throw;
            }
            return model;
        }
        finally
        {
            Volatile.Write(ref _busy, 0);
        }
    }

    private (TrainerState State, IScorer Scorer) LearnTask(
        TrainerState? start, TaskProgress? resumed, IDataView data, string? name, IProgress<TrainingProgress>? progress, Action<string> log, CancellationToken cancellationToken)
    {
        ColumnSignature columns = ColumnSignature.Of(data.Schema, _options);
        start?.Columns.Require(columns);
        int index = start?.Tasks.Count ?? 0;
        name ??= $"Task {index + 1}";

        SeededRandom root = new(_seed);
        SeededRandom initial = root.Split();
        if (start is not null) root = SeededRandom.FromState(start.Random);
        SeededRandom random = root.Split();

        using ContinualMethod method = _options.CreateMethod(initial);
        if (start is not null) method.LoadState(start.Method);
        using UpdateConstraint? constraint = _constraint?.CreateConstraint();
        if (start is not null && start.ConstraintName != constraint?.Name)
        {
            throw new ArgumentException(
                $"The model to go on from was trained with {start.ConstraintName ?? "no constraint"}; this trainer has {constraint?.Name ?? "no constraint"}.", "previousModel");
        }
        constraint?.Attach(method);
        if (start?.Constraint is { } remembered) constraint!.LoadState(remembered);

        ClassRegistry classes = start?.Classes.Clone() ?? new ClassRegistry();
        TaskImages images = TaskImages.Load(data, _options, classes, cancellationToken);

        int known = start?.Classes.Count ?? 0;
        log($"{name} begins: {method.Name}{(constraint is null ? "" : " with " + constraint.Name)} on {method.Backbone.Architecture} ({method.Backbone.Device}), {images.Count} images of {images.Classes.Count} classes, " +
            $"{classes.Count - known} new and {known} known before, seed {_seed}");
        var task = new TrainingTask(
            index, name, images.Classes, classes.Count, images.Count,
            stream => images.Epoch(stream, method.Backbone, cancellationToken),
            (count, stream) => images.Sample(count, stream, method.Backbone, cancellationToken),
            random)
        {
            Labels = classes.Freeze(),
            Images = images,
            SampleEvaluation = (count, stream) => images.SampleEvaluation(count, stream, method.Backbone, cancellationToken),
        };
        ProgressKeeper? keeper = CreateKeeper(start);
        TaskFingerprint? fingerprint = keeper is null && resumed is null ? null : TaskFingerprint.Of(name, images, classes, cancellationToken);
        if (resumed?.Task.DifferenceFrom(fingerprint!) is { } difference)
            throw new InvalidDataException($"The state that was loaded stands in the task '{resumed.Task.Name}'; {name} is another: {difference}. Fit with the same rows, or call {nameof(ForgetTaskInProgress)} first.");
        new TrainingLoop(method, constraint, _options, progress, log).Run(task, cancellationToken, keeper is null ? null : (keeper, fingerprint!), resumed);
        foreach (string line in AuditSummary.Lines(constraint)) log(line);
        log($"{name} ends: {classes.Count} classes of {index + 1} tasks known");
        IScorer scorer = method.CreateScorer();
        try
        {
            LearnedTask[] tasks = [.. start?.Tasks ?? [], new LearnedTask(name, images.Classes)];
            return (Capture(method, constraint, classes.Freeze(), tasks, root, columns), scorer);
        }
        catch
        {
            scorer.Dispose();
            throw;
        }
    }

    private static TrainerState Capture(ContinualMethod method, UpdateConstraint? constraint, ClassRegistry classes, LearnedTask[] tasks, SeededRandom random, ColumnSignature columns)
    {
        var learned = new StateDictionary();
        StateDictionary? remembered = constraint is null ? null : new StateDictionary();
        try
        {
            method.SaveState(learned);
            constraint?.SaveState(remembered!);
        }
        catch
        {
            learned.Dispose();
            remembered?.Dispose();
            throw;
        }
        return new TrainerState
        {
            MethodName = method.Name,
            Method = learned,
            ConstraintName = constraint?.Name,
            Constraint = remembered,
            Classes = classes,
            Tasks = Array.AsReadOnly(tasks),
            Random = random.GetState(),
            Columns = columns,
            Audit = constraint?.LastAudit,
        };
    }

    private ContinualTransformer CreateModel(TrainerState state)
    {
        using ContinualMethod method = _options.CreateMethod(new SeededRandom(_seed).Split());
        method.LoadState(state.Method);
        return new ContinualTransformer(_mlContext, _options, method.CreateScorer(), state.Share());
    }

    private static bool IsSame(Backbone own, Backbone other) => ReferenceEquals(own, other) || own.SourceSha256 is not null && own.SourceSha256 == other.SourceSha256;

    private void RequireSameKind(ContinualTransformer previous)
    {
        if (previous.Options.GetType() != _options.GetType())
            throw new ArgumentException($"The model to go on from is of the method {previous.MethodName} ({previous.Options.GetType().Name}), this trainer has {_options.GetType().Name}.", "previousModel");
        Backbone own = _options.Backbone!, other = previous.Options.Backbone!;
        if (!IsSame(own, other))
            throw new ArgumentException($"The model to go on from adapts another backbone ({other.Architecture}, {other.Source ?? "made in memory"}) than this trainer ({own.Architecture}, {own.Source ?? "made in memory"}).", "previousModel");
    }
}
