namespace Microsoft.ML.Continual.Checkpoints.Pickle;

/// <summary>An object of a pickle whose class is not made: its class name, and the state it would be given.</summary>
internal sealed class PickleObject(string typeName)
{
    public string TypeName => typeName;

    /// <summary>What BUILD gave it; null before.</summary>
    public object? State { get; set; }
}
