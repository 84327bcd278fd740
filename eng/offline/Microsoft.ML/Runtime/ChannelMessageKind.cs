namespace Microsoft.ML.Runtime;

/// <summary>How serious a message is.</summary>
public enum ChannelMessageKind
{
    /// <summary>For developers.</summary>
    Trace = 0,

    /// <summary>For users.</summary>
    Info = 1,

    /// <summary>Something may go wrong.</summary>
    Warning = 2,

    /// <summary>Something went wrong.</summary>
    Error = 3,
}
