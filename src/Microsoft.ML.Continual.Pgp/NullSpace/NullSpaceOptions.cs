using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Training;

namespace Microsoft.ML.Continual.Pgp;

/// <summary>
/// The null-space projection of NSP² (Lu et al., "Visual Prompt Tuning in Null Space for Continual Learning", NeurIPS 2024): each step U that the optimiser makes with the prompts of a block
/// becomes A₂·U·A₁, so that old images' queries q and attention weights s find them as they were: affinity <c>q·W_kᵀ·ΔPᵀ = 0</c> and aggregation <c>s·ΔP = 0</c>.
/// </summary>
/// <remarks>
/// <para>
/// Defaults are the released code's where it and the paper differ, without its accidents. <see cref="Reference"/> is the released code to rounding, <see cref="Paper"/> the printed algorithm,
/// <see cref="Strict"/> the conditions with what both leave out, and a <see cref="Recipe"/> has the η of a row of the paper's tables. Each makes a fresh object whose properties can be changed.
/// </para>
/// <para>
/// What the numbers do: with η = 0.97 at 768 channels, of which about 750 count as null space, a step keeps 6.5 % of its null directions and 3 % of the others. The projection slows prompts
/// down far more than it turns them.
/// </para>
/// <para>
/// It works at every site of a method: where it is known how attention reads and mixes the rows (deep visual prompts) with both conditions, else with the first on the site's activations.
/// </para>
/// </remarks>
public sealed class NullSpaceOptions : ConstraintOptions
{
    /// <summary>The defaults: the paper's η for CIFAR-100 in 10 tasks.</summary>
    public NullSpaceOptions()
    {
    }

    /// <summary>The η of a row of the paper's tables.</summary>
    /// <param name="recipe">The row; <c>DeepPromptOptions</c> takes the same.</param>
    /// <exception cref="ArgumentException">There is no such recipe.</exception>
    public NullSpaceOptions(Recipe recipe) => AffinityEta = AggregationEta = recipe switch
    {
        Recipe.SplitCifar100 or Recipe.SplitCifar100In50Tasks => 0.97,
        Recipe.SplitCifar100In20Tasks => 0.95,
        Recipe.SplitImageNetR or Recipe.SplitImageNetRIn50Tasks or Recipe.SplitImageNetRIn100Tasks => 0.94,
        Recipe.SplitDomainNet or Recipe.SplitDomainNetIn50Tasks or Recipe.SplitDomainNetIn100Tasks => 0.95,
        _ => throw new ArgumentException($"The null-space projection has no recipe {recipe}.", nameof(recipe)),
    };

    /// <summary>The released code, step by step. Goes with <c>DeepPromptOptions.HeadInitialization</c> = <c>ReleasedCode</c>.</summary>
    public static NullSpaceOptions Reference => new() { CovarianceWeights = CovarianceWeights.Batches, MoveKneePastTies = true };

    /// <summary>The η of all the paper's runs with CLIP, 0.98. Goes with <c>ClipDeepPromptOptions</c>.</summary>
    public static NullSpaceOptions Clip => new() { AffinityEta = 0.98, AggregationEta = 0.98 };

    /// <summary>The paper's algorithm: the knee itself is protected, spectra are not smoothed, and the drift of the prompts is summed.</summary>
    public static NullSpaceOptions Paper => new() { Nullity = NullityRule.BehindKnee, SumDrift = true };

    /// <summary>
    /// The conditions in full: through the layer norm, with true null spaces and true projectors. Old images' outputs then change by the square of the step only. There is room for it only
    /// while old images leave directions unused: fewer tokens · heads than channels and than prompts; otherwise the prompts stand still after the first task.
    /// </summary>
    public static NullSpaceOptions Strict => new() { ThroughNorm = true, NormalizeProjector = false, AffinityEta = 1, AggregationEta = 1, Nullity = NullityRule.Tolerance, DriftWeight = 0 };

    /// <summary>η₁ of the affinity condition, in [0, 1]: A₁ = η₁·Π/‖Π‖ + (1 − η₁)·I. 0 leaves the condition out; 1 lets protected directions not move at all.</summary>
    /// <value>The default is 0.97, the paper's for 10 tasks of CIFAR-100.</value>
    public double AffinityEta { get; set; } = 0.97;

    /// <summary>η₂ of the aggregation condition, in [0, 1], as <see cref="AffinityEta"/>.</summary>
    /// <value>The default is 0.97, the paper's for 10 tasks of CIFAR-100.</value>
    public double AggregationEta { get; set; } = 0.97;

    /// <summary>How the null spaces are cut off. Where a knee is looked for among fewer than three values, as with one or two prompts, the condition is left out.</summary>
    /// <value>The default is <see cref="NullityRule.Knee"/>; Paper <see cref="NullityRule.BehindKnee"/>, Strict <see cref="NullityRule.Tolerance"/>.</value>
    public NullityRule Nullity { get; set; } = NullityRule.Knee;

    /// <summary>Moves the beginning of the null space of the affinity condition under <see cref="NullityRule.Knee"/>: in [0, 1) by this share of the way to the end, else by so many places.</summary>
    /// <value>The default is 0.</value>
    public double AffinityOffset { get; set; }

    /// <summary>As <see cref="AffinityOffset"/>, of the aggregation condition.</summary>
    /// <value>The default is 0.</value>
    public double AggregationOffset { get; set; }

    /// <summary>Whether a knee moves to the last of equal eigenvalues, as in the released code: among exact zeros one null direction is left then.</summary>
    /// <value>The default is false; Reference true.</value>
    public bool MoveKneePastTies { get; set; }

    /// <summary>The multiple of <see cref="NullityRule.Multiple"/> for the affinity condition, at least 1.</summary>
    /// <value>The default is 10.</value>
    public double AffinityMultiple { get; set; } = 10;

    /// <summary>As <see cref="AffinityMultiple"/>, of the aggregation condition.</summary>
    /// <value>The default is 10.</value>
    public double AggregationMultiple { get; set; } = 10;

    /// <summary>The share of <see cref="NullityRule.Tolerance"/>, in [0, 1). Eigenvalues are squares: 1e-10 is 1e-5 of the largest activation.</summary>
    /// <value>The default is 1e-10.</value>
    public double NullityTolerance { get; set; } = 1e-10;

    /// <summary>The number of null directions of the affinity condition, in place of the rule's; null for the rule's.</summary>
    /// <value>The default is null.</value>
    public int? AffinityNullity { get; set; }

    /// <summary>As <see cref="AffinityNullity"/>, of the aggregation condition.</summary>
    /// <value>The default is null.</value>
    public int? AggregationNullity { get; set; }

    /// <summary>Whether projectors are divided by their Frobenius norm √R before they are blended, as the paper's algorithm and its code do (its formulas do not).</summary>
    /// <value>The default is true; Strict false.</value>
    public bool NormalizeProjector { get; set; } = true;

    /// <summary>
    /// Whether the conditions hold for the rows after the layer norm: its weight α between W_k and ΔP, 1/σ of each row beside s, and rows kept from moving along 1 and themselves. Paper and
    /// code leave these out, so that their error is of first order even in true null spaces.
    /// </summary>
    /// <value>The default is false; Strict true.</value>
    public bool ThroughNorm { get; set; }

    /// <summary>The weight of the term that keeps mean and deviation of each prompt where the task found them, from the second task on; 0 leaves it out.</summary>
    /// <value>The default is 1; Strict 0.</value>
    public double DriftWeight { get; set; } = 1;

    /// <summary>Whether that term is summed over the prompts of a block, as in the paper, or their mean, as in its code.</summary>
    /// <value>The default is false; Paper true.</value>
    public bool SumDrift { get; set; }

    /// <summary>What activations weigh.</summary>
    /// <value>The default is <see cref="CovarianceWeights.Images"/>; Reference <see cref="CovarianceWeights.Batches"/>.</value>
    public CovarianceWeights CovarianceWeights { get; set; } = CovarianceWeights.Images;

    /// <summary>How many of a task's training images are looked at when it ends, in the view of prediction, at least 1; null for all. The memory needed does not depend on it.</summary>
    /// <value>The default is null.</value>
    public int? MemorySamples { get; set; }

    /// <summary>
    /// Whether the trainer reports after each task how far it moved what old images' queries and attention find: of the rows as they are read, after the norm. Keeps the second moments of
    /// each site and task (<see cref="AuditedTasks"/>): 400 kB a block of 12 heads of 64 channels.
    /// </summary>
    /// <value>The default is true.</value>
    public bool Audit { get; set; } = true;

    /// <summary>How many of the latest past tasks the audit covers, at least 1; null for all, however many they become.</summary>
    /// <value>The default is 100.</value>
    public int? AuditedTasks { get; set; } = 100;

    /// <summary>What a knee or a tolerance is looked for with on one side.</summary>
    internal NullityQuery Affinity => new(Nullity, AffinityOffset, AffinityMultiple, NullityTolerance, MoveKneePastTies, AffinityNullity);

    /// <inheritdoc cref="Affinity"/>
    internal NullityQuery Aggregation => new(Nullity, AggregationOffset, AggregationMultiple, NullityTolerance, MoveKneePastTies, AggregationNullity);

    /// <inheritdoc/>
    public override UpdateConstraint CreateConstraint()
    {
        Validate();
        return new NullSpaceProjection((NullSpaceOptions)Clone());
    }

    /// <inheritdoc/>
    public override void Validate()
    {
        OptionCheck.Require(AffinityEta is >= 0 and <= 1, nameof(AffinityEta), "in [0, 1]", AffinityEta);
        OptionCheck.Require(AggregationEta is >= 0 and <= 1, nameof(AggregationEta), "in [0, 1]", AggregationEta);
        OptionCheck.Require(Enum.IsDefined(Nullity), nameof(Nullity), "a known rule", Nullity);
        OptionCheck.Require(double.IsFinite(AffinityOffset), nameof(AffinityOffset), "a number", AffinityOffset);
        OptionCheck.Require(double.IsFinite(AggregationOffset), nameof(AggregationOffset), "a number", AggregationOffset);
        OptionCheck.Require(AffinityMultiple >= 1 && double.IsFinite(AffinityMultiple), nameof(AffinityMultiple), "at least 1", AffinityMultiple);
        OptionCheck.Require(AggregationMultiple >= 1 && double.IsFinite(AggregationMultiple), nameof(AggregationMultiple), "at least 1", AggregationMultiple);
        OptionCheck.Require(NullityTolerance is >= 0 and < 1, nameof(NullityTolerance), "in [0, 1)", NullityTolerance);
        OptionCheck.Require(AffinityNullity is null or >= 0, nameof(AffinityNullity), "0 or more, or null", AffinityNullity);
        OptionCheck.Require(AggregationNullity is null or >= 0, nameof(AggregationNullity), "0 or more, or null", AggregationNullity);
        OptionCheck.Require(DriftWeight >= 0 && double.IsFinite(DriftWeight), nameof(DriftWeight), "0 or more", DriftWeight);
        OptionCheck.Require(Enum.IsDefined(CovarianceWeights), nameof(CovarianceWeights), "known weights", CovarianceWeights);
        OptionCheck.Require(MemorySamples is null or >= 1, nameof(MemorySamples), "at least 1, or null", MemorySamples);
        OptionCheck.Require(AuditedTasks is null or >= 1, nameof(AuditedTasks), "at least 1, or null", AuditedTasks);
    }
}
