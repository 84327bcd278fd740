using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Pgp;

/// <summary>What the null-space projection knows of one site: what lasts over tasks, and what belongs to the task at hand.</summary>
/// <param name="attached">The site as it was when the projection was attached: its name and sizes last, its parameter need not.</param>
internal sealed class NullSpaceSite(ProjectionSite attached) : IDisposable
{
    private Tensor? _before, _moved;           // [..., D] before the step; [M, D] how far since the task began
    private Tensor? _protected, _aggregation;  // F [D, k] and A₂ [M, M] in the parameter's type
    private double _scale, _shift;

    public ProjectionSite Attached => attached;

    public string Name => attached.Name;

    // Lasting.
    public Moments Moments { get; set; } = Moments.Zero(attached);

    public List<PastMoments> Past { get; } = [];

    // Of the task at hand.
    public ProjectionSite? Site { get; private set; }

    /// <summary>[..., D] the rows' values when the task began.</summary>
    public Tensor? Start { get; private set; }

    /// <summary>The projectors of the task; null in the first.</summary>
    public SiteNullSpaces? Spaces { get; private set; }

    public void Begin(ProjectionSite site, SiteNullSpaces? spaces)
    {
        End();
        (Site, Spaces) = (site, spaces);
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        Start = site.RowsOf(site.Parameter).detach().clone().DetachFromDisposeScope();
        if (spaces is null) return;
        _before = Start.clone().DetachFromDisposeScope();
        _moved = zeros_like(Start).reshape(-1, site.Dimension).DetachFromDisposeScope();
        (_scale, _shift) = (spaces.Affinity.Scale, spaces.Affinity.Shift);
        if (spaces.Affinity.Protected is { } basis) _protected = OnDevice(TensorMatrix.ToTensor(basis.ToRowMajorArray(), basis.RowCount, basis.ColumnCount));
        if (spaces.AggregationValues is not null)
            _aggregation = OnDevice(TensorMatrix.ToTensor(spaces.Aggregation.ToDense().ToRowMajorArray(), site.Rows, site.Rows));

        Tensor OnDevice(Tensor values) => values.to(site.Parameter.dtype).to(site.Parameter.device).DetachFromDisposeScope();
    }

    public void BeforeStep()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        _before!.copy_(Site!.RowsOf(Site.Parameter));
    }

    /// <summary>U ← A₂·U·A₁ for the step U just made. The steps are added up by themselves, so that what rounding does to the rows does not.</summary>
    public void AfterStep()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        Tensor rows = Site!.RowsOf(Site.Parameter);
        _moved!.add_(Project((rows - _before!).reshape(-1, Site.Dimension)));   // [..., D] -> [M, D]
        rows.copy_(Start! + _moved.reshape(Start!.shape));
    }

    /// <summary>A₂·U·A₁ for U [M, D], in the caller's dispose scope.</summary>
    public Tensor Project(Tensor update)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor step = update * _scale;
        if (_protected is not null) step = step + update.mm(_protected).mm(_protected.t()) * _shift;   // [M, D] × [D, k] × [k, D]
        if (_aggregation is not null) step = _aggregation.mm(step);                                    // [M, M] × [M, D]
        return step.MoveToOuterDisposeScope();
    }

    /// <summary>Writes how far the rows have moved: their places alone do not tell, because a sum rounds.</summary>
    public void SaveProgress(StateDictionary state)
    {
        if (_moved is not null) state.Add($"{Name}.moved", _moved);
    }

    /// <summary>Takes over what <see cref="SaveProgress"/> wrote.</summary>
    public void LoadProgress(StateDictionary state)
    {
        if (_moved is null) return;
        using IDisposable frozen = no_grad();
        _moved.copy_(state.Get($"{Name}.moved", _moved.shape));
    }

    /// <summary>Frees what belongs to the task.</summary>
    public void End()
    {
        foreach (Tensor? tensor in new[] { Start, _before, _moved, _protected, _aggregation }) tensor?.Dispose();
        (Site, Spaces, Start, _before, _moved, _protected, _aggregation) = (null, null, null, null, null, null, null);
    }

    public void Dispose() => End();
}
