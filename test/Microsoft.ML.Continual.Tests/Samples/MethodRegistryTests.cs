using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Evaluation;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.Alignment;
using Microsoft.ML.Continual.Methods.ClipPrompt;
using Microsoft.ML.Continual.Methods.DeepPrompt;
using Microsoft.ML.Continual.Methods.DualPrompt;
using Microsoft.ML.Continual.Methods.L2P;
using Microsoft.ML.Continual.Methods.NearestClassMean;
using Microsoft.ML.Continual.Methods.Peft;
using Microsoft.ML.Continual.Methods.Rehearsal;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Pgp;
using Microsoft.ML.Continual.Samples.Runner;
using Microsoft.ML.Continual.Samples.Runner.Benchmarks;
using Microsoft.ML.Continual.Samples.Runner.Methods;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Tests.Contract;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Samples;

/// <summary>What the command line makes of the methods' options; nothing is trained.</summary>
[TestClass]
public sealed class MethodRegistryTests
{
    private static readonly string s_weights = Path.Combine(Repository.Root, "samples", "QuickStart", "assets", "shapes_vit.safetensors");
    private static VisionTransformer s_vit = null!;

    [ClassInitialize]
    public static void Load(TestContext context) => s_vit = VisionTransformer.Load(s_weights);

    [ClassCleanup]
    public static void Free() => s_vit.Dispose();

    private static RunSettings Read(string args)
    {
        var options = new RunnerOptions(new SplitBenchmark { Program = "split", Title = "", Description = "", DataDescription = "", DefaultTasks = 2 });
        string[] line = ["--data", "data", "--weights", "weights", .. args.Split(' ', StringSplitOptions.RemoveEmptyEntries)];
        return options.Read(options.Command.Parse(line), line);
    }

    private static (MethodOptions Options, ConstraintOptions? Constraint) Make(string args)
    {
        RunSettings settings = Read(args);
        using Backbone? clip = settings.Backbone == BackboneKind.Clip ? TinyClip.Create(config: TinyClip.Config with { ContextLength = 32 }) : null;
        var names = new Dictionary<string, string> { ["zoo/ant"] = "ant" };
        using ContinualTrainer trainer = settings.Methods.Single().Create(new MethodContext(new MLContext(1).Continual(), clip ?? s_vit, settings, 5, names));
        return (trainer.Options, trainer.ConstraintOptions);
    }

    [TestMethod]
    [DataRow("--method l2p --recipe splitimagenetr", 50, 16, 0.005)]
    [DataRow("--method dualprompt-pgp --recipe SplitCifar100", 20, 24, 0.03)]
    [DataRow("--method vpt-nsp2 --recipe SplitCifar100", 100, 256, 0.01)]
    [DataRow("--method clip --recipe SplitCifar100", 5, 32, 0.01)]
    [DataRow("--method l2p --recipe SplitImageNetR --epochs 3 --batch-size 8 --learning-rate 0.1", 3, 8, 0.1)]
    [DataRow("--method dualprompt --recipe SplitCifar100 --online", 1, 24, 0.03)]
    [DataRow("--method linear-probe --recipe SplitImageNetR", 20, 128, 0.001)]
    [DataRow("--method ncm --recipe SplitImageNetR", 1, 64, 0.03)]
    [DataRow("--method ranpac --recipe SplitImageNetR --epochs 3", 1, 64, 0.01)]
    [DataRow("--method ranpac-adapter --recipe SplitImageNetR", 10, 16, 0.05)]
    [DataRow("--method ranpac-adapter --epochs 3", 3, 16, 0.1)]
    [DataRow("--method coda-prompt", 20, 16, 0.01)]
    [DataRow("--method coda-prompt --recipe SplitImageNetR", 50, 128, 0.001)]
    [DataRow("--method l2p", 5, 16, 0.3)]
    [DataRow("--method dualprompt-pgp", 5, 16, 0.05)]
    [DataRow("--method prefix", 5, 16, 0.01)]
    [DataRow("--method lorac-ipc-tii --recipe SplitImageNetR", 50, 128, 0.0015)]
    [DataRow("--method lorac --epochs 3", 3, 16, 0.005)]
    public void A_recipe_is_where_a_method_starts_and_the_command_line_wins(string args, int epochs, int batchSize, double rate)
    {
        MethodOptions options = Make(args).Options;
        Assert.AreEqual((epochs, batchSize, rate, 5), (options.Epochs, options.BatchSize, options.LearningRate, options.Seed));
    }

    [TestMethod]
    public void A_recipe_reaches_sizes_and_the_null_space_projection()
    {
        var l2p = (L2POptions)Make("--method l2p-pgp --recipe SplitImageNetR").Options;
        Assert.AreEqual((30, 1), (l2p.PromptLength, l2p.TopK));
        Assert.AreEqual(0.95, ((NullSpaceOptions)Make("--method vpt-nsp2 --recipe SplitCifar100In20Tasks").Constraint!).AffinityEta);
        Assert.AreEqual(25, ((DeepPromptOptions)Make("--method vpt-seq --recipe SplitCifar100In20Tasks").Options).Temperature);
        Assert.IsNull(Make("--method clip --learning-rate 0.1").Options.FirstTaskLearningRate, "a rate that is given is that of every task");
    }

    [TestMethod]
    [DataRow("", 500)]
    [DataRow(" --memory 2000", 2000)]
    public void Every_method_with_a_memory_has_the_command_lines(string args, int images)
    {
        foreach (string method in new[] { "icarl", "bic" })
        {
            var options = (ExemplarOptions)Make($"--method {method}{args}").Options;
            Assert.AreEqual((images, MemoryBudget.Total), (options.MemorySize, options.Budget));
        }
        Assert.AreEqual(images, ((DerOptions)Make($"--method derpp{args}").Options).MemorySize);
        string[] remembering = [.. MethodRegistry.All.Where(method => method.Description.Contains("remembered images", StringComparison.Ordinal)).Select(method => method.Name)];
        CollectionAssert.AreEqual(new[] { "icarl", "derpp", "bic" }, remembering);
        Assert.IsTrue(remembering.All(name => MethodRegistry.Find(name).Description.Contains("--memory, default 500", StringComparison.Ordinal)));
        Assert.AreEqual(args.Length == 0 ? null : "2000", Read($"--method ncm{args}").Given.GetValueOrDefault("--memory"));
    }

    [TestMethod]
    [DataRow("l2p --recipe SplitDomainNet")]
    [DataRow("vpt-seq --recipe SplitCub200")]
    [DataRow("coda-prompt --recipe SplitDomainNet")]
    [DataRow("clip --recipe SplitImageNetR")]
    public void A_method_without_a_recipe_says_so_by_the_name_of_the_parameter(string args) =>
        Assert.AreEqual("recipe", Assert.Throws<ArgumentException>(() => Make("--method " + args)).ParamName);

    [TestMethod]
    public void The_papers_protocol_is_a_vote_of_batches_as_large_as_in_training()
    {
        var l2p = (L2POptions)Make("--method l2p --protocol paper --recipe SplitCifar100").Options;
        Assert.AreEqual((PromptSelection.BatchwiseVote, PromptSelection.BatchwiseVote, 16), (l2p.TrainingSelection, l2p.PredictionSelection, l2p.PredictionBatchSize));
        var dual = (DualPromptOptions)Make("--method dualprompt-pgp --protocol paper --recipe SplitCifar100").Options;
        Assert.AreEqual((PromptSelection.BatchwiseVote, PromptSelection.BatchwiseVote, 24), (dual.TrainingSelection, dual.PredictionSelection, dual.PredictionBatchSize));
        dual = (DualPromptOptions)Make("--method dualprompt --protocol paper --recipe SplitImageNetR").Options;
        Assert.AreEqual((PromptSelection.PerImage, 20), (dual.PredictionSelection, dual.EPromptLength), "per image in the paper");
        Assert.AreEqual(PromptSelection.PerImage, ((L2POptions)Make("--method l2p").Options).PredictionSelection);
    }

    [TestMethod]
    [DataRow("--method clip --protocol paper", EvaluationSetting.BatchMaximumTask)]
    [DataRow("--method clip-pgp --protocol paper --setting task", EvaluationSetting.TaskIncremental)]
    [DataRow("--method clip", EvaluationSetting.ClassIncremental)]
    [DataRow("--method l2p --protocol paper", EvaluationSetting.ClassIncremental)]
    public void CLIP_under_the_papers_protocol_knows_the_largest_task_of_the_batch(string args, EvaluationSetting expected)
    {
        RunSettings settings = Read(args);
        Assert.AreEqual(expected, settings.EvaluationOf(settings.Methods.Single()));
    }

    [TestMethod]
    [DataRow("l2p-pgp", PgpSpace.Stacked, 0.95)]
    [DataRow("l2p-pgp --pgp paper", PgpSpace.ChannelSum, 0.5)]
    [DataRow("dualprompt-pgp --pgp input-only", PgpSpace.InputOnly, 0.95)]
    [DataRow("l2p-pgp --pgp reference", PgpSpace.SampleIndexSum, 0.5)]
    [DataRow("adapter-pegp", PgpSpace.Stacked, 0.99)]
    [DataRow("adapter-pegp --pgp reference", PgpSpace.PrincipalAxes, 0.999)]
    [DataRow("lora-pegp --pgp reference", PgpSpace.PrincipalAxes, 0.99)]
    [DataRow("prefix-pegp --energy 0.5", PgpSpace.Stacked, 0.5)]
    [DataRow("prompt-pegp --pgp input-only", PgpSpace.InputOnly, 0.95)]
    [DataRow("clip-linear-pegp --pgp reference", PgpSpace.InputOnly, 0.99)]
    [DataRow("clip-pgp --pgp reference", PgpSpace.SampleIndexSum, 0.9)]
    [DataRow("clip-pgp --pgp reference --energy 0.7", PgpSpace.SampleIndexSum, 0.7)]
    public void A_preset_gives_the_projection_its_space_and_energy(string args, PgpSpace space, double energy)
    {
        var options = (PgpOptions)Make("--method " + args).Constraint!;
        Assert.AreEqual((space, energy), (options.Space, options.Energy));
    }

    [TestMethod]
    [DataRow("linear-probe", null)]
    [DataRow("linear-probe --alignment 7", 7)]
    [DataRow("lora-pegp --alignment 7", 7)]
    [DataRow("vpt-nsp2 --alignment 7", 7)]
    [DataRow("lorac-ipc --alignment 7", 7)]
    [DataRow("lorac-ipc --alignment 0", null)]
    [DataRow("slca", 5)]
    public void The_classifier_is_aligned_in_as_many_passes_as_the_command_line_says(string args, int? passes) =>
        Assert.AreEqual(passes, ((IClassifierAlignment)Make("--method " + args).Options).Alignment?.Epochs);

    [TestMethod]
    public void Any_option_can_be_set_by_its_name_and_wins_over_everything()
    {
        var lora = (LoraOptions)Make("--method lora-pegp --learning-rate 0.1 --set LearningRate=0.2 HeadLearningRateScale=3 Blocks=0,2 Targets=Query,Value --set LearnableScale=true MaximumGradientNorm=null").Options;
        Assert.AreEqual((0.2, 3, LoraTargets.Query | LoraTargets.Value, true, null), (lora.LearningRate, lora.HeadLearningRateScale, lora.Targets, lora.LearnableScale, lora.MaximumGradientNorm));
        CollectionAssert.AreEqual(new[] { 0, 2 }, lora.Blocks!.ToArray());
        Assert.AreEqual(PromptSelection.PerImage, ((L2POptions)Make("--method l2p --protocol paper --set PredictionSelection=PerImage").Options).PredictionSelection, "also over the protocol");
        Assert.AreEqual(7, ((ICarlOptions)Make("--method icarl --memory 200 --set MemorySize=7").Options).MemorySize);
        Assert.AreEqual(ClassMeanMetric.Euclid, ((NearestClassMeanOptions)Make("--method ncm --set Metric=Euclid").Options).Metric);
        Assert.AreEqual("Length=7 Blocks=0", Read("--method prefix --set Length=7 --set Blocks=0").Given["--set"]);
    }

    [TestMethod]
    [DataRow("lora --set Lenght=5", "--set: LoraOptions has no option 'Lenght' that can be set; it has BatchSize, Blocks, CacheImages,")]
    [DataRow("lora --set Seed=5", "LoraOptions has no option 'Seed'")]
    [DataRow("lora --set Rank=2.5", "Rank: expected a whole number, found '2.5'.")]
    [DataRow("lora --set Rank=null", "Rank: expected a whole number, found 'null'.")]
    [DataRow("lora --set Targets=Key,Keys", "Targets: expected Qkv, Query, Key, Value,")]
    [DataRow("lora --set ClassMask=17", "ClassMask: expected CurrentTask, SeenClasses, found '17'.")]
    [DataRow("lora --set Blocks=0;1", "Blocks: expected whole numbers with commas between them, or null, found '0;1'.")]
    [DataRow("lora --set MaximumGradientNorm=much", "MaximumGradientNorm: expected a number, or null, found 'much'.")]
    [DataRow("lora --set Rank", "--set: expected NAME=VALUE, such as Length=10, found 'Rank'.")]
    [DataRow("lora --set Rank=2 --set Rank=3", "--set: expected each option once, found Rank=2 Rank=3.")]
    public void An_option_that_cannot_be_set_so_is_an_error_that_says_what_was_expected(string args, string message) =>
        StringAssert.Contains(Assert.Throws<ArgumentException>(() => Make("--method " + args)).Message, message);

    [TestMethod]
    [DataRow("l2p", 0.006)]
    [DataRow("dualprompt-pgp --learning-rate 0.01", 0.005)]
    [DataRow("lora", 0.02)]
    [DataRow("prompt-pegp --learning-rate 0.5", 0.005)]
    public void Without_a_recipe_the_classifier_keeps_its_rate_whatever_that_of_prompts(string args, double rate)
    {
        Assert.AreEqual(rate, ClassifierRate(Make("--method " + args).Options), 1e-12);
        Assert.AreEqual(1, HeadScale(Make($"--method {args.Split(' ')[0]} --recipe SplitCifar100").Options), "a recipe is the paper's");
    }

    private static double ClassifierRate(MethodOptions options) => options.LearningRate * (options.ScaleLearningRateByBatch ? options.BatchSize / 256.0 : 1) * HeadScale(options);

    private static double HeadScale(MethodOptions options) => options switch
    {
        L2POptions l2p => l2p.HeadLearningRateScale,
        DualPromptOptions dual => dual.HeadLearningRateScale,
        _ => ((PeftOptions)options).HeadLearningRateScale,
    };

    [TestMethod]
    public void The_classifiers_rate_can_be_set_in_every_method_that_trains_it_beside_something_else()
    {
        foreach (string method in (string[])["plain", "l2p", "dualprompt", "coda-prompt", "vpt-seq", "lorac", "adapter"])
        {
            MethodOptions options = Make($"--method {method} --set HeadLearningRateScale=0.25").Options;
            using ContinualMethod made = options.CreateMethod(new SeededRandom(1));
            made.BeginTask(new MethodTask(0, [0, 1], 2, 4, new SeededRandom(2)));
            foreach (TrainableParameter parameter in made.Parameters)
                Assert.AreEqual(parameter.Name.StartsWith("head.", StringComparison.Ordinal) ? 0.25 : 1, parameter.LearningRateScale, $"{method} {parameter.Name}");
            StringAssert.Contains(Assert.Throws<ArgumentException>(() => Make($"--method {method} --set HeadLearningRateScale=0")).Message, "HeadLearningRateScale: expected a positive number");
        }
    }

    [TestMethod]
    public void The_reference_is_each_methods_own_and_leaves_the_selection_to_the_protocol()
    {
        Assert.AreEqual(9, ((PgpOptions)Make("--method l2p-pgp --pgp reference").Constraint!).Components);
        (MethodOptions options, ConstraintOptions? constraint) = Make("--method dualprompt-pgp --pgp reference --protocol paper");
        var dual = (DualPromptOptions)options;
        Assert.AreEqual(50, ((PgpOptions)constraint!).Components);
        Assert.AreEqual((EPromptLayout.ReferenceReshape, ActivationPrompts.ByTokenMaximum, PromptSelection.BatchwiseVote), (dual.EPromptLayout, dual.ActivationPrompts, dual.PredictionSelection));
        dual = (DualPromptOptions)Make("--method dualprompt --pgp reference").Options;
        Assert.AreEqual((EPromptLayout.ReferenceReshape, PromptSelection.PerImage), (dual.EPromptLayout, dual.PredictionSelection));
        StringAssert.Contains(dual.Protocol, "its place in its batch of 64");
    }

    [TestMethod]
    public void Methods_with_CLIP_run_only_when_named_and_know_names_for_labels()
    {
        Assert.IsTrue(Read("").Methods.All(method => method.Backbone == BackboneKind.VisionTransformer));
        CollectionAssert.AreEqual(new[] { "clip", "clip-pgp", "clip-linear", "clip-linear-pegp" }, MethodRegistry.Of(BackboneKind.Clip).Select(method => method.Name).ToArray());
        Assert.AreEqual("ant", ((ClipPromptOptions)Make("--method clip").Options).ClassNames["zoo/ant"]);
    }
}
