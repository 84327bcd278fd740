using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods;

/// <summary>
/// A place where new tasks can disturb old ones: a parameter, or a slice of one, seen as rows of vectors, and the activations that old tasks send
/// into it through the product <c>x · pᵀ</c>. A projection works on sites and knows no method.
/// </summary>
public sealed class ProjectionSite
{
    private readonly Func<Tensor, Tensor>? _view;

    /// <summary>Describes a site.</summary>
    /// <param name="name">Unique in the method, such as <c>prompt</c> or <c>block2.e_prompt.key</c>.</param>
    /// <param name="parameter">The parameter; its last axis, or that of the slice, has the size <paramref name="dimension"/>.</param>
    /// <param name="dimension">The length of a row, equal to the width of the activations.</param>
    /// <param name="protectsOwnRows">Whether the products of the rows with each other (<c>p · pᵀ</c>) are to be kept too.</param>
    /// <param name="view">
    /// Takes the site's slice out of a tensor of the parameter's shape (the parameter, its gradient, a copy), [..., dimension]. It must share the tensor's storage: projections write into it.
    /// Null is the whole parameter.
    /// </param>
    /// <exception cref="ArgumentException">The slice does not end in <paramref name="dimension"/>.</exception>
    public ProjectionSite(string name, Parameter parameter, int dimension, bool protectsOwnRows, Func<Tensor, Tensor>? view = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(parameter);
        (Name, Parameter, Dimension, ProtectsOwnRows, _view) = (name, parameter, dimension, protectsOwnRows, view);
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        Tensor rows = RowsOf(parameter);
        if (rows.shape is not [.., var last] || last != dimension)
            throw new ArgumentException($"Site '{name}': the parameter's shape [{string.Join(", ", rows.shape)}] does not end in {dimension}.", nameof(parameter));
        Rows = rows.numel() / dimension;
    }

    /// <summary>The site's name.</summary>
    public string Name { get; }

    /// <summary>The parameter that the site is, or is a slice of.</summary>
    public Parameter Parameter { get; }

    /// <summary>The length of a row.</summary>
    public int Dimension { get; }

    /// <summary>The number of rows.</summary>
    public long Rows { get; }

    /// <summary>Whether <c>p · pᵀ</c> is to be kept as well as <c>x · pᵀ</c>.</summary>
    public bool ProtectsOwnRows { get; }

    /// <summary>What the rows are for.</summary>
    /// <value>The default is <see cref="SiteRole.Prompt"/>.</value>
    public SiteRole Role { get; init; } = SiteRole.Prompt;

    /// <summary>Whether a projection works on this site when its options do not say.</summary>
    /// <value>The default is true.</value>
    public bool ProjectedByDefault { get; init; } = true;

    /// <summary>
    /// The site cut into attention heads, where its products count head by head: a projection may work on these in its place. The name of each starts with this site's.
    /// </summary>
    /// <value>The default is empty: there are no heads to tell apart.</value>
    public IReadOnlyList<ProjectionSite> Heads { get; init; } = [];

    /// <summary>The site under whose name the method collects the activations: the whole site of a head, else the site itself.</summary>
    public string ActivationsName => Whole ?? Name;

    /// <summary>For a head: the name of the site it is part of.</summary>
    /// <value>The default is null: the site is whole.</value>
    public string? Whole { get; init; }

    /// <summary>For a head: its part [B, tokens, <see cref="Dimension"/>] of the whole site's activations.</summary>
    /// <value>The default is null: all of them.</value>
    public Func<Tensor, Tensor>? SelectActivations { get; init; }

    /// <summary>What multiplies the rows through fixed maps, head by head, where it is known: for projections that ask for more than <see cref="ActivationsName"/>.</summary>
    /// <value>The default is null: the activations themselves are all that is known.</value>
    public MappedActivations? Readers { get; init; }

    /// <summary>
    /// The name under which the method collects by how much tokens of old tasks mix in each row: weights s, [B, tokens, <see cref="Rows"/>], of the sums <c>s · p</c> over rows.
    /// </summary>
    /// <value>The default is null: rows are not mixed, or it is not known how.</value>
    public string? MixingName { get; init; }

    /// <summary>The layer norm that each row goes through before anything reads it.</summary>
    /// <value>The default is null: rows are read as they are.</value>
    public RowNorm? Norm { get; init; }

    /// <summary>[rows] bool on the device: the rows used in training since the task began; null when all are. The method owns it.</summary>
    public Tensor? RowsInUse { get; set; }

    /// <summary>[rows] bool on the device: the rows that the first image of the last batch selected; null when all were. The method owns it.</summary>
    /// <remarks>PGP's released code projects these rows only.</remarks>
    public Tensor? RowsOfFirstImage { get; set; }

    /// <summary>The site's slice [..., <see cref="Dimension"/>] of a tensor of the parameter's shape; it shares the tensor's storage.</summary>
    public Tensor RowsOf(Tensor parameterLike) => _view is null ? parameterLike : _view(parameterLike);
}
