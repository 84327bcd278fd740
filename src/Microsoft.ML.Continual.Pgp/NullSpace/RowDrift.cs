using Microsoft.ML.Continual.Methods;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Pgp;

/// <summary>
/// Keeps mean and deviation of rows where a task found them: the change of a row is then a change of the normalised row (NSP², equation of L_LN). For rows that go through a layer norm.
/// </summary>
internal sealed class RowDrift : IDisposable
{
    private readonly ProjectionSite[] _sites;   // all of one shape
    private readonly Tensor _means, _deviations;   // [sites, M]

    /// <param name="sites">At least one; all of one shape.</param>
    public RowDrift(IEnumerable<ProjectionSite> sites)
    {
        _sites = [.. sites];
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        (Tensor means, Tensor deviations) = Statistics();
        (_means, _deviations) = (means.DetachFromDisposeScope(), deviations.DetachFromDisposeScope());
    }

    /// <summary>Σ over sites of the mean (or sum) over rows of |µ − µ₀|, and of |σ − σ₀|; σ without Bessel's correction. At µ = µ₀ the gradient is 0.</summary>
    public (Tensor Means, Tensor Deviations) Terms(bool sumOverRows)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor means, Tensor deviations) = Statistics();
        return (Total(means - _means).MoveToOuterDisposeScope(), Total(deviations - _deviations).MoveToOuterDisposeScope());

        Tensor Total(Tensor change) => sumOverRows ? change.abs().sum() : change.abs().mean([1]).sum();
    }

    public void Dispose()
    {
        _means.Dispose();
        _deviations.Dispose();
    }

    private (Tensor, Tensor) Statistics()
    {
        Tensor rows = stack(_sites.Select(s => s.RowsOf(s.Parameter).reshape(s.Rows, s.Dimension)).ToList());   // [sites, M, D]
        Tensor means = rows.mean([2]);
        return (means, (rows - means.unsqueeze(2)).square().mean([2]).sqrt());
    }
}
