namespace Microsoft.ML.Runtime;

/// <summary>Marks exceptions with the component that threw them.</summary>
public interface IExceptionContext
{
    /// <summary>A name for messages.</summary>
    string ContextDescription { get; }

    /// <summary>Adds what the context knows to an exception and returns it.</summary>
    TException Process<TException>(TException ex) where TException : Exception;
}
