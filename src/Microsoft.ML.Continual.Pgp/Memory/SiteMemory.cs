using MathNet.Numerics.LinearAlgebra;
using Microsoft.ML.Continual.Methods;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Pgp;

/// <summary>One task's memory of one site: takes streamed activations, and at the end makes the matrix that the basis grows from.</summary>
internal sealed class SiteMemory : IDisposable
{
    private readonly string _site;
    private readonly int _dimension, _taskIndex;
    private readonly PgpOptions _options;
    private readonly int? _components;
    private readonly ActivationGram? _gram;      // what the directions are sought in
    private readonly ActivationGram? _audited;   // XᵀX as it is, where that is another matrix
    private readonly SampleMatrix? _samples;     // the released code's images × features

    public SiteMemory(ProjectionSite site, int taskIndex, PgpOptions options)
    {
        (_site, _dimension, _taskIndex, _options, _components) = (site.Name, site.Dimension, taskIndex, options, options.ComponentsOf(site));
        bool byImage = options.Space is PgpSpace.SampleIndexSum or PgpSpace.PrincipalAxes;
        if (byImage) _samples = new SampleMatrix(options.Space == PgpSpace.PrincipalAxes ? options.MemorySamples : _dimension);
        else _gram = new ActivationGram(_dimension, options.RowNormalise, options.Centre);
        if (options.Audit && (byImage || options.RowNormalise || options.Centre)) _audited = new ActivationGram(_dimension, unitRows: false, centre: false);
    }

    /// <summary>Adds a batch.</summary>
    /// <param name="activations">[B, tokens, d].</param>
    public void Add(Tensor activations)
    {
        if (activations.dim() != 3 || activations.shape[2] != _dimension)
            throw new InvalidOperationException($"The activations of site '{_site}' have the shape [{string.Join(", ", activations.shape)}]; expected [images, tokens, {_dimension}].");
        _gram?.Add(activations);
        _audited?.Add(activations);
        _samples?.Add(activations);
    }

    /// <summary>XᵀX for the audit, or null when there is none.</summary>
    public PastActivations? Audited() => _options.Audit ? PastActivations.From(_taskIndex, Finite((_audited ?? _gram!).ToMatrix())) : null;

    /// <summary>C = D·Dᵀ, and the scores it was made of where the space forms any.</summary>
    /// <param name="rows">P, [rows, d]; null for none.</param>
    public (Matrix<double> Gram, Matrix<double>? Inputs, Matrix<double>? Rows) Assemble(Matrix<double>? rows) => _options.Space switch
    {
        PgpSpace.InputOnly => (Reduced(InputGram()), null, null),
        PgpSpace.Stacked => (rows is null ? Reduced(InputGram()) : Reduced(InputGram()) + Reduced(RowGram(rows, _options.Centre)), null, null),
        PgpSpace.ChannelSum => rows is null
            ? (Reduced(InputGram()), null, null)   // S·Sᵀ with S = A alone
            : Sum(PrincipalScores.FromGram(InputGram(), _components, centre: false), PrincipalScores.FromGram(RowGram(rows, _options.Centre), _components, centre: false)),
        PgpSpace.SampleIndexSum => Sum(
            PrincipalScores.FromGram(SampleGram(), _components, _options.Centre),
            rows is null ? null : PrincipalScores.FromGram(RowGram(rows, centre: false) * rows.RowCount, _components, _options.Centre)),
        PgpSpace.PrincipalAxes => (ScoreEnergies(), null, null),
        _ => throw new InvalidOperationException($"Unknown space {_options.Space}."),
    };

    public void Dispose()
    {
        _gram?.Dispose();
        _audited?.Dispose();
        _samples?.Dispose();
    }

    private static (Matrix<double>, Matrix<double>?, Matrix<double>?) Sum(Matrix<double> inputs, Matrix<double>? rows)
    {
        Matrix<double> sum = rows is null ? inputs : inputs + rows;   // both [d, min(d, components)]
        return (sum.TransposeAndMultiply(sum), inputs, rows);
    }

    // XᵀX/n, so that the number of images does not weigh against P.
    private Matrix<double> InputGram() => Finite(_gram!.ToMatrix()) / Math.Max(1, _gram.Count);

    private Matrix<double> SampleGram() => _samples!.IsComplete ? Finite(_samples.Gram()) : throw new InvalidOperationException(
        $"{nameof(PgpSpace)}.{nameof(PgpSpace.SampleIndexSum)} needs {_dimension} images for site '{_site}', one for each of its dimensions; found {_samples.Count}.");

    // SᵀS of the images' principal scores S, [d, d]: diagonal, as principal scores are uncorrelated, with zeros where there are fewer images than dimensions.
    private Matrix<double> ScoreEnergies()
    {
        if (_samples!.Count == 0) return Matrix<double>.Build.Dense(_dimension, _dimension);
        Matrix<double> scores = PrincipalScores.FromGram(Finite(_samples.Gram()), Math.Min(_components ?? _dimension, _dimension), _options.Centre);
        return Matrix<double>.Build.DenseDiagonal(_dimension, _dimension, i => i < scores.ColumnCount ? scores.Column(i).DotProduct(scores.Column(i)) : 0);
    }

    // PᵀP/n.
    private Matrix<double> RowGram(Matrix<double> rows, bool centre)
    {
        rows = rows.Clone();
        if (_options.RowNormalise)
            for (int i = 0; i < rows.RowCount; i++) rows.SetRow(i, rows.Row(i) / Math.Max(rows.Row(i).L2Norm(), 1e-12));
        if (centre)
        {
            Vector<double> mean = rows.ColumnSums() / rows.RowCount;
            for (int i = 0; i < rows.RowCount; i++) rows.SetRow(i, rows.Row(i) - mean);
        }
        return Finite(rows.TransposeThisAndMultiply(rows) / rows.RowCount);
    }

    // Only the leading components, where fewer are asked for.
    private Matrix<double> Reduced(Matrix<double> gram)
    {
        if (_components is not { } count || count >= _dimension) return gram;
        Matrix<double> scores = PrincipalScores.FromGram(gram, count, centre: false);
        return scores.TransposeAndMultiply(scores);
    }

    private Matrix<double> Finite(Matrix<double> matrix)
    {
        foreach (double value in matrix.Enumerate())
            if (!double.IsFinite(value)) throw new InvalidOperationException($"The activations or rows of site '{_site}' in task {_taskIndex + 1} hold NaN or infinite values; nothing was learned from them.");
        return matrix;
    }
}
