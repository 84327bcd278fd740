namespace Microsoft.ML.Continual.Samples.Serve;

/// <summary>The answer to <c>GET /health</c>.</summary>
/// <param name="Status"><c>ok</c>.</param>
/// <param name="UptimeSeconds">Since the start.</param>
/// <param name="Predictions">Made since the start.</param>
/// <param name="Busy">Requests that have a place now.</param>
/// <param name="Places">Requests that can have one.</param>
/// <param name="WorkingSetBytes">The process's memory, libtorch's included.</param>
/// <param name="ManagedBytes">What .NET's heap holds.</param>
internal sealed record HealthAnswer(string Status, double UptimeSeconds, long Predictions, int Busy, int Places, long WorkingSetBytes, long ManagedBytes);
