using System.Collections.Concurrent;
using System.Reflection;
using System.Text.Json.Nodes;

namespace Microsoft.ML.Continual.Persistence;

/// <summary>
/// Makes options anew from a file. The file names a type; it is looked for among the loaded classes that derive from the options' base class, and no other class is ever made, nor any assembly loaded
/// because a file says so.
/// </summary>
internal static class KnownOptions
{
    // By base class and by the number of loaded assemblies: another assembly may bring more.
    private static readonly ConcurrentDictionary<(Type Base, int Assemblies), Type[]> s_known = new();

    /// <summary>The options with their type's name.</summary>
    public static JsonObject Write(object options) => new() { ["type"] = options.GetType().FullName, ["values"] = OptionJson.Write(options) };

    /// <summary>Makes the options.</summary>
    /// <typeparam name="T">The base class that they must have.</typeparam>
    /// <exception cref="InvalidDataException">There is no such class, or a value does not fit its option.</exception>
    public static T Read<T>(JsonNode json) where T : class
    {
        string name = json["type"]!.GetValue<string>();
        Type[] known = s_known.GetOrAdd((typeof(T), AppDomain.CurrentDomain.GetAssemblies().Length), _ => Find(typeof(T)));
        Type type = known.FirstOrDefault(t => t.FullName == name)
            ?? throw new InvalidDataException($"The options are of the class '{name}', which is none of those that this program has loaded ({string.Join(", ", known.Select(t => t.Name).Order(StringComparer.Ordinal))}). Make the trainer from its options and call LoadState.");
        var options = (T)Activator.CreateInstance(type)!;
        OptionJson.Read(json["values"]!.AsObject(), options);
        return options;
    }

    private static Type[] Find(Type ancestor) =>
        [.. Assemblies().SelectMany(TypesOf).Where(t => t is { IsAbstract: false, ContainsGenericParameters: false } && ancestor.IsAssignableFrom(t) && t.GetConstructor(Type.EmptyTypes) is not null)];

    private static Assembly[] Assemblies()
    {
        string own = typeof(KnownOptions).Assembly.GetName().Name!;
        // A program that resumes may not have touched those packages of this library yet that it was built with.
        AssemblyName[] packages = [.. AppDomain.CurrentDomain.GetAssemblies().Where(a => !a.IsDynamic).SelectMany(a => a.GetReferencedAssemblies()).Where(r => r.Name!.StartsWith(own + ".", StringComparison.Ordinal))];
        foreach (AssemblyName package in packages.DistinctBy(r => r.FullName)) Load(package);
        return [.. AppDomain.CurrentDomain.GetAssemblies().Where(a => !a.IsDynamic && (a.GetName().Name == own || a.GetReferencedAssemblies().Any(r => r.Name == own)))];
    }

    private static void Load(AssemblyName package)
    {
        try
        {
            Assembly.Load(package);
        }
        catch (Exception e) when (e is IOException or BadImageFormatException)
        {
            // It was not shipped with the program: then its options are not known.
        }
    }

    private static IEnumerable<Type> TypesOf(Assembly assembly)
    {
        try
        {
            return assembly.GetTypes();
        }
        catch (ReflectionTypeLoadException e)
        {
            return e.Types.OfType<Type>();
        }
    }
}
