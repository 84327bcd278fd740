namespace Microsoft.ML.Runtime;

/// <summary>Carries messages of one type to the environment's listeners.</summary>
public interface IPipe<TMessage> : IExceptionContext, IDisposable
{
    /// <summary>Sends a message.</summary>
    void Send(TMessage msg);
}
