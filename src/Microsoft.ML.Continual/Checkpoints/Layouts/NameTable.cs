namespace Microsoft.ML.Continual.Checkpoints.Layouts;

/// <summary>How one family of files names the tensors of a network. <see cref="NameTables"/> has them all.</summary>
/// <param name="Style">Whose names they are, for messages.</param>
/// <param name="Marker">A name that every such file has, and no other does.</param>
/// <param name="Rules">The lines; null where the names are the network's own.</param>
/// <param name="Ignored">Beginnings of names of parts that the network does not have: classifiers, and the like.</param>
/// <param name="IgnoredEndings">Endings of such names.</param>
/// <param name="Separator">What stands between the parts of a name.</param>
internal sealed record NameTable(string Style, string Marker, IReadOnlyList<NameRule>? Rules, string[] Ignored, string[] IgnoredEndings, char Separator = '.')
{
    public bool Ignores(string name) =>
        Ignored.Any(i => name.StartsWith(i, StringComparison.Ordinal)) || IgnoredEndings.Any(i => name.EndsWith(i, StringComparison.Ordinal));
}
