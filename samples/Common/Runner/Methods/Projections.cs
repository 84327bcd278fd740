namespace Microsoft.ML.Continual.Samples.Runner.Methods;

/// <summary>Which methods are others with a projection, by their names: <c>l2p-pgp</c> is <c>l2p</c> with <c>pgp</c>, <c>vpt-nsp2</c> is <c>vpt-seq</c> with <c>nsp2</c>.</summary>
public static class Projections
{
    // A method without protection, whose projected twin has the projection in place of this ending.
    private const string Sequential = "-seq";

    private static readonly string[] s_known = ["pgp", "pegp", "nsp2"];

    /// <summary>The projections that a method has.</summary>
    public static IReadOnlyList<string> InUse => [.. s_known.Where(projection => MethodRegistry.All.Any(method => method.Name.EndsWith("-" + projection, StringComparison.Ordinal)))];

    /// <summary>The method with a projection.</summary>
    /// <param name="method">A plain method, or one that has this projection already.</param>
    /// <param name="projection">One of <see cref="InUse"/>, or <c>none</c> for the method without projection.</param>
    /// <exception cref="ArgumentException">No method is this one with the projection.</exception>
    public static MethodEntry With(MethodEntry method, string projection)
    {
        ArgumentNullException.ThrowIfNull(method);
        MethodEntry plain = WithoutProjection(method.Name) ?? method;
        if (projection == "none") return plain;
        string stem = plain.Name.EndsWith(Sequential, StringComparison.Ordinal) ? plain.Name[..^Sequential.Length] : plain.Name;
        return MethodRegistry.All.FirstOrDefault(m => m.Name == $"{stem}-{projection}") ?? throw new ArgumentException(
            $"--projection {projection}: there is no {plain.Name} with it; it goes with {string.Join(", ", MethodRegistry.All.Select(m => (m.Name, Plain: WithoutProjection(m.Name))).Where(m => m.Plain is not null && m.Name.EndsWith("-" + projection, StringComparison.Ordinal)).Select(m => m.Plain!.Name))}.");
    }

    /// <summary>The method that a method is without its projection, by name; null where it has none or is not known.</summary>
    public static MethodEntry? WithoutProjection(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (s_known.FirstOrDefault(projection => name.EndsWith("-" + projection, StringComparison.Ordinal)) is not { } ending) return null;
        string stem = name[..^(ending.Length + 1)];
        return MethodRegistry.All.FirstOrDefault(method => method.Name == stem || method.Name == stem + Sequential);
    }
}
