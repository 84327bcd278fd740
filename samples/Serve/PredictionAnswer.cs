namespace Microsoft.ML.Continual.Samples.Serve;

/// <summary>The answer to <c>POST /predict</c>.</summary>
/// <param name="Label">The most probable class.</param>
/// <param name="Score">Its probability.</param>
/// <param name="Scores">The probability of every class seen, by label.</param>
/// <param name="Milliseconds">From the last byte of the image to the prediction: waiting, decoding and the pass.</param>
internal sealed record PredictionAnswer(string Label, float Score, IReadOnlyDictionary<string, float> Scores, double Milliseconds);
