using Microsoft.ML.Continual.Evaluation;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.DeepPrompt;
using Microsoft.ML.Continual.Methods.FineTuning;
using Microsoft.ML.Continual.Methods.LinearProbe;
using Microsoft.ML.Continual.Methods.NearestClassMean;
using Microsoft.ML.Continual.Methods.Peft;
using Microsoft.ML.Continual.Methods.RanPac;
using Microsoft.ML.Continual.Methods.Rehearsal;
using Microsoft.ML.Continual.Methods.VisualPrompt;
using Microsoft.ML.Continual.Pgp;

namespace Microsoft.ML.Continual.Samples.Runner.Methods;

/// <summary>The methods that the benchmarks can run. A new one is a new line.</summary>
public static class MethodRegistry
{
    /// <summary>All methods, in the order in which tables show them.</summary>
    public static IReadOnlyList<MethodEntry> All { get; } =
    [
        new("joint", "Joint training", "the whole network, at each task anew on all tasks so far, with the settings of ft: no continual learning, but its upper bound",
            context => context.Continual.FineTuning(Tuned<FineTuningOptions>(context))) { IsJoint = true },
        new("joint-probe", "Joint linear probe", "the same for a linear classifier on frozen features: what linear-probe is bounded by",
            context => context.Continual.LinearProbe(context.Apply(new LinearProbeOptions()))) { IsJoint = true },
        new("ncm", "Nearest class mean", "means of frozen features, trains nothing",
            context => context.Continual.NearestClassMean(context.ApplyFrozen(new NearestClassMeanOptions()))),
        new("linear-probe", "Linear probe", "a linear classifier on frozen features",
            context => context.Continual.LinearProbe(context.Apply(new LinearProbeOptions()))),
        new("ranpac", "RanPAC", "a ridge regression on 2000 random features of frozen ones, trains nothing",
            context => context.Continual.RanPac(context.ApplyFrozen(new RanPacOptions { ProjectionWidth = 2000 }))),   // the paper's 10000 make states of 800 MB
        new("ranpac-adapter", "RanPAC with adapters", "RanPAC whose network is adapted to the first task's classes",
            context => context.Continual.RanPac(context.RanPac())),
        new("plain", "Plain fine-tuning", "one prompt for all images and tasks, nothing protects old ones",
            context => context.Continual.PromptTuning(context.Apply(new VisualPromptOptions()))),
        new("l2p", "L2P", "a pool of prompts with keys",
            context => context.Continual.PromptTuning(context.L2P())),
        new("l2p-pgp", "L2P + PGP", "L2P with gradient projection",
            context => context.Continual.PromptTuning(context.L2P()).WithGradientProjection(context.Pgp(PgpOptions.Reference))),
        new("dualprompt", "DualPrompt", "prefixes for all tasks and a pool of prefixes, one for each task",
            context => context.Continual.PromptTuning(context.DualPrompt())),
        new("dualprompt-pgp", "DualPrompt + PGP", "DualPrompt with gradient projection",
            context => context.Continual.PromptTuning(context.DualPrompt()).WithGradientProjection(context.Pgp(PgpOptions.DualPromptReference))),
        new("coda-prompt", "CODA-Prompt", "prefixes summed of weighted components, of which each task adds its own",
            context => context.Continual.PromptTuning(context.CodaPrompt())),
        new("vpt-seq", "VPT-Seq", "prompts in every block and a head for each task, nothing protects old ones",
            context => context.Continual.PromptTuning(context.Apply(recipe => new DeepPromptOptions(recipe)))),
        new("vpt-nsp2", "VPT + NSP²", "VPT-Seq with null-space projection",
            context => context.Continual.PromptTuning(context.Apply(recipe => new DeepPromptOptions(recipe)))
                .WithNullSpaceProjection(context.Settings.Recipe is { } recipe ? new NullSpaceOptions(recipe) : null)),
        new("lorac", "LoRAC", "a low-rank update of each task, composed by trainable factors, with a penalty that keeps them orthogonal",
            context => context.Continual.LowRankComposition(context.Lorac(freezes: false, infersTask: false))),
        new("lorac-ipc", "LoRAC-IPC", "the same with the most important weight matrices frozen after each task",
            context => context.Continual.LowRankComposition(context.Lorac(freezes: true, infersTask: false))),
        new("lorac-ipc-tii", "LoRAC-IPC, task inferred", "the same with each image scored by the composition of the task that it seems to come from",
            context => context.Continual.LowRankComposition(context.Lorac(freezes: true, infersTask: true))),
        new("ft", "Fine-tuning", "the whole network, all classes seen compete, nothing protects old ones",
            context => context.Continual.FineTuning(Tuned<FineTuningOptions>(context))),
        new("ft++", "Fine-tuning, task's classes", "the whole network, only the task's classes compete",
            context => context.Continual.FineTuning(Tuned<FineTuningOptions>(context, options => options.ClassMask = ClassMask.CurrentTask))),
        new("ewc", "EWC", "the whole network with a quadratic penalty from the Fisher information",
            context => context.Continual.ElasticWeightConsolidation(Tuned<EwcOptions>(context, options => options.FisherImages = 200))),
        new("ewc-online", "Online EWC", "the same, with the information of older tasks fading",
            context => context.Continual.ElasticWeightConsolidation(Tuned<EwcOptions>(context, options => (options.FisherImages, options.Decay) = (200, 0.9)))),
        new("lwf", "LwF", "the whole network with distillation from a copy of before",
            context => context.Continual.LearningWithoutForgetting(Tuned<LwfOptions>(context))),
        new("icarl", "iCaRL", $"the whole network, {Remembered}, distillation, the nearest mean of exemplars",
            context => context.Continual.ICarl(Tuned<ICarlOptions>(context, options => options.MemorySize = context.Settings.Memory))),
        new("derpp", "DER++", $"the whole network, {Remembered} with their logits",
            context => context.Continual.DarkExperienceReplay(Tuned<DerOptions>(context, options => options.MemorySize = context.Settings.Memory))),
        new("bic", "BiC", $"the whole network, {Remembered}, distillation, corrected logits of new classes",
            context => context.Continual.BiasCorrection(Tuned<BicOptions>(context, options => options.MemorySize = context.Settings.Memory))),
        new("slca", "SLCA", "the whole network, slowly, and a classifier aligned on drawn features",
            context => context.Continual.SlowLearner(context.Apply(new SlcaOptions { BatchSize = 32 }))),
        new("adapter", "Adapter", "adapters beside attention in five blocks, for all tasks",
            context => context.Continual.ParameterEfficientTuning(context.Peft(recipe => new AdapterOptions(recipe), options => options.UseReleasedCode(), 0.002))),
        new("adapter-pegp", "Adapter + PEGP", "the same with gradient projection",
            context => context.Continual.ParameterEfficientTuning(context.Peft(recipe => new AdapterOptions(recipe), options => options.UseReleasedCode(), 0.002))
                .WithGradientProjection(context.Pegp(PgpOptions.PegpAdapterReference))),
        new("lora", "LoRA", "low-rank updates of queries, keys and values in five blocks, for all tasks",
            context => context.Continual.ParameterEfficientTuning(context.Peft(recipe => new LoraOptions(recipe), options => options.UseReleasedCode(), 0.002, 0.02))),
        new("lora-pegp", "LoRA + PEGP", "the same with gradient projection",
            context => context.Continual.ParameterEfficientTuning(context.Peft(recipe => new LoraOptions(recipe), options => options.UseReleasedCode(), 0.002, 0.02))
                .WithGradientProjection(context.Pegp(PgpOptions.PegpLoraReference))),
        new("prefix", "Prefix", "prefixes of keys and values in five blocks, for all tasks",
            context => context.Continual.ParameterEfficientTuning(context.Peft(recipe => new PrefixOptions(recipe), options => options.UseReleasedCode(), 0.01))),
        new("prefix-pegp", "Prefix + PEGP", "the same with gradient projection",
            context => context.Continual.ParameterEfficientTuning(context.Peft(recipe => new PrefixOptions(recipe), options => options.UseReleasedCode(), 0.01))
                .WithGradientProjection(context.Pegp(PgpOptions.Pegp))),
        new("prompt", "Prompt", "prompts at the input of attention in five blocks, for all tasks",
            context => context.Continual.ParameterEfficientTuning(context.Peft(recipe => new AttentionPromptOptions(recipe), options => options.UseReleasedCode(), 0.02))),
        new("prompt-pegp", "Prompt + PEGP", "the same with gradient projection",
            context => context.Continual.ParameterEfficientTuning(context.Peft(recipe => new AttentionPromptOptions(recipe), options => options.UseReleasedCode(), 0.02))
                .WithGradientProjection(context.Pegp(PgpOptions.Pegp))),
        new("clip", "CLIP with prompts", "an image prompt for all tasks and a text context for each, scored by the texts of the class names",
            context => context.Continual.PromptTuning(context.Clip())) { Backbone = BackboneKind.Clip, PaperEvaluation = EvaluationSetting.BatchMaximumTask },
        new("clip-pgp", "CLIP + PGP", "the same with gradient projection",
            context => context.Continual.PromptTuning(context.Clip()).WithGradientProjection(context.Pgp(PgpOptions.ClipReference)))
            { Backbone = BackboneKind.Clip, PaperEvaluation = EvaluationSetting.BatchMaximumTask },
        new("clip-linear", "CLIP with an adapter", "a bottleneck behind the image tower for all tasks and a text context for each",
            context => context.Continual.PromptTuning(context.ClipLinear())) { Backbone = BackboneKind.Clip, PaperEvaluation = EvaluationSetting.BatchMaximumTask },
        new("clip-linear-pegp", "CLIP with an adapter + PEGP", "the same with gradient projection",
            context => context.Continual.PromptTuning(context.ClipLinear()).WithGradientProjection(context.Pegp(PgpOptions.PegpClipLinearReference)))
            { Backbone = BackboneKind.Clip, PaperEvaluation = EvaluationSetting.BatchMaximumTask },
    ];

    /// <summary>How many images methods with a memory remember in all where <c>--memory</c> does not say.</summary>
    internal const int RememberedImages = 500;

    private static string Remembered => FormattableString.Invariant($"remembered images (--memory, default {RememberedImages})");

    /// <summary>The methods that adapt a kind of network.</summary>
    public static IReadOnlyList<MethodEntry> Of(BackboneKind kind) => [.. All.Where(method => method.Backbone == kind)];

    /// <summary>The method of a name.</summary>
    /// <exception cref="ArgumentException">There is no such method.</exception>
    public static MethodEntry Find(string name) => All.FirstOrDefault(method => method.Name == name)
        ?? throw new ArgumentException($"There is no method '{name}'; the methods are {string.Join(", ", All.Select(method => method.Name))}.");

    /// <summary>Options for the whole network that learn in few steps: Adam at 0.001 for the classifier and 5e-5 for the network, batches of 32.</summary>
    private static TOptions Tuned<TOptions>(MethodContext context, Action<TOptions>? more = null) where TOptions : NetworkTuningOptions, new() =>
        context.Apply(new TOptions { LearningRate = 0.001, BackboneLearningRateScale = 0.05, BatchSize = 32 }, more);
}
