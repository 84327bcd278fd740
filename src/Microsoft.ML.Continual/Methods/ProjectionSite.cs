using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods;

/// <summary>
/// A place where new tasks can disturb old ones: a parameter seen as rows of vectors, and the activations that old tasks send
/// into it through the product <c>x · pᵀ</c>. A projection works on sites and knows no method.
/// </summary>
public sealed class ProjectionSite
{
    /// <summary>Describes a site.</summary>
    /// <param name="name">Unique in the method, such as <c>prompt</c> or <c>key</c>.</param>
    /// <param name="parameter">The parameter; its last axis has the size <paramref name="dimension"/>.</param>
    /// <param name="dimension">The length of a row, equal to the width of the activations.</param>
    /// <param name="protectsOwnRows">Whether the products of the rows with each other (<c>p · pᵀ</c>) are to be kept too.</param>
    public ProjectionSite(string name, Parameter parameter, int dimension, bool protectsOwnRows)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(parameter);
        if (parameter.shape is not [.., var last] || last != dimension)
            throw new ArgumentException($"Site '{name}': the parameter's shape [{string.Join(", ", parameter.shape)}] does not end in {dimension}.", nameof(parameter));
        (Name, Parameter, Dimension, ProtectsOwnRows) = (name, parameter, dimension, protectsOwnRows);
    }

    /// <summary>The site's name.</summary>
    public string Name { get; }

    /// <summary>The parameter; seen as [rows, <see cref="Dimension"/>].</summary>
    public Parameter Parameter { get; }

    /// <summary>The length of a row.</summary>
    public int Dimension { get; }

    /// <summary>The number of rows.</summary>
    public long Rows => Parameter.numel() / Dimension;

    /// <summary>Whether <c>p · pᵀ</c> is to be kept as well as <c>x · pᵀ</c>.</summary>
    public bool ProtectsOwnRows { get; }

    /// <summary>[rows] bool on the device: the rows used in training since the task began; null when all are. The method owns it.</summary>
    public Tensor? RowsInUse { get; set; }

    /// <summary>[rows] bool on the device: the rows that the first image of the last batch selected; null when all were. The method owns it.</summary>
    /// <remarks>PGP's released code projects these rows only.</remarks>
    public Tensor? RowsOfFirstImage { get; set; }
}
