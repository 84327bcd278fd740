namespace Microsoft.ML.Runtime;

/// <summary>Carries text messages of a piece of work to the environment's listeners, and so to <see cref="MLContext.Log"/>.</summary>
public interface IChannel : IPipe<ChannelMessage>
{
    /// <summary>Says what a developer wants to know.</summary>
    void Trace(MessageSensitivity sensitivity, string fmt);

    /// <summary>Says what a developer wants to know, formatted.</summary>
    void Trace(MessageSensitivity sensitivity, string fmt, params object[] args);

    /// <summary>Says what went wrong.</summary>
    void Error(MessageSensitivity sensitivity, string fmt);

    /// <summary>Says what went wrong, formatted.</summary>
    void Error(MessageSensitivity sensitivity, string fmt, params object[] args);

    /// <summary>Says what may go wrong.</summary>
    void Warning(MessageSensitivity sensitivity, string fmt);

    /// <summary>Says what may go wrong, formatted.</summary>
    void Warning(MessageSensitivity sensitivity, string fmt, params object[] args);

    /// <summary>Says what a user wants to know.</summary>
    void Info(MessageSensitivity sensitivity, string fmt);

    /// <summary>Says what a user wants to know, formatted.</summary>
    void Info(MessageSensitivity sensitivity, string fmt, params object[] args);
}
