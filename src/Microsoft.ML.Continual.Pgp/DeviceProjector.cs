using Microsoft.ML.Continual.Methods;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Pgp;

/// <summary>
/// A basis F on a parameter's device, for the steps of one task: takes the protected directions out of a gradient or a displacement, in place and without reading anything back.
/// </summary>
internal sealed class DeviceProjector : IDisposable
{
    private readonly Tensor? _basis;    // [d, r] in the parameter's type
    private readonly int _dimension;
    private readonly bool _isFull;      // nothing is free: the result is zero to the last bit, not to rounding

    public DeviceProjector(SubspaceBasis basis, Parameter parameter)
    {
        _dimension = basis.Dimension;
        _isFull = basis.Rank == basis.Dimension;
        if (basis.Rank == 0 || _isFull) return;
        using DisposeScope scope = NewDisposeScope();
        _basis = TensorMatrix.ToTensor(basis.ToRowMajorArray(), basis.Dimension, basis.Rank).to(parameter.dtype).to(parameter.device).DetachFromDisposeScope();
    }

    /// <summary>G ← G − (G·F)·Fᵀ on the gradient of a site's rows.</summary>
    /// <param name="site">Where its parameter has no gradient, nothing happens.</param>
    /// <param name="rows">[rows] bool: the rows to project; null for all.</param>
    public void ProjectGradient(ProjectionSite site, Tensor? rows)
    {
        if (_basis is null && !_isFull) return;
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        if (site.Parameter.grad is not { } whole) return;
        Tensor gradient = site.RowsOf(whole), raw = gradient.reshape(-1, _dimension);   // [..., d] -> [rows, d]
        Tensor projected = Project(raw);
        if (rows is not null) projected = where(rows.reshape(-1, 1), projected, raw);
        gradient.copy_(projected.reshape(gradient.shape));
    }

    /// <summary>p ← p₀ + Δ − (Δ·F)·Fᵀ with Δ = p − p₀: the whole displacement, so that roundings of single steps do not add up.</summary>
    /// <param name="site">Whose rows p, […, d], are moved.</param>
    /// <param name="start">p₀, of the same shape.</param>
    /// <param name="rows">[rows] bool: the rows to project; null for all.</param>
    public void ProjectDisplacement(ProjectionSite site, Tensor start, Tensor? rows)
    {
        if (_basis is null && !_isFull) return;
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor parameter = site.RowsOf(site.Parameter);
        Tensor allowed = _isFull ? start : start + Project((parameter - start).reshape(-1, _dimension)).reshape(start.shape);   // [..., d] -> [rows, d] -> [..., d]
        // start has the shape of the rows: a mask of [rows] becomes [..., 1].
        parameter.copy_(rows is null ? allowed : where(rows.reshape([.. start.shape[..^1], 1]), allowed, parameter));
    }

    public void Dispose() => _basis?.Dispose();

    private Tensor Project(Tensor rows) => _isFull ? zeros_like(rows) : rows - rows.matmul(_basis!).matmul(_basis!.t());   // [n, d] x [d, r] x [r, d]
}
