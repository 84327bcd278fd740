using Microsoft.ML.Continual.Methods.DeepPrompt;
using Microsoft.ML.Continual.Methods.DualPrompt;
using Microsoft.ML.Continual.Methods.L2P;
using Microsoft.ML.Continual.Methods.LinearProbe;
using Microsoft.ML.Continual.Methods.NearestClassMean;
using Microsoft.ML.Continual.Methods.VisualPrompt;
using Microsoft.ML.Continual.Pgp;

namespace Microsoft.ML.Continual.Samples.Runner.Methods;

/// <summary>The methods that the benchmarks can run. A new one is a new line.</summary>
public static class MethodRegistry
{
    /// <summary>All methods, in the order in which tables show them.</summary>
    public static IReadOnlyList<MethodEntry> All { get; } =
    [
        new("ncm", "Nearest class mean", "means of frozen features, trains nothing",
            context => context.Continual.NearestClassMean(context.ApplyFrozen(new NearestClassMeanOptions()))),
        new("linear-probe", "Linear probe", "a linear classifier on frozen features",
            context => context.Continual.LinearProbe(context.Apply(new LinearProbeOptions()))),
        new("plain", "Plain fine-tuning", "one prompt for all images and tasks, nothing protects old ones",
            context => context.Continual.PromptTuning(context.Apply(new VisualPromptOptions()))),
        new("l2p", "L2P", "a pool of prompts with keys",
            context => context.Continual.PromptTuning(context.Apply(new L2POptions()))),
        new("l2p-pgp", "L2P + PGP", "L2P with gradient projection",
            context => context.Continual.PromptTuning(context.Apply(new L2POptions())).WithGradientProjection(context.Pgp())),
        new("dualprompt", "DualPrompt", "prefixes for all tasks and a pool of prefixes, one for each task",
            context => context.Continual.PromptTuning(context.Apply(new DualPromptOptions()))),
        new("dualprompt-pgp", "DualPrompt + PGP", "DualPrompt with gradient projection",
            context => context.Continual.PromptTuning(context.Apply(new DualPromptOptions())).WithGradientProjection(context.Pgp())),
        new("vpt-seq", "VPT-Seq", "prompts in every block and a head for each task, nothing protects old ones",
            context => context.Continual.PromptTuning(context.Apply(new DeepPromptOptions()))),
        new("vpt-nsp2", "VPT + NSP²", "VPT-Seq with null-space projection",
            context => context.Continual.PromptTuning(context.Apply(new DeepPromptOptions())).WithNullSpaceProjection()),
    ];

    /// <summary>The method of a name.</summary>
    /// <exception cref="ArgumentException">There is no such method.</exception>
    public static MethodEntry Find(string name) => All.FirstOrDefault(method => method.Name == name)
        ?? throw new ArgumentException($"There is no method '{name}'; the methods are {string.Join(", ", All.Select(method => method.Name))}.");
}
