using System.Globalization;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Pgp;

/// <summary>
/// The null-space projection of NSP² as a guest of the training loop: after each task it adds up the second moments of what reads and mixes the rows of each <see cref="ProjectionSite"/>, and
/// turns every later step of the optimiser out of the directions that these use. Made by <see cref="NullSpaceOptions.CreateConstraint"/>.
/// </summary>
/// <remarks>
/// Between tasks it holds second moments in float64: of queries by head, from which the wide ones follow through the frozen key weights, so that neither activations nor images nor wide
/// matrices are kept, and the sizes do not depend on the number of images or tasks (but for the audit's). A step costs 2·M·D·k multiplications a site for k protected directions.
/// </remarks>
public sealed class NullSpaceProjection : UpdateConstraint
{
    private const int ChunkImages = 32;   // bounds what the sites' activations of one forward pass take: 240 MB for 12 blocks of ViT-B/16

    private readonly NullSpaceOptions _options;
    private readonly List<NullSpaceSite> _sites = [];   // in the method's order
    private readonly List<RowDrift> _drifts = [];       // one for each shape of rows
    private ContinualMethod? _method;
    private InterferenceAudit? _lastAudit;

    internal NullSpaceProjection(NullSpaceOptions options) => _options = options;

    /// <inheritdoc/>
    public override string Name => "NSP2";

    /// <inheritdoc/>
    public override InterferenceAudit? LastAudit => _lastAudit;

    internal IReadOnlyList<NullSpaceSite> States => _sites;

    internal NullSpaceOptions Options => _options;

    /// <summary>The number of images that the moments are made of.</summary>
    internal long ImagesSeen { get; private set; }

    /// <inheritdoc/>
    public override void Attach(ContinualMethod method)
    {
        ArgumentNullException.ThrowIfNull(method);
        if (_method is not null) throw new InvalidOperationException($"{Name} is attached to {_method.Name} already.");
        foreach (ProjectionSite site in method.Sites)
            if (site.ProjectedByDefault) _sites.Add(new NullSpaceSite(site));
        if (_sites.Count == 0)
            throw new ArgumentException($"{method.Name} has no site for {Name} to project: it has {(method.Sites.Count == 0 ? "none" : string.Join(", ", method.Sites.Select(s => $"'{s.Name}'")) + ", none of which is projected by default")}.", nameof(method));
        _method = method;
    }

    /// <inheritdoc/>
    public override void BeginTask(ConstraintTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        if (_method is null) throw new InvalidOperationException($"{Name} is not attached to a method.");
        FreeDrifts();
        foreach (NullSpaceSite state in _sites)
        {
            ProjectionSite site = Find(state);
            SiteNullSpaces? spaces = ImagesSeen == 0 ? null : SiteNullSpaces.Create(site, state.Moments, _options);
            state.Begin(site, spaces);
            if (spaces is not null) task.Log($"{Name}: task {task.Index + 1}, site '{state.Name}': {Describe("channels", spaces.Affinity, spaces.AffinityValues)}; {Describe("rows", spaces.Aggregation, spaces.AggregationValues)}.");
        }
        if (ImagesSeen == 0 || _options.DriftWeight == 0) return;
        foreach (IGrouping<(long, int), ProjectionSite> shape in _sites.Select(s => s.Site!).Where(s => s.Norm is not null).GroupBy(s => (s.Rows, s.Dimension))) _drifts.Add(new RowDrift(shape));
    }

    /// <inheritdoc/>
    public override Tensor? Penalty()
    {
        if (_drifts.Count == 0) return null;
        using DisposeScope scope = NewDisposeScope();
        (Tensor means, Tensor deviations) = Drift()!.Value;
        return ((means + deviations) * _options.DriftWeight).MoveToOuterDisposeScope();
    }

    /// <summary>The parts of the penalty before its weight: of means and of deviations; null where there is none.</summary>
    internal (Tensor Means, Tensor Deviations)? Drift()
    {
        if (_drifts.Count == 0) return null;
        (Tensor means, Tensor deviations) = _drifts[0].Terms(_options.SumDrift);
        foreach (RowDrift drift in _drifts.Skip(1))
        {
            (Tensor moreMeans, Tensor moreDeviations) = drift.Terms(_options.SumDrift);
            (means, deviations) = (means + moreMeans, deviations + moreDeviations);
        }
        return (means, deviations);
    }

    /// <inheritdoc/>
    public override void BeforeStep()
    {
        foreach (NullSpaceSite state in _sites)
            if (state.Spaces is not null) state.BeforeStep();
    }

    /// <inheritdoc/>
    public override void AfterStep()
    {
        foreach (NullSpaceSite state in _sites)
            if (state.Spaces is not null) state.AfterStep();
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">Activations are not finite or of another shape than their site asks for; nothing has changed then.</exception>
    public override void EndTask(ConstraintTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        InterferenceAudit? audit = _options.Audit ? Audit(task.Index) : null;
        Learn(task);
        _lastAudit = audit;
        FreeDrifts();
        foreach (NullSpaceSite state in _sites) state.End();
    }

    /// <inheritdoc/>
    public override void SaveState(StateDictionary state)
    {
        ArgumentNullException.ThrowIfNull(state);
        NullSpaceState.Save(this, state, _lastAudit);
    }

    /// <inheritdoc/>
    public override void LoadState(StateDictionary state)
    {
        ArgumentNullException.ThrowIfNull(state);
        (_lastAudit, ImagesSeen) = NullSpaceState.Load(this, state);
        FreeDrifts();
    }

    /// <inheritdoc/>
    public override void SaveProgress(StateDictionary state)
    {
        ArgumentNullException.ThrowIfNull(state);
        foreach (NullSpaceSite site in _sites) site.SaveProgress(state);
    }

    /// <inheritdoc/>
    public override void LoadProgress(StateDictionary state)
    {
        ArgumentNullException.ThrowIfNull(state);
        foreach (NullSpaceSite site in _sites) site.LoadProgress(state);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        FreeDrifts();
        foreach (NullSpaceSite state in _sites) state.Dispose();
    }

    private void FreeDrifts()
    {
        foreach (RowDrift drift in _drifts) drift.Dispose();
        _drifts.Clear();
    }

    private ProjectionSite Find(NullSpaceSite state)
    {
        ProjectionSite site = _method!.Sites.FirstOrDefault(s => s.Name == state.Name) ?? throw new InvalidOperationException($"{_method.Name} has no site '{state.Name}' any more.");
        return site.Dimension == state.Attached.Dimension && site.Rows == state.Attached.Rows ? site
            : throw new InvalidOperationException($"Site '{state.Name}' has {site.Rows} rows of {site.Dimension} channels; it had {state.Attached.Rows} of {state.Attached.Dimension}.");
    }

    private static string Describe(string what, BlendedProjector projector, double[]? values) => values is null || projector is { Shift: 0, Protected: null, Scale: 1 }
        ? $"{what} free"
        : projector.Scale == 0 ? $"no null direction among {projector.Dimension} {what}: these rows stand still"
        : string.Create(CultureInfo.InvariantCulture, $"{projector.Nullity} of {projector.Dimension} {what} null, steps keep {projector.Scale:p1} there and {projector.ProtectedGain:p1} elsewhere");

    // Streams the task's images through the method once, and only then changes anything.
    private void Learn(ConstraintTask task)
    {
        var grams = new List<(NullSpaceSite State, HeadGrams Readers, HeadGrams? Mixing)>();
        try
        {
            foreach (NullSpaceSite state in _sites)
            {
                ProjectionSite site = state.Attached;
                grams.Add((state, new HeadGrams(Moments.Heads(site), Moments.HeadWidth(site)), site.MixingName is null ? null : new HeadGrams(1, (int)site.Rows)));
            }
            string[] wanted = [.. _sites.SelectMany(s => new[] { ReadersName(s.Attached), s.Attached.MixingName }).OfType<string>().Distinct()];
            long images = 0;
            foreach (Tensor batch in task.SampleEvaluationImages(_options.MemorySamples ?? task.ImageCount))
            {
                long count = batch.shape[0];
                images += count;
                for (long first = 0; first < count; first += ChunkImages)
                {
                    using DisposeScope scope = NewDisposeScope();
                    IReadOnlyDictionary<string, Tensor> activations = _method!.CollectActivations(batch.narrow(0, first, Math.Min(ChunkImages, count - first)), wanted);
                    foreach ((NullSpaceSite state, HeadGrams readers, HeadGrams? mixing) in grams)
                    {
                        ProjectionSite site = state.Attached;
                        int heads = Moments.Heads(site);
                        Tensor read = Require(activations, ReadersName(site), site, heads * Moments.HeadWidth(site));
                        double weight = _options.CovarianceWeights == CovarianceWeights.Images ? 1 : 1.0 / (count * read.shape[1] * heads);
                        readers.Add(read, weight);
                        mixing?.Add(Require(activations, site.MixingName!, site, site.Rows), weight);
                    }
                }
            }
            List<(NullSpaceSite State, Moments Own)> learned = [.. grams.Select(g => (g.State, new Moments(g.Readers.ToArray(), g.Mixing?.ToArray())))];
            foreach ((NullSpaceSite state, Moments own) in learned)
                if (!own.IsFinite()) throw new InvalidOperationException($"The activations of site '{state.Name}' in task {task.Index + 1} hold NaN or infinite values; nothing was learned from them.");
            List<PastMoments?> past = [.. learned.Select(l => _options.Audit ? PastMoments.Of(task.Index, l.State.Attached, l.Own) : null)];
            for (int i = 0; i < learned.Count; i++) Keep(learned[i].State, learned[i].Own, past[i], images);
            ImagesSeen += images;
            task.Log($"{Name}: task {task.Index + 1}: {images} images added to the moments of {learned.Count} sites.");
        }
        finally
        {
            foreach ((_, HeadGrams readers, HeadGrams? mixing) in grams)
            {
                readers.Dispose();
                mixing?.Dispose();
            }
        }
    }

    private void Keep(NullSpaceSite state, Moments own, PastMoments? past, long images)
    {
        double all = ImagesSeen + images;
        state.Moments = _options.CovarianceWeights == CovarianceWeights.BatchMeans && all > 0 ? state.Moments.Combine(ImagesSeen / all, own, images / all) : state.Moments.Combine(1, own, 1);
        if (past is not null) state.Past.Add(past);
        if (_options.AuditedTasks is { } limit && state.Past.Count > limit) state.Past.RemoveRange(0, state.Past.Count - limit);
    }

    private static string ReadersName(ProjectionSite site) => site.Readers?.Name ?? site.ActivationsName;

    private Tensor Require(IReadOnlyDictionary<string, Tensor> activations, string name, ProjectionSite site, long width)
    {
        if (!activations.TryGetValue(name, out Tensor? value)) throw new InvalidOperationException($"{_method!.Name} collected no activations '{name}' for its site '{site.Name}'.");
        return value.shape is [_, _, var last] && last == width ? value
            : throw new InvalidOperationException($"The activations '{name}' of site '{site.Name}' have the shape [{string.Join(", ", value.shape)}]; expected [images, tokens, {width}].");
    }

    private InterferenceAudit? Audit(int taskIndex)
    {
        var entries = new List<InterferenceEntry>();
        foreach (NullSpaceSite state in _sites)
        {
            if (state.Past.Count == 0) continue;
            using DisposeScope scope = NewDisposeScope();
            ProjectionSite site = state.Site!;
            Tensor before = PastMoments.AsRead(site, state.Start!), change = PastMoments.AsRead(site, site.RowsOf(site.Parameter)) - before;
            foreach (PastMoments past in state.Past)
            {
                (double relative, double share) = past.MeasureReaders(site, before, change);
                entries.Add(ProjectionState.Entry(state.Name, past.TaskIndex, relative, share));
            }
            if (site.MixingName is not { } mixing) continue;
            foreach (PastMoments past in state.Past)
            {
                (double relative, double share) = past.MeasureMixing(site, before, change);
                entries.Add(ProjectionState.Entry(mixing, past.TaskIndex, relative, share));
            }
        }
        return entries.Count == 0 ? null : new InterferenceAudit(taskIndex, entries);
    }
}
