namespace Microsoft.ML.Continual.Pgp;

/// <summary>
/// What a site's protected directions are made from. X are the activations that the memory images send into the site (one vector a row), P the site's own
/// rows where their mutual products are to be kept too (<see cref="PgpOptions.PromptsInMemory"/>).
/// </summary>
public enum PgpSpace
{
    /// <summary>
    /// The leading directions of X and P stacked: C = XᵀX/n_x + PᵀP/n_p. What the update may not touch is the union of both spaces, so that <c>x·Δpᵀ = 0</c> and
    /// <c>p·Δpᵀ = 0</c> hold each by itself: the condition the paper derives.
    /// </summary>
    Stacked,

    /// <summary>
    /// The paper's element-wise sum, read in the space of channels: principal scores of X and of P (rows are channels), each column with its largest entry
    /// positive, added. <c>(x + p)·Δpᵀ = 0</c> does not imply the two conditions apart: x = (1, 1), p = (1, −1), Δp = (0, 1) is a counter-example.
    /// </summary>
    ChannelSum,

    /// <summary>X alone: keeps <c>x·pᵀ</c> and says nothing of <c>p·pᵀ</c>.</summary>
    InputOnly,

    /// <summary>
    /// What the released code computes: centred scores of a matrix whose rows are <em>images</em>, added to scores of P whose rows are channels, and used as
    /// directions of channels. It fits only because as many images are taken as there are channels, and it does not protect old activations.
    /// </summary>
    SampleIndexSum,

    /// <summary>
    /// What PEGP's released code computes for adapters and low-rank updates: the principal scores of images, whose products with each other are diagonal, so that the "directions" are the first
    /// axes of the space. The projection then stills the first channels, whatever the activations are, and does not protect old ones. Keeps the activations of all memory images at once.
    /// </summary>
    PrincipalAxes,
}
