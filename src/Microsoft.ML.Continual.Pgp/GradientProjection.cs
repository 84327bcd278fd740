using System.Globalization;
using MathNet.Numerics.LinearAlgebra;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Pgp;

/// <summary>
/// Prompt gradient projection as a guest of the training loop: after each task it learns the directions that the task's activations use at each
/// <see cref="ProjectionSite"/>, and keeps later updates out of them. Made by <see cref="PgpOptions.CreateConstraint"/>.
/// </summary>
/// <remarks>
/// Between tasks it holds float64 bases and, for the audit, Gram matrices; no activation, image or device tensor. During a task it holds for each site the basis in the parameter's type and
/// the parameter's start value on the device, and a step costs 2·rows·d·r multiplications there.
/// </remarks>
public sealed class GradientProjection : UpdateConstraint
{
    private readonly PgpOptions _options;
    private readonly List<SiteState> _sites = [];   // in the method's order
    private ContinualMethod? _method;
    private InterferenceAudit? _lastAudit;

    internal GradientProjection(PgpOptions options) => _options = options;

    /// <inheritdoc/>
    public override string Name => "PGP";

    /// <inheritdoc/>
    public override InterferenceAudit? LastAudit => _lastAudit;

    /// <summary>The protected directions of each site, by site name.</summary>
    public IReadOnlyDictionary<string, SubspaceBasis> Bases => _sites.ToDictionary(s => s.Name, s => s.Basis, StringComparer.Ordinal);

    /// <summary>Sees each site's memory when it was made; for tests.</summary>
    internal Action<MemoryInspection>? MemoryMade { get; set; }

    internal IReadOnlyList<SiteState> States => _sites;

    internal PgpOptions Options => _options;

    /// <inheritdoc/>
    public override void Attach(ContinualMethod method)
    {
        ArgumentNullException.ThrowIfNull(method);
        if (_method is not null) throw new InvalidOperationException($"{Name} is attached to {_method.Name} already.");
        string known = string.Join(", ", method.Sites.Select(s => $"'{s.Name}'"));
        foreach (string asked in _options.Sites.Keys)
            if (Candidates(method).All(s => s.Name != asked && s.Whole != asked))
                throw new ArgumentException($"{nameof(PgpOptions)}.{nameof(PgpOptions.Sites)} names the site '{asked}'; {method.Name} has {(known.Length == 0 ? "none" : known)}.", nameof(method));
        foreach (ProjectionSite site in Candidates(method))
            if (_options.Projects(site)) _sites.Add(new SiteState(site));
        if (_sites.Count == 0)
            throw new ArgumentException($"{method.Name} has no site for {Name} to project: it has {(known.Length == 0 ? "none" : known + ", and the options exclude them")}.", nameof(method));
        _method = method;
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The memory is taken now and needs more images than the task has, or activations are not finite.</exception>
    public override void BeginTask(ConstraintTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        RequireImages(task);
        foreach (SiteState state in _sites) state.Begin(Find(state), _options.ProjectedRows == ProjectedRows.UsedBefore);
        // Begin put the bases of the tasks before on the device: what is learned now is for the next task.
        if (_options.MemoryTiming == MemoryTiming.BeforeTask) Learn(task, rowsExist: _sites[0].Updates > 0);
    }

    /// <inheritdoc/>
    public override void ProjectGradients()
    {
        if (_options.ProjectAt == ProjectAt.Update) return;
        foreach (SiteState state in _sites)
            state.Projector!.ProjectGradient(state.Site!, _options.ProjectedRows == ProjectedRows.FirstImage ? state.Site!.RowsOfFirstImage : state.ProjectedRows);
    }

    /// <inheritdoc/>
    public override void AfterStep()
    {
        if (_options.ProjectAt == ProjectAt.Gradient) return;
        foreach (SiteState state in _sites) state.Projector!.ProjectDisplacement(state.Site!, state.Start!, state.ProjectedRows);
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">Activations are not finite or have another width than their site; nothing has changed then.</exception>
    public override void EndTask(ConstraintTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        InterferenceAudit? audit = _options.Audit ? Audit(task) : null;
        if (_options.MemoryTiming == MemoryTiming.AfterTask) Learn(task, rowsExist: true);
        else foreach (SiteState state in _sites) state.RowsUsedLast = ReadRows(state.Site!.RowsInUse);
        _lastAudit = audit;
        foreach (SiteState state in _sites)
        {
            if (_options.ProjectedRows == ProjectedRows.UsedBefore) NoteUse(state);
            state.End();
        }
    }

    /// <inheritdoc/>
    public override void SaveState(StateDictionary state)
    {
        ArgumentNullException.ThrowIfNull(state);
        GradientProjectionState.Save(this, state, _lastAudit);
    }

    /// <inheritdoc/>
    public override void LoadState(StateDictionary state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _lastAudit = GradientProjectionState.Load(this, state);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        foreach (SiteState state in _sites) state.Dispose();
    }

    private void RequireImages(ConstraintTask task)
    {
        if (_method is null) throw new InvalidOperationException($"{Name} is not attached to a method.");
        if (_options.Space != PgpSpace.SampleIndexSum) return;
        SiteState widest = _sites.MaxBy(s => s.Dimension)!;
        if (task.ImageCount < widest.Dimension)
            throw new InvalidOperationException($"{nameof(PgpSpace)}.{nameof(PgpSpace.SampleIndexSum)} (the {nameof(PgpOptions.Reference)} preset) needs {widest.Dimension} training images a task, " +
                $"one for each dimension of site '{widest.Name}'; task {task.Index + 1} has {task.ImageCount}. The other spaces take any number.");
    }

    private ProjectionSite Find(SiteState state)
    {
        ProjectionSite site = Candidates(_method!).FirstOrDefault(s => s.Name == state.Name) ?? throw new InvalidOperationException($"{_method!.Name} has no site '{state.Name}' any more.");
        return site.Dimension == state.Dimension ? site
            : throw new InvalidOperationException($"Site '{state.Name}' has {site.Dimension} dimensions; it had {state.Dimension}.");
    }

    // The memory pass: streams the task's images through the method once, then grows every basis, and only then changes anything.
    private void Learn(ConstraintTask task, bool rowsExist)
    {
        var memories = new Dictionary<string, SiteMemory>(StringComparer.Ordinal);
        try
        {
            foreach (SiteState state in _sites) memories.Add(state.Name, new SiteMemory(state.Attached, task.Index, _options));
            int asked = _options.Space == PgpSpace.SampleIndexSum ? _sites.Max(s => s.Dimension) : _options.MemorySamples;
            string[] wanted = [.. _sites.Select(s => s.Attached.ActivationsName).Distinct()];
            long images = 0;
            foreach (Tensor batch in task.SampleImages(asked))
            {
                using DisposeScope scope = NewDisposeScope();
                IReadOnlyDictionary<string, Tensor> activations = _method!.CollectActivations(batch, wanted);
                images += batch.shape[0];
                foreach (SiteState state in _sites)
                    memories[state.Name].Add(activations.TryGetValue(state.Attached.ActivationsName, out Tensor? value) ? state.Attached.SelectActivations?.Invoke(value) ?? value
                        : throw new InvalidOperationException($"{_method.Name} collected no activations for its site '{state.Name}'."));
            }
            var learned = new List<(SiteState State, SubspaceGrowth Growth, PastActivations? Past)>();
            foreach (SiteState state in _sites)
            {
                (Matrix<double> gram, Matrix<double>? inputScores, Matrix<double>? rowScores) = memories[state.Name].Assemble(rowsExist ? OwnRows(state) : null);
                SubspaceRule rule = _options.RuleOf(state.Attached, isFirst: state.Updates == 0);
                SubspaceGrowth growth = state.Basis.Grow(gram, rule);
                MemoryMade?.Invoke(new MemoryInspection(state.Name, inputScores, rowScores, gram, rule, state.Basis, growth));
                learned.Add((state, growth, memories[state.Name].Audited()));
            }
            foreach ((SiteState state, SubspaceGrowth growth, PastActivations? past) in learned)
            {
                state.Basis = growth.Basis;
                state.Updates++;
                if (past is not null) state.Past.Add(past);
                // With the memory taken before a task, the latest one is the task's own and not audited yet.
                int kept = _options.AuditedTasks is { } limit ? limit + (_options.MemoryTiming == MemoryTiming.BeforeTask ? 1 : 0) : int.MaxValue;
                if (state.Past.Count > kept) state.Past.RemoveRange(0, state.Past.Count - kept);
                task.Log(string.Create(CultureInfo.InvariantCulture,
                    $"{Name}: task {task.Index + 1}, site '{state.Name}': {growth.Basis.Rank} of {state.Dimension} directions protected ({growth.Added} new, from {images} images), {growth.EnergyAfter:p1} of the task's energy."));
            }
        }
        finally
        {
            foreach (SiteMemory memory in memories.Values) memory.Dispose();
        }
    }

    // P: the site's own rows that belong into the memory, or null for none.
    private Matrix<double>? OwnRows(SiteState state)
    {
        ProjectionSite site = state.Site!;
        if (!site.ProtectsOwnRows || _options.PromptsInMemory == PromptsInMemory.None || _options.Space is PgpSpace.InputOnly or PgpSpace.PrincipalAxes) return null;
        Matrix<double> rows = TensorMatrix.ToMatrix(site.RowsOf(site.Parameter), site.Dimension);
        if (_options.PromptsInMemory == PromptsInMemory.WholePool) return rows;
        bool[]? used = _options.MemoryTiming == MemoryTiming.AfterTask ? ReadRows(site.RowsInUse) : state.RowsUsedLast;
        if (used is null) return rows;
        if (used.Length != rows.RowCount) throw new InvalidOperationException($"Site '{state.Name}' marks {used.Length} rows as used or not; it has {rows.RowCount}.");
        int[] chosen = [.. Enumerable.Range(0, used.Length).Where(i => used[i])];
        return chosen.Length == 0 ? null : Matrix<double>.Build.Dense(chosen.Length, site.Dimension, (i, j) => rows[chosen[i], j]);
    }

    private IEnumerable<ProjectionSite> Candidates(ContinualMethod method) => _options.PerHead ? method.Sites.SelectMany(site => site.Heads.Count > 0 ? site.Heads : [site]) : method.Sites;

    private static void NoteUse(SiteState state)
    {
        bool[]? used = ReadRows(state.Site!.RowsInUse);
        for (int row = 0; row < state.RowsUsedBefore.Length; row++) state.RowsUsedBefore[row] |= used?[row] ?? true;
    }

    private static bool[]? ReadRows(Tensor? mask)
    {
        if (mask is null) return null;
        using DisposeScope scope = NewDisposeScope();
        return mask.to(ScalarType.Bool).to(CPU).contiguous().data<bool>().ToArray();
    }

    private InterferenceAudit? Audit(ConstraintTask task)
    {
        var entries = new List<InterferenceEntry>();
        foreach (SiteState state in _sites)
        {
            Matrix<double> before = TensorMatrix.ToMatrix(state.Start!, state.Dimension);
            Matrix<double> change = TensorMatrix.ToMatrix(state.Site!.RowsOf(state.Site.Parameter), state.Dimension) - before;
            foreach (PastActivations past in state.Past)
            {
                if (past.TaskIndex == task.Index) continue;   // taken before the task: its own
                (double relative, double share) = past.Measure(before, change);
                entries.Add(ProjectionState.Entry(state.Name, past.TaskIndex, relative, share));
            }
        }
        return entries.Count == 0 ? null : new InterferenceAudit(task.Index, entries);
    }
}
