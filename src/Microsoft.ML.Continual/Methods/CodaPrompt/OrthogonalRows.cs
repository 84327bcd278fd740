using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.CodaPrompt;

/// <summary>Draws rows of length 1 that are to be orthogonal to given ones. On the CPU, in float64.</summary>
internal static class OrthogonalRows
{
    private const double Vanishing = 1e-8;   // the square of a length with which nothing more is done

    /// <summary>New rows, float32 [count, n].</summary>
    /// <param name="known">[k, n]; the latest n − count of them are heeded, for beyond these no direction is left.</param>
    /// <param name="count">At most n.</param>
    /// <param name="start">How.</param>
    /// <param name="random">Where they come from.</param>
    public static Tensor Draw(Tensor known, int count, ComponentStart start, SeededRandom random)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        long room = known.shape[1] - count, rows = known.shape[0];
        Tensor past = known.detach().to(CPU).to(ScalarType.Float64);
        if (rows > room) past = past.narrow(0, rows - room, room);
        return (start == ComponentStart.Orthonormal ? Complete(past, count, random) : GramSchmidt(past, count, random)).to(ScalarType.Float32).contiguous().MoveToOuterDisposeScope();
    }

    /// <summary>Rows that, with an orthonormal basis of the past ones, make an orthonormal set: [k, n] -> [count, n].</summary>
    internal static Tensor Complete(Tensor past, int count, SeededRandom random)
    {
        long rows = past.shape[0];
        Tensor drawn = random.NormalTensor(count, past.shape[1]).to(ScalarType.Float64);
        (Tensor basis, Tensor triangle) = linalg.qr(cat([past, drawn], 0).t());   // [n, k + count], [k + count, k + count]
        // Gram and Schmidt's signs, which do not depend on how the decomposition is computed.
        Tensor signs = triangle.diagonal(0, 0, 1).narrow(0, rows, count).sign();
        return (basis.narrow(1, rows, count) * signs).t();
    }

    /// <summary>The published procedure: rows of length 1 made one after another, the length given to them at the end.</summary>
    internal static Tensor GramSchmidt(Tensor past, int count, SeededRandom random)
    {
        long rows = past.shape[0], n = past.shape[1];
        Tensor all = past;
        for (int i = 0; i < count; i++)
        {
            Tensor row;
            do
                row = Remainder(all, random.NormalTensor(1, n).to(ScalarType.Float64));
            while (row.square().sum().item<double>() < Vanishing);
            all = cat([all, row], 0);
        }
        Tensor added = all.narrow(0, rows, count);
        return added / added.square().sum(1, keepdim: true).sqrt();
    }

    /// <summary>A row less its projections on each given row by itself: [k, n] and [1, n] -> [1, n]. A given row of zeros has no direction to take away.</summary>
    internal static Tensor Remainder(Tensor rows, Tensor row)
    {
        Tensor lengths = rows.square().sum(1);                                    // [k]
        Tensor shares = row.mm(rows.t()) / lengths.clamp_min(Vanishing);          // [1, k]
        return row - shares.masked_fill(lengths.lt(Vanishing), 0).mm(rows);
    }
}
