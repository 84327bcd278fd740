using MathNet.Numerics.LinearAlgebra;
using Microsoft.ML.Continual.Methods;
using TorchSharp;

namespace Microsoft.ML.Continual.Pgp;

/// <summary>The two projectors of a site for one task, made from the second moments of the tasks before.</summary>
/// <param name="Affinity">A₁, on the right: [D, D].</param>
/// <param name="Aggregation">A₂, on the left: [M, M].</param>
/// <param name="AffinityValues">The eigenvalues of C₁ (through the norm where the options ask for it), descending.</param>
/// <param name="AggregationValues">The same of C₂; null where the site's mixing is not known.</param>
internal sealed record SiteNullSpaces(BlendedProjector Affinity, BlendedProjector Aggregation, double[] AffinityValues, double[]? AggregationValues)
{
    /// <param name="site">The site, with the rows' present values.</param>
    /// <param name="moments">Of all tasks before.</param>
    /// <param name="options">The options.</param>
    public static SiteNullSpaces Create(ProjectionSite site, Moments moments, NullSpaceOptions options)
    {
        RowNorm? norm = options.ThroughNorm ? site.Norm : null;
        Matrix<double> readers = moments.ReadersMatrix(site);
        Matrix<double>? mixing = moments.Mixing is null ? null : moments.MixingMatrix(site);
        List<Vector<double>> kept = [];
        if (norm is not null)
        {
            // LN(P + ΔP) = LN(P) + (ΔP/σ)·diag(α) as long as no row's mean and deviation move: 1·ΔPᵀ = 0 and (P_i − µ_i)·ΔP_iᵀ = 0.
            int width = site.Dimension;
            Vector<double>[] centred = [.. TensorMatrix.ToMatrix(site.RowsOf(site.Parameter), width).EnumerateRows().Select(row => row - row.Sum() / width)];
            kept = [Vector<double>.Build.Dense(width, 1), .. centred];
            readers = Scaled(readers, TensorMatrix.ToArray(norm.Weight));
            if (mixing is not null) mixing = Scaled(mixing, [.. centred.Select(row => 1 / Math.Sqrt(row.DotProduct(row) / width + norm.Epsilon))]);
        }
        (BlendedProjector affinity, double[] affinityValues) = Blend(readers, kept, options.Affinity, options.AffinityEta, options.NormalizeProjector);
        if (mixing is null) return new SiteNullSpaces(affinity, BlendedProjector.Identity((int)site.Rows), affinityValues, null);
        (BlendedProjector aggregation, double[] aggregationValues) = Blend(mixing, [], options.Aggregation, options.AggregationEta, options.NormalizeProjector);
        return new SiteNullSpaces(affinity, aggregation, affinityValues, aggregationValues);
    }

    /// <summary>A from C. Where C is 0, or the rule cannot be applied, A = I: nothing is known that should be kept.</summary>
    /// <param name="covariance">C, symmetric.</param>
    /// <param name="kept">Directions that are protected whatever the spectrum says.</param>
    /// <param name="query">The rule.</param>
    /// <param name="eta">η.</param>
    /// <param name="normalise">Whether the projector is divided by its norm.</param>
    public static (BlendedProjector Projector, double[] Values) Blend(Matrix<double> covariance, IReadOnlyList<Vector<double>> kept, NullityQuery query, double eta, bool normalise)
    {
        int n = covariance.RowCount;
        var eigen = new SymmetricEigen(covariance);
        double[] values = [.. eigen.Values.Select(v => Math.Max(0, v))];   // rounding takes vanishing ones below zero
        if (values[0] == 0 || Nullity.FirstNull(values, query) is not { } first) return (BlendedProjector.Identity(n), values);
        Matrix<double>? leading = first == 0 ? null : eigen.Leading(first);
        return (BlendedProjector.Create(Extend(leading, kept, n), n, eta, normalise), values);
    }

    /// <summary>An orthonormal basis of the columns of one and of further directions (Gram and Schmidt, twice).</summary>
    private static Matrix<double>? Extend(Matrix<double>? basis, IReadOnlyList<Vector<double>> directions, int dimension)
    {
        List<Vector<double>> columns = basis is null ? [] : [.. basis.EnumerateColumns()];
        foreach (Vector<double> direction in directions)
        {
            if (columns.Count == dimension) break;
            Vector<double> rest = direction.Clone();
            double length = rest.L2Norm();
            for (int pass = 0; pass < 2; pass++)
                foreach (Vector<double> column in columns) rest -= column * column.DotProduct(rest);
            double left = rest.L2Norm();
            if (left > 1e-9 * length) columns.Add(rest / left);
        }
        return columns.Count == 0 ? null : Matrix<double>.Build.DenseOfColumnVectors(columns);
    }

    // diag(s)·C·diag(s).
    private static Matrix<double> Scaled(Matrix<double> matrix, double[] scale) => Matrix<double>.Build.Dense(matrix.RowCount, matrix.ColumnCount, (i, j) => scale[i] * matrix[i, j] * scale[j]);
}
