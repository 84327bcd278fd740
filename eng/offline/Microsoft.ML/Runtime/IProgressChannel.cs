namespace Microsoft.ML.Runtime;

/// <summary>Reports progress. Nothing of it reaches <see cref="MLContext.Log"/>.</summary>
public interface IProgressChannel : IProgressChannelProvider, IDisposable
{
    /// <summary>Sets the names of metrics and units, and how to fill an entry when asked.</summary>
    void SetHeader(ProgressHeader header, Action<IProgressEntry> fillAction);

    /// <summary>Reports values now: metrics, then units.</summary>
    void Checkpoint(params double?[] values);
}
