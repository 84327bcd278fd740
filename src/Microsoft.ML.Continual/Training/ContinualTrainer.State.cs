using System.Text.Json.Nodes;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Persistence;
using Microsoft.ML.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Training;

public sealed partial class ContinualTrainer
{
    private TaskProgress? _pending;   // of the task that the state's file was written in
    private (string Path, int? EverySteps, TimeSpan? Every)? _keep;

    /// <summary>The name of the task that was being learned when the state that was loaded was written; null where none was. The next <c>Fit</c> must be given its rows, and goes on where it stood.</summary>
    public string? TaskInProgress => _pending?.Task.Name;

    /// <summary>What a run over a sequence keeps with the state: its evaluations so far. Null outside of a run.</summary>
    internal JsonObject? RunRecord { get; set; }

    /// <summary>Told of each state file that <see cref="KeepState"/> has written; for tests.</summary>
    internal Action<string>? StateKept { get; set; }

    /// <summary>Writes all that the trainer has learned into one file, from which <see cref="LoadState"/> goes on bit for bit. May be called while a <c>Fit</c> runs: then the state is that before it.</summary>
    /// <param name="path">
    /// The file, a safetensors file; its folder must exist. It is written beside its name, flushed to the disk and renamed: an error leaves the old file as it was. The file that is replaced is kept, with
    /// <c>.previous</c> added to its name.
    /// </param>
    /// <remarks>The same state gives the same bytes. The backbone is not in it, but named by its path and SHA-256.</remarks>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="ObjectDisposedException">The trainer is disposed.</exception>
    public void SaveState(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        (TrainerState? state, TaskProgress? progress) = Share();
        using (state)
        using (progress) WriteState(path, state, progress);
    }

    /// <summary>Goes on from a state that <see cref="SaveState"/> or <see cref="KeepState"/> wrote, in place of what this trainer has learned.</summary>
    /// <param name="path">The file. Where it is damaged, the one kept before it is read, and a warning in the context's log says so.</param>
    /// <remarks>A task in the middle of which the file was written is <see cref="TaskInProgress"/>: the next <c>Fit</c> must be given the same rows.</remarks>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is damaged, or is of other options, another constraint or another backbone than this trainer's; the message names what was expected and what was found. Nothing has changed then.</exception>
    /// <exception cref="InvalidOperationException">A <c>Fit</c> of this trainer is running.</exception>
    public void LoadState(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using StateFile file = StateFile.ReadNewest(path, StateFile.StateKind, out string? notice);
        Restore(file, notice);
    }

    /// <summary>Writes the state into a file after every <c>Fit</c> from now on and, if asked, in the middle of tasks, so that a run that is cut off can be resumed; see <see cref="LoadState"/>.</summary>
    /// <param name="path">The file; see <see cref="SaveState"/>.</param>
    /// <param name="everySteps">In a task, after so many training steps; null is not by steps.</param>
    /// <param name="every">In a task, after so much time; null is not by time. When a file is written changes nothing in what is learned.</param>
    /// <returns>This trainer.</returns>
    /// <remarks>A <c>Fit</c> whose state cannot be written fails, and the trainer is then as before it.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The interval is not positive.</exception>
    public ContinualTrainer KeepState(string path, int? everySteps = null, TimeSpan? every = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (everySteps is { } steps) ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1, nameof(everySteps));
        if (every is { } time) ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(time, TimeSpan.Zero, nameof(every));
        _keep = (path, everySteps, every);
        return this;
    }

    /// <summary>Drops <see cref="TaskInProgress"/>: the next <c>Fit</c> may learn any task, from its beginning. A <c>Fit</c> that is running and goes on from it is not disturbed.</summary>
    public void ForgetTaskInProgress()
    {
        lock (_stateLock)
        {
            _pending?.Dispose();
            _pending = null;
        }
    }

    /// <summary>A trainer whose options, constraint and seed are the file's.</summary>
    internal static ContinualTrainer Resume(MLContext mlContext, string path, Backbones.Backbone backbone)
    {
        using StateFile file = StateFile.ReadNewest(path, StateFile.StateKind, out string? notice);
        (MethodOptions options, ConstraintOptions? constraint, int seed) = file.Parse("the options", () => (
            KnownOptions.Read<MethodOptions>(file.Document["options"]!),
            file.Document["constraintOptions"] is { } json ? KnownOptions.Read<ConstraintOptions>(json) : null,
            file.Document["seed"]!.GetValue<int>()));
        options.Backbone = backbone;
        var trainer = new ContinualTrainer(mlContext, options, constraint, seed);
        try
        {
            trainer.Restore(file, notice);
            return trainer;
        }
        catch
        {
            trainer.Dispose();
            throw;
        }
    }

    private void Restore(StateFile file, string? notice)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (Interlocked.Exchange(ref _busy, 1) != 0) throw new InvalidOperationException("A Fit of this trainer is running. Wait for it before loading a state.");
        TrainerState? state = null;
        TaskProgress? progress = null;
        try
        {
            RequireSame(file, _options, "options");
            if (file.Document["constraintOptions"] is not null || _constraint is not null) RequireSame(file, _constraint, "constraintOptions");
            BackboneReference.Require(file, file.Document["backbone"], _options.Backbone!, exactly: true);
            int seed = file.Parse("the seed", () => file.Document["seed"]!.GetValue<int>());
            if (_options.Seed is { } own && own != seed) throw file.Broken($"{nameof(MethodOptions.Seed)}: expected the trainer's {own}; found {seed}");
            if (file.Document["learned"] is { } learned) state = TrainerStateDocument.Read(learned, file);
            if (file.Document["progress"] is { } json) progress = TaskProgress.Read(json, file);
            if (file.Tensors.Count > 0) throw file.Broken($"the tensor '{file.Tensors.Keys.First()}' belongs to nothing that this library knows");
            if (state is not null) TryState(state, file);
            lock (_stateLock)
            {
                ObjectDisposedException.ThrowIf(_disposed, this);
                (_state, state) = (state, _state);
                (_pending, progress) = (progress, _pending);
                _seed = seed;
            }
            RunRecord = file.Document["run"]?.DeepClone() as JsonObject;
        }
        finally
        {
            state?.Dispose();
            progress?.Dispose();
            Volatile.Write(ref _busy, 0);
        }
        if (notice is null) return;
        using IChannel channel = _host.Start("Loading");
        channel.Warning(MessageSensitivity.None, notice);
    }

    /// <summary>Lets the method and the constraint check the state before anything changes.</summary>
    private void TryState(TrainerState state, StateFile file) => file.Parse("what was learned", () =>
    {
        using ContinualMethod method = state.RestoreMethod(_options, new Numerics.SeededRandom(_seed).Split());
        using UpdateConstraint? constraint = _constraint?.CreateConstraint();
        if (constraint?.Name != state.ConstraintName) throw file.Broken($"expected {constraint?.Name ?? "no constraint"}; found {state.ConstraintName ?? "no constraint"}");
        constraint?.Attach(method);
        if (state.Constraint is null) return true;
        constraint!.LoadState(state.Constraint);
        StateParts.RequireTakenOver(state.Constraint, constraint.SaveState);
        return true;
    });

    private static void RequireSame(StateFile file, object? own, string name) => file.Parse(name, () =>
    {
        string? type = (string?)file.Document[name]?["type"];
        if (type != own?.GetType().FullName) throw file.Broken($"expected {own?.GetType().FullName ?? "no constraint"}, as this trainer has; found {type ?? "no constraint"}");
        IReadOnlyList<string> different = OptionJson.Differences(own!, file.Document[name]!["values"]!.AsObject(), nameof(MethodOptions.Seed));
        return different.Count == 0 ? true
            : throw file.Broken($"the state is of a trainer with other {own!.GetType().Name}: {string.Join("; ", different)}. Make the trainer with the same options, or let mlContext.Continual().ResumeTrainer take them from the file");
    });

    private void WriteState(string path, TrainerState? state, TaskProgress? progress)
    {
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        var document = new JsonObject
        {
            ["seed"] = _seed,
            ["options"] = KnownOptions.Write(_options),
            ["constraintOptions"] = _constraint is null ? null : KnownOptions.Write(_constraint),
            ["backbone"] = BackboneReference.Write(_options.Backbone!),
            ["learned"] = state?.Write(tensors),
            ["progress"] = progress?.Write(tensors),
            ["run"] = RunRecord?.DeepClone(),
        };
        StateFile.Write(path, StateFile.StateKind, document, tensors, keepPrevious: true);
    }

    private ProgressKeeper? CreateKeeper(TrainerState? start) => _keep is not { } keep || keep.EverySteps is null && keep.Every is null ? null
        : new ProgressKeeper(progress =>
        {
            WriteState(keep.Path, start, progress);
            StateKept?.Invoke(keep.Path);
        }, keep.EverySteps, keep.Every);

    private void KeepFinished(TrainerState next)
    {
        if (_keep is not { } keep) return;
        WriteState(keep.Path, next, null);
        StateKept?.Invoke(keep.Path);
    }
}
