using System.Diagnostics;

namespace Microsoft.ML.Continual.Training;

/// <summary>Says when a task in progress is to be kept, and takes it.</summary>
/// <param name="keep">Writes the progress; it is freed afterwards.</param>
/// <param name="everySteps">After so many steps; null for never.</param>
/// <param name="every">After so much time; null for never.</param>
internal sealed class ProgressKeeper(Action<TaskProgress> keep, int? everySteps, TimeSpan? every)
{
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private int _steps;

    /// <summary>Counts a step.</summary>
    /// <returns>Whether the progress is to be kept now.</returns>
    public bool IsDueAfterStep()
    {
        _steps++;
        if (!(_steps >= everySteps) && !(_watch.Elapsed >= every)) return false;
        _steps = 0;
        _watch.Restart();
        return true;
    }

    /// <summary>Writes the progress.</summary>
    public void Keep(TaskProgress progress)
    {
        using (progress) keep(progress);
    }
}
