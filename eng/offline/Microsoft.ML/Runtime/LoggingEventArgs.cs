using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>A message of <see cref="MLContext.Log"/>.</summary>
public class LoggingEventArgs : EventArgs
{
    /// <param name="message">The text as shown.</param>
    public LoggingEventArgs(string message) => Message = message;

    /// <param name="message">The text.</param>
    /// <param name="kind">How serious it is.</param>
    /// <param name="source">The component and phase it comes from.</param>
    public LoggingEventArgs(string message, ChannelMessageKind kind, string source)
    {
        RawMessage = message;
        Kind = kind;
        Source = source;
        Message = $"[Source={source}, Kind={kind}] {message}";
    }

    /// <summary>The text with source and kind in front.</summary>
    public string Message { get; }

    /// <summary>The component and phase, separated by semicolons.</summary>
    public string Source { get; }

    /// <summary>How serious it is.</summary>
    public ChannelMessageKind Kind { get; }

    /// <summary>The text alone.</summary>
    public string RawMessage { get; }
}
