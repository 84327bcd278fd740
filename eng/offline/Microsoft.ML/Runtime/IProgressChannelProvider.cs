namespace Microsoft.ML.Runtime;

/// <summary>Starts channels for progress.</summary>
public interface IProgressChannelProvider
{
    /// <summary>Starts a progress channel.</summary>
    IProgressChannel StartProgressChannel(string name);
}
