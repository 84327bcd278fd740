namespace Microsoft.ML.Runtime;

/// <summary>Where components run: it registers hosts and carries messages.</summary>
public interface IHostEnvironment : IChannelProvider, IProgressChannelProvider
{
    /// <summary>The register of loadable components.</summary>
    ComponentCatalog ComponentCatalog { get; }

    /// <summary>Makes a host for a component.</summary>
    /// <param name="name">The component's name; it is part of the source of its messages.</param>
    /// <param name="seed">The seed of its random numbers; null to draw one from this environment.</param>
    /// <param name="verbose">Whether to send trace messages; null for this environment's setting.</param>
    IHost Register(string name, int? seed = null, bool? verbose = null);
}

/// <summary>What the context keeps for its own components.</summary>
internal interface IHostEnvironmentInternal : IHostEnvironment
{
    int? Seed { get; }
}
