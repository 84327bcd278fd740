using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Training;

namespace Microsoft.ML.Continual.Pgp;

/// <summary>
/// Prompt gradient projection (Qiao et al., ICLR 2024): new tasks move the prompts only where old activations x and old prompts p do not look,
/// <c>x·Δpᵀ = 0</c> and <c>p·Δpᵀ = 0</c>.
/// </summary>
/// <remarks>
/// <para>
/// The paper's text and its released code compute different things, so four presets exist: <see cref="Stacked"/> (the default of every property: the condition
/// as derived, kept exactly by any optimiser), <see cref="Paper"/> (the algorithm as printed, in the space of channels), <see cref="InputOnly"/> and
/// <see cref="Reference"/> (the released code, quirks included). Each makes a fresh object whose properties can be changed.
/// </para>
/// <para>
/// What no preset does, because neither paper nor code does: it looks at the sites' inputs and not through LayerNorm and the query and key weights; the value path is left alone; the
/// conditions concern the block that the prompts enter and none behind it; keys are matched after normalisation, of which <c>q·Δk = 0</c> keeps the numerator only.
/// </para>
/// <para>DualPrompt's sites are the key prefixes of its blocks (and value prefixes and keys, which are projected on demand); CLIP's is the image prompt.</para>
/// <para>An audit without any projection (to compare with) is <c>Energy = 0, KeyEnergy = 0</c>.</para>
/// </remarks>
public sealed class PgpOptions : ConstraintOptions
{
    /// <summary>
    /// The rigorous preset, equal to <c>new PgpOptions()</c>: the stacked space, the displacement projected. With energy 1 and activations that do not fill
    /// the space, <c>x·pᵀ</c> of old memory images stays as it is to float32 rounding.
    /// </summary>
    public static PgpOptions Stacked => new();

    /// <summary>
    /// The paper's algorithm in the space of channels: the element-wise sum of X and P with unit rows, ε 0.50 and 0.97 (the released code's: the paper's own are not known),
    /// the gradient projected before the optimiser.
    /// </summary>
    public static PgpOptions Paper => new()
    {
        Space = PgpSpace.ChannelSum, RowNormalise = true, Energy = 0.50, KeyEnergy = 0.97, ProjectAt = ProjectAt.Gradient,
    };

    /// <summary>As <see cref="Stacked"/> without P: only <c>x·pᵀ</c> is kept.</summary>
    public static PgpOptions InputOnly => new() { Space = PgpSpace.InputOnly, PromptsInMemory = PromptsInMemory.None };

    /// <summary>The released code of L2P-PGP, step by step. Needs as many training images a task as the site has dimensions; so do the other two references.</summary>
    public static PgpOptions Reference => new()
    {
        Space = PgpSpace.SampleIndexSum, Energy = 0.50, KeyEnergy = 0.97, Components = 9, KeyComponents = 5, Centre = true, EnergyPower = 4,
        RankRule = RankRule.CountBelow, MemoryTiming = MemoryTiming.BeforeTask, PromptsInMemory = PromptsInMemory.WholePool,
        ProjectAt = ProjectAt.Gradient, ProjectedRows = ProjectedRows.FirstImage,
    };

    /// <summary>
    /// The released code of DualPrompt-PGP, step by step: queries of images × channels, no prompts among them, key prefixes projected as one space of all heads.
    /// Goes with <c>DualPromptOptions.UseReleasedCode()</c>.
    /// </summary>
    public static PgpOptions DualPromptReference => new()
    {
        Space = PgpSpace.SampleIndexSum, Energy = 0.50, Components = 50, Centre = true, EnergyPower = 4, RankRule = RankRule.CountBelow,
        PromptsInMemory = PromptsInMemory.None, ProjectAt = ProjectAt.Gradient, ProjectedRows = ProjectedRows.FirstImage, ProjectKeys = false,
    };

    /// <summary>The released code of CLIP-PGP, step by step.</summary>
    public static PgpOptions ClipReference => new()
    {
        Space = PgpSpace.SampleIndexSum, Energy = 0.90, Components = 5, Centre = true, EnergyPower = 4, RankRule = RankRule.CountBelow,
        PromptsInMemory = PromptsInMemory.WholePool, ProjectAt = ProjectAt.Gradient,
    };

    /// <summary>
    /// PEGP (TPAMI 2025) for adapters, low-rank updates, prefixes and prompts, in the space of tokens: the fourth powers and the ε that its released code uses for low-rank updates, key prefixes
    /// and values head by head, the displacement projected. Fourth powers favour the leading directions, a few of which hold most of the energy of tokens: raise ε to protect more.
    /// </summary>
    public static PgpOptions Pegp => new() { Energy = 0.99, EnergyPower = 4, PerHead = true, ProjectValuePrefixes = true };

    /// <summary>The released code of PEGP with adapters, step by step. Goes with <c>AdapterOptions.UseReleasedCode()</c>.</summary>
    public static PgpOptions PegpAdapterReference => new()
    {
        Space = PgpSpace.PrincipalAxes, Energy = 0.999, Centre = true, EnergyPower = 4, RankRule = RankRule.CountBelow, PromptsInMemory = PromptsInMemory.None, ProjectAt = ProjectAt.Gradient,
    };

    /// <summary>The released code of PEGP with low-rank updates, step by step. Goes with <c>LoraOptions.UseReleasedCode()</c>.</summary>
    public static PgpOptions PegpLoraReference
    {
        get
        {
            PgpOptions options = PegpAdapterReference;
            options.Energy = 0.99;
            return options;
        }
    }

    /// <summary>The released code of PEGP with CLIP-Linear, step by step: features of 512 images, the gradient projected.</summary>
    public static PgpOptions PegpClipLinearReference => new()
    {
        Space = PgpSpace.InputOnly, Energy = 0.99, EnergyPower = 4, RankRule = RankRule.CountBelow, PromptsInMemory = PromptsInMemory.None, ProjectAt = ProjectAt.Gradient, MemorySamples = 512,
    };

    /// <summary>What the protected directions are made from. The released code analyses images in place of channels, and adds spaces that have no common axis.</summary>
    /// <value>The default is <see cref="PgpSpace.Stacked"/>; Paper <see cref="PgpSpace.ChannelSum"/>, Reference <see cref="PgpSpace.SampleIndexSum"/>.</value>
    public PgpSpace Space { get; set; } = PgpSpace.Stacked;

    /// <summary>
    /// ε: the share of the memory's energy whose directions are protected, in [0, 1]. More protects old tasks better and leaves new ones less room. Token matrices are dominated by
    /// their mean direction, so that 0.5 may protect one direction only.
    /// </summary>
    /// <value>The default is 0.95; Paper and Reference 0.50 (the released code's, tuned for fourth powers; the paper's are not known).</value>
    public double Energy { get; set; } = 0.95;

    /// <summary>ε of the keys of a pool (<see cref="SiteRole.PoolKey"/>), in [0, 1].</summary>
    /// <value>The default is 0.97, as in the released code.</value>
    public double KeyEnergy { get; set; } = 0.97;

    /// <summary>π: the energy of a singular value σ is σ^π, 2 or 4. The released code takes singular values of a Gram matrix and squares them again.</summary>
    /// <value>The default is 2; Reference 4.</value>
    public int EnergyPower { get; set; } = 2;

    /// <summary>How directions are counted in a site's first update; later updates add directions until ε is reached.</summary>
    /// <value>The default is <see cref="RankRule.ReachThreshold"/>; Reference <see cref="RankRule.CountBelow"/> (one fewer, perhaps none).</value>
    public RankRule RankRule { get; set; } = RankRule.ReachThreshold;

    /// <summary>The singular value, relative to the largest, below which a direction is rounding; in [0, 1). See <see cref="SubspaceRule.Tolerance"/>.</summary>
    /// <value>The default is 1e-6, for float32 activations. Activations of a bfloat16 backbone fill all directions with rounding near 1e-3.</value>
    public double RankTolerance { get; set; } = SubspaceRule.DefaultTolerance;

    /// <summary>
    /// Whether means are removed before directions are sought, as in PCA: the mean vector of X and of P in the spaces of channels; in
    /// <see cref="PgpSpace.SampleIndexSum"/> the mean image, and of P the mean channel. What lies along the mean is then not protected.
    /// </summary>
    /// <value>The default is false; Reference true.</value>
    public bool Centre { get; set; }

    /// <summary>The number of principal components kept of X and of P, at least 1; null keeps all. It caps what a task can add.</summary>
    /// <value>The default is null; Reference 9, that of DualPrompt 50, that of CLIP 5 (not in the paper's algorithm).</value>
    public int? Components { get; set; }

    /// <summary><see cref="Components"/> of the keys of a pool.</summary>
    /// <value>The default is null; Reference 5.</value>
    public int? KeyComponents { get; set; }

    /// <summary>Whether each vector of X and P is scaled to unit length first, so that long ones do not outweigh the rest.</summary>
    /// <value>The default is false: energies then are the squared changes <c>‖x·Δpᵀ‖²</c> that they stand for. Paper true.</value>
    public bool RowNormalise { get; set; }

    /// <summary>When a task's images are taken into the memory.</summary>
    /// <value>The default is <see cref="MemoryTiming.AfterTask"/>; Reference <see cref="MemoryTiming.BeforeTask"/>, by which the prompts of a task are protected one task late.</value>
    public MemoryTiming MemoryTiming { get; set; } = MemoryTiming.AfterTask;

    /// <summary>Which rows P hold, for sites that protect their own rows (prompts do, keys do not).</summary>
    /// <value>The default is <see cref="PromptsInMemory.SelectedOnly"/>; Reference <see cref="PromptsInMemory.WholePool"/>. <see cref="PgpSpace.InputOnly"/> ignores it.</value>
    public PromptsInMemory PromptsInMemory { get; set; } = PromptsInMemory.SelectedOnly;

    /// <summary>
    /// What is projected. The paper and its code project the gradient and then let Adam rescale it, which takes the step out of the free space again.
    /// </summary>
    /// <value>The default is <see cref="ProjectAt.Update"/>, the one that keeps the condition with every optimiser; Paper and Reference <see cref="ProjectAt.Gradient"/>.</value>
    public ProjectAt ProjectAt { get; set; } = ProjectAt.Update;

    /// <summary>Which rows are projected; <see cref="ProjectedRows.FirstImage"/> goes with <see cref="ProjectAt.Gradient"/> only.</summary>
    /// <value>The default is <see cref="ProjectedRows.All"/>; Reference and that of DualPrompt <see cref="ProjectedRows.FirstImage"/>.</value>
    public ProjectedRows ProjectedRows { get; set; } = ProjectedRows.All;

    /// <summary>Whether the keys of a pool are projected as well, against the query features.</summary>
    /// <value>The default is null: as the papers' code does, L2P's are and DualPrompt's are not.</value>
    public bool? ProjectKeys { get; set; }

    /// <summary>
    /// Whether value prefixes are projected as well, against the attention weights a on them: what they add to old tokens, <c>a·p</c>, is kept. No paper does; without it key prefixes alone
    /// are protected. Attention weights are all positive, so that at least one of the prefix's L directions is always used up.
    /// </summary>
    /// <value>The default is null: they are not.</value>
    public bool? ProjectValuePrefixes { get; set; }

    /// <summary>
    /// Whether sites with attention heads are projected head by head, each with a basis of its own. Attention compares queries and key prefixes head by head, so this is the condition that
    /// keeps them; one basis for all heads side by side, as in the released code, keeps the sum over the heads only.
    /// </summary>
    /// <value>The default is false, as in the released code. <see cref="PgpSpace.SampleIndexSum"/> does not allow it.</value>
    public bool PerHead { get; set; }

    /// <summary>
    /// The number of a task's training images whose activations are analysed, at least 1; a smaller task gives all it has. <see cref="PgpSpace.SampleIndexSum"/> takes as many as the
    /// site has dimensions in place of this number.
    /// </summary>
    /// <value>The default is 768, as in paper and code.</value>
    public int MemorySamples { get; set; } = 768;

    /// <summary>
    /// Whether the trainer reports after each task how far it moved <c>x·pᵀ</c> of the tasks before. Keeps XᵀX of each site and task (<see cref="AuditedTasks"/>), and no data:
    /// d(d+1)/2 float64 numbers, 2.4 MB for 768 dimensions.
    /// </summary>
    /// <value>The default is true.</value>
    public bool Audit { get; set; } = true;

    /// <summary>How many of the latest past tasks the audit covers, at least 1; null for all, however many they become.</summary>
    /// <value>The default is 100, so that an endless stream of tasks does not fill the memory: 240 MB a site of 768 dimensions at most.</value>
    public int? AuditedTasks { get; set; } = 100;

    /// <summary>What single sites have different, by site name; a head of a site goes by its own name before that of the whole site.</summary>
    /// <value>The default is empty.</value>
    public IDictionary<string, PgpSiteOptions> Sites { get; private set; } = new Dictionary<string, PgpSiteOptions>(StringComparer.Ordinal);

    /// <inheritdoc/>
    public override UpdateConstraint CreateConstraint()
    {
        Validate();
        return new GradientProjection((PgpOptions)Clone());
    }

    /// <inheritdoc/>
    public override void Validate()
    {
        OptionCheck.Require(Enum.IsDefined(Space), nameof(Space), "a known space", Space);
        OptionCheck.Require(Energy is >= 0 and <= 1, nameof(Energy), "in [0, 1]", Energy);
        OptionCheck.Require(KeyEnergy is >= 0 and <= 1, nameof(KeyEnergy), "in [0, 1]", KeyEnergy);
        OptionCheck.Require(EnergyPower is 2 or 4, nameof(EnergyPower), "2 or 4", EnergyPower);
        OptionCheck.Require(Enum.IsDefined(RankRule), nameof(RankRule), "a known rule", RankRule);
        OptionCheck.Require(RankTolerance is >= 0 and < 1, nameof(RankTolerance), "in [0, 1)", RankTolerance);
        OptionCheck.Require(Components is null or >= 1, nameof(Components), "at least 1, or null", Components);
        OptionCheck.Require(KeyComponents is null or >= 1, nameof(KeyComponents), "at least 1, or null", KeyComponents);
        OptionCheck.Require(Enum.IsDefined(MemoryTiming), nameof(MemoryTiming), "a known timing", MemoryTiming);
        OptionCheck.Require(Enum.IsDefined(PromptsInMemory), nameof(PromptsInMemory), "a known choice", PromptsInMemory);
        OptionCheck.Require(Enum.IsDefined(ProjectAt), nameof(ProjectAt), "a known place", ProjectAt);
        OptionCheck.Require(Enum.IsDefined(ProjectedRows), nameof(ProjectedRows), "a known choice", ProjectedRows);
        OptionCheck.Require(ProjectedRows != ProjectedRows.FirstImage || ProjectAt == ProjectAt.Gradient, nameof(ProjectedRows),
            $"another choice with {nameof(ProjectAt)} = {ProjectAt}: a displacement is that of many batches, each with a first image of its own", ProjectedRows);
        OptionCheck.Require(!PerHead || Space != PgpSpace.SampleIndexSum, nameof(PerHead), $"false with {nameof(Space)} = {Space}: it takes as many images as a site has dimensions", PerHead);
        OptionCheck.Require(MemorySamples >= 1, nameof(MemorySamples), "at least 1", MemorySamples);
        OptionCheck.Require(AuditedTasks is null or >= 1, nameof(AuditedTasks), "at least 1, or null", AuditedTasks);
        foreach ((string site, PgpSiteOptions? options) in Sites)
        {
            OptionCheck.Require(!string.IsNullOrWhiteSpace(site), nameof(Sites), "names of sites", $"'{site}'");
            OptionCheck.Require(options is not null, $"{nameof(Sites)}[{site}]", "options", options);
            options!.Validate(site);
        }
    }

    internal bool Projects(ProjectionSite site) => Own(site, options => options.Project) ?? site.Role switch
    {
        SiteRole.PoolKey => ProjectKeys,
        SiteRole.ValuePrefix => ProjectValuePrefixes,
        _ => null,
    } ?? site.ProjectedByDefault;

    internal int? ComponentsOf(ProjectionSite site) => Own(site, options => options.Components) ?? (site.Role == SiteRole.PoolKey ? KeyComponents : Components);

    internal double EnergyOf(ProjectionSite site) => Own(site, options => options.Energy) ?? (site.Role == SiteRole.PoolKey ? KeyEnergy : Energy);

    /// <summary>The rule of a site's next update.</summary>
    internal SubspaceRule RuleOf(ProjectionSite site, bool isFirst) => new(EnergyOf(site), EnergyPower, isFirst ? RankRule : RankRule.ReachThreshold, RankTolerance);

    private T? Own<T>(ProjectionSite site, Func<PgpSiteOptions, T?> value) where T : struct =>
        (Sites.TryGetValue(site.Name, out PgpSiteOptions? own) ? value(own) : null) ?? (site.Whole is { } name && Sites.TryGetValue(name, out PgpSiteOptions? whole) ? value(whole) : null);

    /// <inheritdoc/>
    public override ConstraintOptions Clone()
    {
        var copy = (PgpOptions)MemberwiseClone();
        copy.Sites = Sites.ToDictionary(site => site.Key, site => site.Value?.Clone()!, StringComparer.Ordinal);   // a null among them is for Validate to name
        return copy;
    }
}
