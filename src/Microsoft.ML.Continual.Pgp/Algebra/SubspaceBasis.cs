using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Factorization;

namespace Microsoft.ML.Continual.Pgp;

/// <summary>
/// An orthonormal basis F (d × r, float64) of protected directions, and what a gradient projection does with it. Immutable.
/// </summary>
/// <remarks>
/// <para>
/// Grows as in gradient projection memory: from the part of the data that the span does not hold yet. The data D (d × m, one vector a column) enter only
/// through C = D·Dᵀ, so that activations can be streamed: with Q = I − F·Fᵀ, the eigenvectors of Q·C·Q are the left singular vectors of the residual
/// D − F·Fᵀ·D and its eigenvalues their squared singular values.
/// </para>
/// <para>
/// The price of C: singular values below about 1e-8 of the largest drown in its rounding (an eigenvalue carries an error near 1e-16 of the largest one).
/// That is why <see cref="SubspaceRule.Tolerance"/> is 1e-6 and not the 1e-10 one would take with D itself; see there. Eigenvectors of small eigenvalues may
/// lean towards F by as much as rounding over their eigenvalue; each new block is therefore orthogonalised against F (twice) and in itself.
/// </para>
/// </remarks>
public sealed class SubspaceBasis
{
    /// <summary>No energy is taken from an eigenvalue below this share of the largest: rounding of a float64 eigenvalue decomposition of any size used here.</summary>
    private const double EigenvalueFloor = 1e-13;

    private readonly Matrix<double> _columns;   // [d, r]; with r = 0 a placeholder, as matrices without columns do not exist

    private SubspaceBasis(Matrix<double> columns, int rank) => (_columns, Rank) = (columns, rank);

    /// <summary>The basis without directions.</summary>
    /// <param name="dimension">d, positive.</param>
    public static SubspaceBasis Empty(int dimension)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(dimension);
        return new SubspaceBasis(Matrix<double>.Build.Dense(dimension, 1), 0);
    }

    /// <summary>A basis from columns that are orthonormal already, such as <see cref="ToRowMajorArray"/> gave; they are kept bit for bit.</summary>
    /// <param name="dimension">d.</param>
    /// <param name="rank">r, at most d.</param>
    /// <param name="rowMajor">The d·r entries, row by row.</param>
    /// <exception cref="ArgumentException">The sizes do not fit, or the columns are not orthonormal to 1e-8.</exception>
    public static SubspaceBasis FromOrthonormal(int dimension, int rank, double[] rowMajor)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(dimension);
        ArgumentNullException.ThrowIfNull(rowMajor);
        if (rank < 0 || rank > dimension || rowMajor.LongLength != (long)dimension * rank)
            throw new ArgumentException($"A basis of {rank} directions in {dimension} dimensions needs {(long)dimension * rank} entries; found {rowMajor.LongLength}.", nameof(rowMajor));
        if (rank == 0) return Empty(dimension);
        Matrix<double> columns = Matrix<double>.Build.DenseOfRowMajor(dimension, rank, rowMajor);
        double error = (columns.TransposeThisAndMultiply(columns) - Matrix<double>.Build.DenseIdentity(rank)).Enumerate().Aggregate(0.0, (largest, value) => Math.Max(largest, Math.Abs(value)));   // NaN where one is
        return error <= 1e-8 ? new SubspaceBasis(columns, rank)
            : throw new ArgumentException(FormattableString.Invariant($"The columns are not orthonormal: FᵀF differs from the identity by up to {error:g3}; expected at most 1e-8."), nameof(rowMajor));
    }

    /// <summary>d, the length of a direction.</summary>
    public int Dimension => _columns.RowCount;

    /// <summary>r, the number of protected directions.</summary>
    public int Rank { get; }

    /// <summary>The entries of F, row by row; empty for rank 0.</summary>
    public double[] ToRowMajorArray() => Rank == 0 ? [] : _columns.ToRowMajorArray();

    /// <summary>F·Fᵀ, the projector onto the protected directions, [d, d].</summary>
    public Matrix<double> Projector() => Rank == 0 ? Matrix<double>.Build.Dense(Dimension, Dimension) : _columns.TransposeAndMultiply(_columns);

    /// <summary>P⊥ = I − F·Fᵀ, the projector onto the free directions, [d, d].</summary>
    public Matrix<double> FreeProjector() => Matrix<double>.Build.DenseIdentity(Dimension) - Projector();

    /// <summary>G·P⊥ = G − (G·F)·Fᵀ: takes the protected directions out of each row.</summary>
    /// <param name="rows">G, [n, d].</param>
    public Matrix<double> Apply(Matrix<double> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        if (rows.ColumnCount != Dimension) throw new ArgumentException($"The rows have {rows.ColumnCount} entries; the basis has dimension {Dimension}.", nameof(rows));
        return Rank == 0 ? rows.Clone() : rows - (rows * _columns).TransposeAndMultiply(_columns);
    }

    /// <summary>Adds the leading directions of what the span does not hold of the data yet, as in gradient projection memory.</summary>
    /// <param name="gram">C = D·Dᵀ, [d, d], symmetric; any positive scale.</param>
    /// <param name="rule">Energy, power, rank rule, tolerance.</param>
    /// <returns>The grown basis: old directions stay as they are, bit for bit. Data without energy, or a full basis, change nothing.</returns>
    /// <exception cref="ArgumentException">A size does not fit, or an entry is NaN or infinite.</exception>
    public SubspaceGrowth Grow(Matrix<double> gram, SubspaceRule rule)
    {
        ArgumentNullException.ThrowIfNull(gram);
        ArgumentNullException.ThrowIfNull(rule);
        rule.Validate();
        CheckGram(gram, Dimension);
        double trace = gram.Trace();
        if (!(trace > 1e-290)) return new SubspaceGrowth(this, 0, 1, 1, []);

        // Scaled to trace 1, so that fourth powers neither overflow nor vanish. The fourth power of σ is the square of C's eigenvalue: C·C in place of C.
        Matrix<double> data = gram / trace;
        Matrix<double> powered = rule.EnergyPower == 4 ? data * data : data;
        double total, largest;
        double[] energies;
        SymmetricEigen eigen;
        if (Rank == 0)
        {
            eigen = new SymmetricEigen(data);
            energies = Array.ConvertAll(eigen.Values, v => Math.Pow(Math.Max(0, v), rule.EnergyPower / 2));
            total = energies.Sum();
            largest = energies[0];
        }
        else
        {
            eigen = new SymmetricEigen(Residual(powered));
            energies = Array.ConvertAll(eigen.Values, v => Math.Max(0, v));
            total = powered.Trace();
            largest = Math.Max(energies[0], SymmetricEigen.LargestEigenvalue(powered));
        }
        double[] shares = Array.ConvertAll(energies, e => e / total);
        double before = Rank == 0 ? 0 : Math.Clamp(1 - shares.Sum(), 0, 1);

        // A first update has the eigenvalues of C at full accuracy, whatever their power; a later one with π = 4 has those of C·C.
        double floor = largest * (Rank == 0
            ? Math.Pow(Math.Max(rule.Tolerance * rule.Tolerance, EigenvalueFloor), rule.EnergyPower / 2)
            : Math.Max(Math.Pow(rule.Tolerance, rule.EnergyPower), EigenvalueFloor));
        int usable = Math.Min(Dimension - Rank, energies.TakeWhile(e => e > floor).Count());
        int added = Math.Min(usable, EnergyRank.Count(rule.RankRule, shares, rule.Energy, before));
        double after = Math.Min(1, before + shares.Take(added).Sum());
        SubspaceBasis grown = added == 0 ? this : Append(eigen.Leading(added));
        return new SubspaceGrowth(grown, added, before, after, shares);
    }

    /// <summary>The span of both bases: this one's directions, then what the other adds.</summary>
    /// <param name="other">A basis of the same dimension.</param>
    public SubspaceBasis Merge(SubspaceBasis other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.Dimension != Dimension) throw new ArgumentException($"The other basis has dimension {other.Dimension}; expected {Dimension}.", nameof(other));
        if (other.Rank == 0) return this;
        return Rank == 0 ? other : Grow(other.Projector(), new SubspaceRule(1)).Basis;
    }

    /// <summary>Q·C·Q with Q = I − F·Fᵀ, made symmetric to the last bit.</summary>
    private Matrix<double> Residual(Matrix<double> gram)
    {
        Matrix<double> half = gram - _columns * _columns.TransposeThisAndMultiply(gram);          // Q·C
        Matrix<double> whole = half - (half * _columns).TransposeAndMultiply(_columns);           // Q·C·Q
        return (whole + whole.Transpose()) * 0.5;
    }

    private SubspaceBasis Append(Matrix<double> directions)
    {
        if (Rank > 0)
            for (int pass = 0; pass < 2; pass++)   // twice is enough: the first pass may lose digits, the second has none to lose
                directions -= _columns * _columns.TransposeThisAndMultiply(directions);
        QR<double> qr = directions.QR(QRMethod.Thin);
        Matrix<double> fresh = qr.Q;
        SymmetricEigen.FixSigns(fresh);
        return new SubspaceBasis(Rank == 0 ? fresh : _columns.Append(fresh), Rank + fresh.ColumnCount);
    }

    internal static void CheckGram(Matrix<double> gram, int dimension)
    {
        if (gram.RowCount != dimension || gram.ColumnCount != dimension)
            throw new ArgumentException($"The Gram matrix has the shape [{gram.RowCount}, {gram.ColumnCount}]; expected [{dimension}, {dimension}].", nameof(gram));
        foreach (double value in gram.Enumerate())
            if (!double.IsFinite(value)) throw new ArgumentException("The Gram matrix has entries that are NaN or infinite: the activations it was made of were not finite.", nameof(gram));
    }
}
