using MathNet.Numerics.LinearAlgebra;
using Microsoft.ML.Continual.Methods;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Pgp;

/// <summary>Second moments of what reads and what mixes a site's rows, without either: Σ x_hᵀx_h for each head and Σ sᵀs.</summary>
/// <param name="Readers">[H, d, d]; of a site without known readers [1, D, D], of its activations.</param>
/// <param name="Mixing">[M, M]; null of a site whose mixing is not known.</param>
internal sealed record Moments(double[] Readers, double[]? Mixing)
{
    public static Moments Zero(ProjectionSite site) => new(new double[ReadersLength(site)], site.MixingName is null ? null : new double[site.Rows * site.Rows]);

    public static int Heads(ProjectionSite site) => site.Readers?.Heads ?? 1;

    public static int HeadWidth(ProjectionSite site) => site.Readers?.HeadWidth ?? site.Dimension;

    private static int ReadersLength(ProjectionSite site) => Heads(site) * HeadWidth(site) * HeadWidth(site);

    /// <summary>own·this + others·other.</summary>
    public Moments Combine(double own, Moments other, double others) => new(
        Sum(Readers, own, other.Readers, others), Mixing is null ? null : Sum(Mixing, own, other.Mixing!, others));

    public bool IsFinite() => Readers.All(double.IsFinite) && (Mixing?.All(double.IsFinite) ?? true);

    /// <summary>C₁ = Σ_h L_hᵀ (Σ x_hᵀx_h) L_h, [D, D].</summary>
    public Matrix<double> ReadersMatrix(ProjectionSite site)
    {
        int d = HeadWidth(site), dimension = site.Dimension;
        if (site.Readers is null) return Matrix<double>.Build.DenseOfRowMajor(dimension, dimension, Readers);
        using DisposeScope scope = NewDisposeScope();
        Tensor grams = TensorMatrix.ToTensor(Readers, Heads(site), d, d), maps = site.Readers.Maps.to(ScalarType.Float64).to(CPU);
        Tensor sum = maps.transpose(1, 2).contiguous().bmm(grams.bmm(maps)).sum(dim: 0);   // [H, D, d] × ([H, d, d] × [H, d, D]) -> [H, D, D] -> [D, D]
        return Matrix<double>.Build.DenseOfRowMajor(dimension, dimension, TensorMatrix.ToArray((sum + sum.t()) * 0.5));
    }

    /// <summary>C₂, [M, M].</summary>
    public Matrix<double> MixingMatrix(ProjectionSite site) => Matrix<double>.Build.DenseOfRowMajor((int)site.Rows, (int)site.Rows, Mixing!);

    private static double[] Sum(double[] a, double own, double[] b, double others) => [.. a.Zip(b, (x, y) => own * x + others * y)];
}
