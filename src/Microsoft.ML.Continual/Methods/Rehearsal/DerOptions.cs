using System.Globalization;
using Microsoft.ML.Continual.Methods.FineTuning;
using Microsoft.ML.Continual.Numerics;

namespace Microsoft.ML.Continual.Methods.Rehearsal;

/// <summary>
/// Dark Experience Replay++ (Buzzega et al., NeurIPS 2020): the whole network is fine-tuned, and each step replays remembered images twice: their logits should be what they were when they were
/// remembered, and their labels should still be predicted.
/// </summary>
/// <remarks>
/// <para>The loss is <c>CE + LogitWeight · MSE + LabelWeight · CE</c> over the batch and two independent draws from the memory, all in one forward pass; logits compete among all classes seen, for the classifier
/// grows with the classes. The mean squared error is a mean over images and classes. What is remembered is the image as it came, its label, and the logits of its view in that step, before the step's update.</para>
/// <para>Images are remembered step by step as they pass, from memory: <see cref="MethodOptions.CacheImages"/> must be on.</para>
/// </remarks>
public sealed class DerOptions : NetworkTuningOptions
{
    /// <summary>The size of the memory, in images.</summary>
    /// <value>The default is 2000.</value>
    public int MemorySize { get; set; } = 2000;

    /// <summary>Which images the memory keeps.</summary>
    /// <value>The default is <see cref="ReplayPolicy.Reservoir"/>.</value>
    public ReplayPolicy Policy { get; set; } = ReplayPolicy.Reservoir;

    /// <summary>Whether images are offered to the memory in every epoch, as in the authors' program: one image may then be there twice. Otherwise in a task's first epoch only.</summary>
    /// <value>The default is true.</value>
    public bool OfferInEveryEpoch { get; set; } = true;

    /// <summary>α, the weight of the remembered logits; 0 or more.</summary>
    /// <value>The default is 0.3.</value>
    public double LogitWeight { get; set; } = 0.3;

    /// <summary>β, the weight of the remembered labels; 0 or more. 0 is Dark Experience Replay without the ++.</summary>
    /// <value>The default is 0.5.</value>
    public double LabelWeight { get; set; } = 0.5;

    /// <summary>The images of each of the two draws; null draws as many as a batch has.</summary>
    /// <value>The default is null.</value>
    public int? ReplayBatchSize { get; set; }

    /// <summary>How logits from before the classifier grew are compared.</summary>
    /// <value>The default is <see cref="StoredLogits.Truncate"/>.</value>
    public StoredLogits Logits { get; set; } = StoredLogits.Truncate;

    /// <inheritdoc/>
    /// <value>The default is 32.</value>
    public override int BatchSize { get; set; } = 32;

    /// <inheritdoc/>
    public override string Protocol => string.Create(CultureInfo.InvariantCulture, $"{base.Protocol}, {MemorySize:#,0} images remembered");

    /// <inheritdoc/>
    public override ContinualMethod CreateMethod(SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        Validate();
        return new DerMethod((DerOptions)Clone());
    }

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionCheck.Require(MemorySize >= 1, nameof(MemorySize), "at least 1", MemorySize);
        OptionCheck.Require(Enum.IsDefined(Policy), nameof(Policy), "a known policy", Policy);
        OptionCheck.Require(LogitWeight >= 0 && double.IsFinite(LogitWeight), nameof(LogitWeight), "0 or more", LogitWeight);
        OptionCheck.Require(LabelWeight >= 0 && double.IsFinite(LabelWeight), nameof(LabelWeight), "0 or more", LabelWeight);
        OptionCheck.Require(ReplayBatchSize is null or >= 1, nameof(ReplayBatchSize), "at least 1, or null", ReplayBatchSize);
        OptionCheck.Require(Enum.IsDefined(Logits), nameof(Logits), "a known comparison", Logits);
        OptionCheck.Require(CacheImages, nameof(CacheImages), "true, for images are remembered as they pass", CacheImages);
    }
}
