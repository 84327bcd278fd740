namespace Microsoft.ML.Continual.Methods.FineTuning;

/// <summary>How elastic weight consolidation remembers several tasks.</summary>
public enum EwcForm
{
    /// <summary>One penalty around the latest values, whose weights are summed over the tasks with <see cref="EwcOptions.Decay"/>: twice the trained weights in memory, however many tasks there are.</summary>
    Single,

    /// <summary>One penalty for each task around the values it ended with, as in the first paper: twice the trained weights for each task.</summary>
    Separate,
}
