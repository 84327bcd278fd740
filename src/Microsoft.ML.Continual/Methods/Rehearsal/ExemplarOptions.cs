using System.Globalization;
using Microsoft.ML.Continual.Methods.FineTuning;

namespace Microsoft.ML.Continual.Methods.Rehearsal;

/// <summary>What the options of methods share that train on a few remembered images of old classes together with each task's own.</summary>
/// <remarks>
/// Remembered images are kept as they came (bytes as bytes, of their own size) in the trainer's state; training cuts and augments them like the task's. They are chosen at the end of a task by herding.
/// With <see cref="MethodOptions.CacheImages"/> off the task's view is read once more then, for those chosen.
/// </remarks>
public abstract class ExemplarOptions : NetworkTuningOptions
{
    /// <summary>The size of the memory, in images of <see cref="Budget"/>. It must have room for an image of every class.</summary>
    /// <value>The default is 2000.</value>
    public int MemorySize { get; set; } = 2000;

    /// <summary>What <see cref="MemorySize"/> counts.</summary>
    /// <value>The default is <see cref="MemoryBudget.Total"/>.</value>
    public MemoryBudget Budget { get; set; } = MemoryBudget.Total;

    /// <inheritdoc/>
    public override string Protocol => string.Create(CultureInfo.InvariantCulture,
        $"{base.Protocol}, {MemorySize:#,0} images {(Budget == MemoryBudget.Total ? "of old classes" : "of each class")} remembered");

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionCheck.Require(MemorySize >= 1, nameof(MemorySize), "at least 1", MemorySize);
        OptionCheck.Require(Enum.IsDefined(Budget), nameof(Budget), "a known budget", Budget);
    }

    /// <summary>The images that a class may have among so many.</summary>
    internal int Share(int classes) => Budget == MemoryBudget.Total ? MemorySize / classes : MemorySize;
}
