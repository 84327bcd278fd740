namespace Microsoft.ML.Continual.Checkpoints.Pickle;

/// <summary>Bytes of a pickle that were left in its source.</summary>
/// <param name="Offset">Where in the source they begin.</param>
/// <param name="Count">Their number; they are there.</param>
internal sealed record PickleSpan(long Offset, long Count);
