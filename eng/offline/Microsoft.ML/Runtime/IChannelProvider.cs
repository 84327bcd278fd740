namespace Microsoft.ML.Runtime;

/// <summary>Starts channels for messages.</summary>
public interface IChannelProvider : IExceptionContext
{
    /// <summary>Starts a channel for text messages.</summary>
    IChannel Start(string name);

    /// <summary>Starts a pipe for messages of a type.</summary>
    IPipe<TMessage> StartPipe<TMessage>(string name);
}
