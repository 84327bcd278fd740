namespace Microsoft.ML.Continual.Samples.Serve;

/// <summary>An upload that gets an answer of its own instead of a prediction.</summary>
/// <param name="status">The HTTP status.</param>
/// <param name="reason">What is wrong, what was expected and what was found.</param>
internal sealed class RefusedUpload(int status, string reason) : Exception(reason)
{
    public int Status => status;
}
