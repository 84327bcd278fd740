using MathNet.Numerics.LinearAlgebra;

namespace Microsoft.ML.Continual.Pgp;

/// <summary>What a memory pass made of one site, for tests.</summary>
/// <param name="Site">The site's name.</param>
/// <param name="Inputs">The principal scores of X, or null where none were formed.</param>
/// <param name="Rows">The principal scores of P, or null.</param>
/// <param name="Gram">C = D·Dᵀ, which the basis was given.</param>
/// <param name="Rule">By which the basis grew.</param>
/// <param name="Before">The basis before.</param>
/// <param name="Growth">What it did.</param>
internal sealed record MemoryInspection(string Site, Matrix<double>? Inputs, Matrix<double>? Rows, Matrix<double> Gram, SubspaceRule Rule, SubspaceBasis Before, SubspaceGrowth Growth);
