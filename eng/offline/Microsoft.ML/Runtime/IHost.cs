namespace Microsoft.ML.Runtime;

/// <summary>The environment of one component, with its own random numbers.</summary>
public interface IHost : IHostEnvironment
{
    /// <summary>Random numbers that follow from the context's seed and the order of registrations. Not thread-safe.</summary>
    Random Rand { get; }
}
