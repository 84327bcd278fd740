using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.Alignment;
using Microsoft.ML.Continual.Methods.ClipPrompt;
using Microsoft.ML.Continual.Methods.CodaPrompt;
using Microsoft.ML.Continual.Methods.DualPrompt;
using Microsoft.ML.Continual.Methods.L2P;
using Microsoft.ML.Continual.Methods.Lorac;
using Microsoft.ML.Continual.Methods.Peft;
using Microsoft.ML.Continual.Methods.RanPac;
using Microsoft.ML.Continual.Methods.TaskInference;
using Microsoft.ML.Continual.Pgp;

namespace Microsoft.ML.Continual.Samples.Runner.Methods;

/// <summary>What a method's trainer is made from.</summary>
/// <param name="Continual">The catalogue of this run's context.</param>
/// <param name="Backbone">The frozen network.</param>
/// <param name="Settings">The command line.</param>
/// <param name="Seed">The run's seed.</param>
/// <param name="ClassNames">Names by label, for methods that read them, where labels are not names.</param>
public sealed record MethodContext(ContinualCatalog Continual, Backbone Backbone, RunSettings Settings, int Seed, IReadOnlyDictionary<string, string> ClassNames)
{
    /// <summary>The parameter that an <see cref="ArgumentException"/> names where a method's classifier cannot be aligned.</summary>
    internal const string AlignmentParameter = "alignment";

    /// <summary>L2P's options. Without a recipe, rates that learn in few steps; the classifier's is its own, whatever <c>--learning-rate</c> says.</summary>
    public L2POptions L2P() => Apply(OfRecipe(recipe => new L2POptions(recipe), rate: 0.3), options =>
    {
        if (Settings.Recipe is null) options.HeadLearningRateScale = 0.006 / options.LearningRate;
        if (Settings.PaperProtocol) options.UsePaperProtocol().PredictionBatchSize = options.BatchSize;   // the released code tests in batches of the training's size
    });

    /// <summary>DualPrompt's options. Without a recipe, rates as in <see cref="L2P"/>. The released code's way of computing comes with the preset <c>reference</c>; who selects E-prompts is the protocol's matter alone.</summary>
    public DualPromptOptions DualPrompt() => Apply(OfRecipe(recipe => new DualPromptOptions(recipe), rate: 0.05), options =>
    {
        if (Settings.Recipe is null) options.HeadLearningRateScale = 0.005 / options.LearningRate;
        if (Settings.Pgp == "reference") options.UseReleasedCode();
        bool votes = Settings.PaperProtocol && Settings.Recipe != Recipe.SplitImageNetR;   // per image there in the paper too
        options.TrainingSelection = options.PredictionSelection = votes ? PromptSelection.BatchwiseVote : PromptSelection.PerImage;
        if (Settings.PaperProtocol) options.PredictionBatchSize = options.BatchSize;
    });

    /// <summary>LoRAC's options. Without a recipe a larger rate, a smaller rank and a shorter alignment, for tasks of some dozens of steps.</summary>
    /// <param name="freezes">Whether important matrices are frozen.</param>
    /// <param name="infersTask">Whether an image's task is inferred; under the paper's protocol by vote of the batch.</param>
    public LoracOptions Lorac(bool freezes, bool infersTask)
    {
        LoracOptions options = Settings.Recipe is { } recipe ? new LoracOptions(recipe)
            : new LoracOptions { Epochs = 5, BatchSize = 16, LearningRate = 0.005, Rank = 8, OmegaLearningRateScale = 0.1, Alignment = new() { Epochs = 20 } };
        if (!freezes) options.FrozenShare = 0;
        if (infersTask) options.TaskInference = new TaskInferenceOptions { Clusters = Settings.Recipe is Recipe.SplitImageNetR or Recipe.SplitCub200 ? 2 : 4, BatchVote = Settings.PaperProtocol };
        return Apply(options);
    }

    /// <summary>CODA-Prompt's options: without a recipe, small batches and a rate that learn in few steps.</summary>
    public CodaPromptOptions CodaPrompt() => Apply(Settings.Recipe is { } recipe ? new CodaPromptOptions(recipe) : new CodaPromptOptions { BatchSize = 16, LearningRate = 0.01 });

    /// <summary>The options of RanPAC with its first session: without a recipe, small batches and a rate that learn in few steps; 2000 random features, for the paper's 10000 make states of 800 MB.</summary>
    public RanPacOptions RanPac()
    {
        RanPacOptions options = Settings.Recipe is { } recipe ? new RanPacOptions(recipe) : new RanPacOptions().UseFirstSession();
        if (Settings.Recipe is null) (options.BatchSize, options.LearningRate) = (16, 0.1);
        options.ProjectionWidth = 2000;
        return Apply(options);
    }

    /// <summary>The options of CLIP with prompts.</summary>
    public ClipPromptOptions Clip() => Clip(ClipImageTuning.Prompt);

    /// <summary>The options of CLIP with an adapter behind the image tower.</summary>
    public ClipPromptOptions ClipLinear() => Clip(ClipImageTuning.Adapter);

    /// <summary>
    /// The options of a parameter-efficient way of tuning. Without a recipe, rates that learn in few steps; the classifier's is its own, whatever <c>--learning-rate</c> says.
    /// The released code's way of training comes with the preset <c>reference</c>.
    /// </summary>
    /// <param name="make">Makes the options of a recipe.</param>
    /// <param name="useReleasedCode">Sets what the released code does.</param>
    /// <param name="rate">The rate of what is tuned, without a recipe.</param>
    /// <param name="classifierRate">The classifier's rate, without a recipe.</param>
    public TOptions Peft<TOptions>(Func<Recipe, TOptions> make, Func<TOptions, TOptions> useReleasedCode, double rate, double classifierRate = 0.005) where TOptions : PeftOptions, new()
    {
        ArgumentNullException.ThrowIfNull(make);
        ArgumentNullException.ThrowIfNull(useReleasedCode);
        return Apply(OfRecipe(make, rate), options =>
        {
            if (Settings.Recipe is null) options.HeadLearningRateScale = classifierRate / options.LearningRate;
            if (Settings.Pgp == "reference") useReleasedCode(options);
        });
    }

    /// <summary>As <see cref="Pgp"/>, with <see cref="PgpOptions.Pegp"/> in place of <see cref="PgpOptions.Stacked"/>.</summary>
    /// <param name="reference">What the preset <c>reference</c> is for the method.</param>
    public PgpOptions Pegp(PgpOptions reference)
    {
        PgpOptions options = Settings.Pgp is "paper" or "input-only" or "reference" ? Pgp(reference) : PgpOptions.Pegp;
        if (Settings.Energy is { } energy) options.Energy = energy;
        return options;
    }

    /// <summary>The options of PGP: the command line's preset, and its energy for prompts and keys where it gives one.</summary>
    /// <param name="reference">What the preset <c>reference</c> is for the method.</param>
    public PgpOptions Pgp(PgpOptions reference)
    {
        PgpOptions options = Settings.Pgp switch
        {
            "paper" => PgpOptions.Paper,
            "input-only" => PgpOptions.InputOnly,
            "reference" => reference,
            _ => PgpOptions.Stacked,
        };
        if (Settings.Energy is { } energy) (options.Energy, options.KeyEnergy) = (energy, energy);
        return options;
    }

    /// <summary>As <see cref="Apply{TOptions}(TOptions, Action{TOptions})"/>, on the recipe's options where the command line names a recipe, else on the method's own.</summary>
    /// <param name="make">Makes the options of a recipe.</param>
    /// <param name="more">See there.</param>
    /// <exception cref="ArgumentException">The method has no configuration for the recipe: the parameter is <c>recipe</c>.</exception>
    public TOptions Apply<TOptions>(Func<Recipe, TOptions> make, Action<TOptions>? more = null) where TOptions : MethodOptions, new()
    {
        ArgumentNullException.ThrowIfNull(make);
        return Apply(Settings.Recipe is { } recipe ? make(recipe) : new TOptions(), more);
    }

    /// <summary>Puts into a method's options what the command line says; all else stays as the method has it.</summary>
    /// <param name="options">The options.</param>
    /// <param name="more">What the runner sets besides; what <c>--set</c> names comes after it, and wins over everything.</param>
    /// <returns>The options.</returns>
    public TOptions Apply<TOptions>(TOptions options, Action<TOptions>? more = null) where TOptions : MethodOptions
    {
        ApplyToAll(options);
        if (Settings.Epochs is { } epochs) options.Epochs = epochs;
        if (Settings.LearningRate is { } rate) (options.LearningRate, options.FirstTaskLearningRate, options.ScaleLearningRateByBatch) = (rate, null, false);
        if (Settings.Online) options.UseOnline().Shuffle = true;   // the papers' online setting shuffles a task's images
        if (Settings.FixedViews) options.TrainingView = TrainingView.Deterministic;
        more?.Invoke(options);
        return Set(options);
    }

    /// <summary>As <see cref="Apply{TOptions}(TOptions, Action{TOptions})"/>, for methods that train nothing: no epochs, no rate, no training view.</summary>
    public TOptions ApplyFrozen<TOptions>(TOptions options) where TOptions : MethodOptions
    {
        ApplyToAll(options);
        return Set(options);
    }

    // A recipe's options; without one the method's own with a rate that learns in few steps.
    private TOptions OfRecipe<TOptions>(Func<Recipe, TOptions> make, double rate) where TOptions : MethodOptions, new() =>
        Settings.Recipe is { } recipe ? make(recipe) : new TOptions { LearningRate = rate, ScaleLearningRateByBatch = false };

    private ClipPromptOptions Clip(ClipImageTuning tuning) => Apply(recipe => new ClipPromptOptions(recipe), options =>
    {
        options.ImageTuning = tuning;
        foreach ((string label, string name) in ClassNames) options.ClassNames[label] = name;
    });

    private void ApplyToAll<TOptions>(TOptions options) where TOptions : MethodOptions
    {
        ArgumentNullException.ThrowIfNull(options);
        (options.Backbone, options.Seed) = (Backbone, Seed);
        if (Settings.BatchSize is { } batch) options.BatchSize = batch;
        if (Settings.Alignment is { } passes)
        {
            if (options is not IClassifierAlignment aligned) throw new ArgumentException($"{typeof(TOptions).Name} has no classifier that can be aligned.", AlignmentParameter);
            aligned.Alignment = passes == 0 ? null : (aligned.Alignment ?? ClassifierAlignmentOptions.Default) with { Epochs = passes };
        }
    }

    private TOptions Set<TOptions>(TOptions options) where TOptions : MethodOptions
    {
        foreach (OptionAssignment assignment in Settings.Assignments) assignment.Apply(options);
        return options;
    }
}
