namespace Microsoft.ML.Continual.Methods.Alignment;

/// <summary>
/// Classifier alignment: after each task but the first the classifier alone is trained on features drawn from statistics of all classes seen, so that classes of different tasks are told apart without
/// their images (SLCA, ICCV 2023; "task-adaptive prediction" in LoRAC). Statistics are taken when a class arrives, in the view of prediction, and are not refreshed.
/// </summary>
public sealed record ClassifierAlignmentOptions
{
    /// <summary>LoRAC's settings.</summary>
    public static ClassifierAlignmentOptions Default { get; } = new();

    /// <summary>SLCA's settings: covariances, 5 passes of one step a class with 256 features each, normalised logits, and means drawn nearer to zero.</summary>
    public static ClassifierAlignmentOptions Slca { get; } = new()
    {
        Statistics = AlignmentStatistics.Covariance,
        Epochs = 5,
        Steps = AlignmentSteps.SeenClasses,
        Samples = 256,
        DrawAll = true,
        LearningRate = 0.01,
        WeightDecay = 5e-4,
        ScaleMeans = true,
        NormalizedTemperature = 0.1,
    };

    /// <summary>What is kept of a class.</summary>
    /// <value>The default is <see cref="AlignmentStatistics.Centroids"/>.</value>
    public AlignmentStatistics Statistics { get; init; } = AlignmentStatistics.Centroids;

    /// <summary>The number of clusters of a class with <see cref="AlignmentStatistics.Centroids"/>; fewer where it has fewer images.</summary>
    /// <value>The default is 10.</value>
    public int Centroids { get; init; } = 10;

    /// <summary>Passes of alignment, each on features drawn anew.</summary>
    /// <value>The default is 50.</value>
    public int Epochs { get; init; } = 50;

    /// <summary>The number of steps of a pass.</summary>
    /// <value>The default is <see cref="AlignmentSteps.EarlierClasses"/>.</value>
    public AlignmentSteps Steps { get; init; } = AlignmentSteps.EarlierClasses;

    /// <summary>Features a step.</summary>
    /// <value>The default is 320.</value>
    public int Samples { get; init; } = 320;

    /// <summary>
    /// Whether each pass draws <see cref="Samples"/> features of every cluster, shuffles them and uses the first, as in the released code. Otherwise it draws as many as its steps use, each from a
    /// cluster chosen at random: the same distribution for a fraction of the work.
    /// </summary>
    /// <value>The default is false.</value>
    public bool DrawAll { get; init; }

    /// <summary>The rate of the first pass, of SGD; it falls to 0 along half a cosine, pass by pass.</summary>
    /// <value>The default is 0.005.</value>
    public double LearningRate { get; init; } = 0.005;

    /// <summary>The momentum of SGD.</summary>
    /// <value>The default is 0.9.</value>
    public double Momentum { get; init; } = 0.9;

    /// <summary>The weight decay of SGD.</summary>
    /// <value>The default is 0.</value>
    public double WeightDecay { get; init; }

    /// <summary>Whether means of earlier tasks are drawn nearer to zero, as in SLCA: by 0.9 + 0.1 · (s + 1) / (t + 1) for the classes of task s when task t has been learned.</summary>
    /// <value>The default is false.</value>
    public bool ScaleMeans { get; init; }

    /// <summary>SLCA's normalisation: logits are divided by this temperature and by the mean over tasks of the norm of their logits; in alignment alone. Null for none. SLCA's is 0.1.</summary>
    /// <value>The default is null.</value>
    public double? NormalizedTemperature { get; init; }

    /// <summary>Checks every option.</summary>
    /// <param name="option">The name of the option that holds these.</param>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    internal void Validate(string option)
    {
        OptionCheck.Require(Enum.IsDefined(Statistics), $"{option}.{nameof(Statistics)}", "a known kind", Statistics);
        OptionCheck.Require(Centroids >= 1, $"{option}.{nameof(Centroids)}", "at least 1", Centroids);
        OptionCheck.Require(Epochs >= 1, $"{option}.{nameof(Epochs)}", "at least 1", Epochs);
        OptionCheck.Require(Enum.IsDefined(Steps), $"{option}.{nameof(Steps)}", "a known number", Steps);
        OptionCheck.Require(Samples >= 1, $"{option}.{nameof(Samples)}", "at least 1", Samples);
        OptionCheck.Require(LearningRate > 0 && double.IsFinite(LearningRate), $"{option}.{nameof(LearningRate)}", "a positive number", LearningRate);
        OptionCheck.Require(Momentum is >= 0 and < 1, $"{option}.{nameof(Momentum)}", "in [0, 1)", Momentum);
        OptionCheck.Require(WeightDecay >= 0 && double.IsFinite(WeightDecay), $"{option}.{nameof(WeightDecay)}", "0 or more", WeightDecay);
        OptionCheck.Require(NormalizedTemperature is null or > 0 and < double.PositiveInfinity, $"{option}.{nameof(NormalizedTemperature)}", "a positive number, or null", NormalizedTemperature);
    }
}
