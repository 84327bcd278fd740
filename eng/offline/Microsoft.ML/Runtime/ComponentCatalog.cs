using System.Reflection;

namespace Microsoft.ML.Runtime;

/// <summary>The register of assemblies that hold loadable components.</summary>
public sealed class ComponentCatalog
{
    private readonly HashSet<Assembly> _assemblies = [];

    internal ComponentCatalog()
    {
    }

    internal IReadOnlyList<Assembly> Assemblies
    {
        get
        {
            lock (_assemblies)
                return [.. _assemblies];
        }
    }

    /// <summary>Registers an assembly; a second time does nothing.</summary>
    public void RegisterAssembly(Assembly assembly, bool throwOnError = true)
    {
        ArgumentNullException.ThrowIfNull(assembly);
        lock (_assemblies)
            _assemblies.Add(assembly);
    }
}
