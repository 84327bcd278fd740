using Microsoft.ML.Continual.Training;

namespace Microsoft.ML.Continual.Tests.Training;

/// <summary>Keeps what it is told, on the teller's thread; <see cref="Progress{T}"/> would use another.</summary>
internal sealed class Listener : IProgress<TrainingProgress>
{
    public List<TrainingProgress> Heard { get; } = [];

    public Action<TrainingProgress>? Then { get; init; }

    public void Report(TrainingProgress value)
    {
        Heard.Add(value);
        Then?.Invoke(value);
    }
}
