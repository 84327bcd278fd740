namespace Microsoft.ML.Continual.Checkpoints.Pickle;

/// <summary>A dictionary of a pickle: its pairs in the order in which they were set. Keys are not compared, so hostile ones cost nothing.</summary>
internal sealed class PickleDictionary
{
    public List<(object? Key, object? Value)> Items { get; } = [];
}
