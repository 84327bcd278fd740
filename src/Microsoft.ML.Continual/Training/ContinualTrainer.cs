using System.Text.Json.Nodes;
using Microsoft.ML.Continual.Inference;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Persistence;
using Microsoft.ML.Continual.Tasks;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Continual.Training;

/// <summary>
/// Learns one task with each <c>Fit</c> and remembers what the next needs. It is an ordinary ML.NET estimator: it can be the last part of a pipeline, and
/// <c>pipeline.Fit(task1)</c>, <c>pipeline.Fit(task2)</c> learn two tasks.
/// </summary>
/// <remarks>
/// <para>A <c>Fit</c> either succeeds as a whole or changes nothing: it works on a copy of the state, and an exception or a cancellation leaves the trainer
/// as if it had not been called.</para>
/// <para>Everything random comes from one seed (<see cref="MethodOptions.Seed"/>, or one drawn from the <c>MLContext</c> when the trainer is made), through separate
/// streams for initial values, batches and sampled images. A trainer made by <see cref="WithConstraint"/> has its parent's seed: both see the same batches
/// and start from the same values, so that their results can be compared in pairs.</para>
/// <para>One <c>Fit</c> at a time. Made by <see cref="ContinualCatalog"/>; the backbone is shared and not disposed with the trainer.</para>
/// </remarks>
public sealed partial class ContinualTrainer : IEstimator<ContinualTransformer>, IDisposable
{
    private readonly MLContext _mlContext;
    private readonly IHost _host;
    private readonly MethodOptions _options;
    private readonly ConstraintOptions? _constraint;
    private int _seed;                          // the file's, where a state was loaded
    private readonly Lock _stateLock = new();   // held for moments: to share the state, and to put another in its place
    private volatile TrainerState? _state;
    private int _busy;
    private volatile bool _disposed;

    /// <summary>Makes a trainer that has learned nothing.</summary>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    internal ContinualTrainer(MLContext mlContext, MethodOptions options)
        : this(mlContext, options, null, null)
    {
    }

    internal ContinualTrainer(MLContext mlContext, MethodOptions options, ConstraintOptions? constraint, int? seed)
    {
        ArgumentNullException.ThrowIfNull(mlContext);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        constraint?.Validate();
        // Copies: options that are changed after this point neither change the trainer nor escape the checks.
        (_mlContext, _options, _constraint) = (mlContext, options.Clone(), constraint?.Clone());
        int? given = seed ?? _options.Seed;   // then nothing is drawn from the context
        _host = ((IHostEnvironment)mlContext).Register(nameof(ContinualTrainer), given);
        _seed = given ?? _host.Rand.Next();
    }

    /// <summary>The number of tasks learned.</summary>
    public int TasksSeen => _state?.Tasks.Count ?? 0;

    /// <summary>The tasks learned, in order.</summary>
    public IReadOnlyList<LearnedTask> Tasks => _state?.Tasks ?? [];

    /// <summary>The classes learned, by the index they keep for ever. Frozen; empty before the first <c>Fit</c>.</summary>
    public ClassRegistry Classes => _state?.Classes ?? new ClassRegistry().Freeze();

    /// <summary>How far the last task disturbed the tasks before it; null without a constraint that measures it, and before the second task.</summary>
    public InterferenceAudit? LastAudit => _state?.Audit;

    /// <summary>The seed that all random numbers come from.</summary>
    public int Seed => _seed;

    /// <summary>The method's options, for reports; nobody changes them.</summary>
    internal MethodOptions Options => _options;

    /// <summary>The constraint's options, for reports; null without a constraint.</summary>
    internal ConstraintOptions? ConstraintOptions => _constraint;

    /// <summary>The state after the last task, for comparisons in tests and for saving; the trainer's own.</summary>
    internal TrainerState? State => _state;

    /// <summary>A new trainer with the same method, options and seed whose updates obey a constraint, such as a gradient projection.</summary>
    /// <param name="constraint">The constraint's options.</param>
    /// <returns>A trainer that has learned nothing. This one stays as it is.</returns>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    /// <exception cref="InvalidOperationException">This trainer has learned a task already, or has a constraint.</exception>
    public ContinualTrainer WithConstraint(ConstraintOptions constraint)
    {
        ArgumentNullException.ThrowIfNull(constraint);
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_state is not null)
            throw new InvalidOperationException($"A constraint must watch every task: add it before the first Fit. This trainer has learned {TasksSeen} tasks.");
        if (_constraint is not null) throw new InvalidOperationException("This trainer has a constraint already.");
        return new ContinualTrainer(_mlContext, _options, constraint, _seed);
    }

    /// <summary>Takes a seed in place of its own; before the first <c>Fit</c>.</summary>
    internal void UseSeed(int seed) => _seed = seed;

    /// <summary>In what method, constraint and options another trainer differs from this one, in words; null where it is alike.</summary>
    internal string? DifferenceFrom(ContinualTrainer other) => Difference(_options, other._options) ?? Difference(_constraint, other._constraint)
        ?? (IsSame(_options.Backbone!, other._options.Backbone!) ? null : "another backbone");

    private static string? Difference(object? own, object? other)
    {
        if (own?.GetType() != other?.GetType()) return $"{own?.GetType().Name ?? "no constraint"} and {other?.GetType().Name ?? "no constraint"}";
        if (own is null) return null;
        JsonObject a = OptionJson.Write(own), b = OptionJson.Write(other!);
        string[] names = [.. a.Select(p => p.Key).Union(b.Select(p => p.Key)).Where(name => !JsonNode.DeepEquals(a[name], b[name]))];
        return names.Length == 0 ? null : $"{own.GetType().Name} with another {string.Join(", ", names)}";
    }

    /// <summary>The columns of the model's output, from the columns of its input.</summary>
    /// <remarks>The label column leaves as a key over the classes seen; see <see cref="ContinualTransformer"/>.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The image or label column is missing or of another type.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        return OutputShape.For(_mlContext, inputSchema, _options);
    }

    /// <summary>The snapshot after the last task, as the last <c>Fit</c> returned it. The caller owns it. May be called while a <c>Fit</c> runs.</summary>
    /// <exception cref="InvalidOperationException">The trainer has learned no task.</exception>
    public ContinualTransformer GetModel()
    {
        (TrainerState? state, TaskProgress? progress) = Share();
        using (state)
        using (progress)
            return CreateModel(state ?? throw new InvalidOperationException("The trainer has no model yet: call Fit with a first task before predicting."));
    }

    /// <summary>Frees the trainer's state. Models it has given out, and the backbone, live on. A <c>Fit</c> that is running ends with an <see cref="ObjectDisposedException"/>.</summary>
    public void Dispose()
    {
        lock (_stateLock)
        {
            _disposed = true;
            _state?.Dispose();
            _state = null;
            _pending?.Dispose();
            _pending = null;
        }
    }

    /// <summary>Shares of the present state and of the task in progress, which belong together and live on whatever a <c>Fit</c>, <see cref="ForgetTaskInProgress"/> or <see cref="Dispose"/> does meanwhile; null where there is none.</summary>
    private (TrainerState? State, TaskProgress? Progress) Share()
    {
        lock (_stateLock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return (_state?.Share(), _pending?.Share());
        }
    }

    private void ReplaceState(TrainerState next)
    {
        lock (_stateLock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _state?.Dispose();
            _state = next;
            _pending?.Dispose();   // whatever task was in progress, another is learned now
            _pending = null;
        }
    }
}
