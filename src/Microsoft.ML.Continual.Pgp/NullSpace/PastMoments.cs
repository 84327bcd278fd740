using Microsoft.ML.Continual.Methods;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Pgp;

/// <summary>
/// What is kept of a task at a site to audit later tasks. With the rows p̂ as they are read (after the norm), <c>‖x_h L_h Δp̂ᵀ‖</c> and <c>‖s Δp̂‖</c> over all of the task's tokens follow
/// exactly from the second moments. The first is how far attention's logits moved, times their scale; the second how far the mixtures of rows did at fixed attention.
/// </summary>
/// <param name="TaskIndex">The task, 0-based.</param>
/// <param name="Moments">Its second moments alone.</param>
/// <param name="LargestReader">The largest eigenvalue of C₁: the square of the most that readers can stretch a row of length 1.</param>
/// <param name="LargestMixing">The same of C₂; 0 where there is none.</param>
internal sealed record PastMoments(int TaskIndex, Moments Moments, double LargestReader, double LargestMixing)
{
    public static PastMoments Of(int taskIndex, ProjectionSite site, Moments moments) => new(taskIndex, moments, SymmetricEigen.LargestEigenvalue(moments.ReadersMatrix(site)),
        moments.Mixing is null ? 0 : SymmetricEigen.LargestEigenvalue(moments.MixingMatrix(site)));

    /// <summary>The rows as they are read: [..., D] -> [M, D] float64 on the CPU, after the site's norm.</summary>
    public static Tensor AsRead(ProjectionSite site, Tensor rows)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor values = rows.detach().to(ScalarType.Float64).to(CPU).reshape(-1, site.Dimension);
        if (site.Norm is { } norm)
            values = nn.functional.layer_norm(values, [site.Dimension], norm.Weight.to(ScalarType.Float64).to(CPU), norm.Bias.to(ScalarType.Float64).to(CPU), norm.Epsilon);
        return values.MoveToOuterDisposeScope();
    }

    /// <summary>How far what readers make of the rows moved: relatively, and as a share of the most that a change of this size could have done.</summary>
    public (double Relative, double Share) MeasureReaders(ProjectionSite site, Tensor before, Tensor change) => Measure(rows => ReaderEnergy(site, rows), LargestReader, before, change);

    /// <summary>The same of the mixtures of rows.</summary>
    public (double Relative, double Share) MeasureMixing(ProjectionSite site, Tensor before, Tensor change) => Measure(rows => MixingEnergy(site, rows), LargestMixing, before, change);

    private static (double, double) Measure(Func<Tensor, double> energy, double largest, Tensor before, Tensor change)
    {
        using DisposeScope scope = NewDisposeScope();
        double moved = energy(change), size = change.square().sum().item<double>();
        if (moved == 0) return (0, 0);
        double products = energy(before);
        return (products > 0 ? Math.Sqrt(moved / products) : double.MaxValue, Math.Min(1, Math.Sqrt(moved / (largest * size))));
    }

    // Σ_h tr(r_h G_h r_hᵀ) with r_h = r·L_hᵀ; rounding can take a vanishing one below zero.
    private double ReaderEnergy(ProjectionSite site, Tensor rows)
    {
        int heads = Moments.Heads(site), d = Moments.HeadWidth(site);
        Tensor seen = rows.unsqueeze(0);
        if (site.Readers is { } readers) seen = seen.expand(heads, rows.shape[0], rows.shape[1]).bmm(readers.Maps.to(ScalarType.Float64).to(CPU).transpose(1, 2));   // [H, M, D] × [H, D, d]
        Tensor grams = TensorMatrix.ToTensor(Moments.Readers, heads, d, d);
        return Math.Max(0, (seen.bmm(grams) * seen).sum().item<double>());
    }

    // tr(rᵀ C₂ r).
    private double MixingEnergy(ProjectionSite site, Tensor rows) =>
        Math.Max(0, (TensorMatrix.ToTensor(Moments.Mixing!, site.Rows, site.Rows).mm(rows) * rows).sum().item<double>());
}
