namespace Microsoft.ML.Continual.Engineering;

/// <summary>
/// The header line of a type, <c>Type | kind : bases</c>. A stand-in may leave out bases of the real type (its internal interfaces, what
/// nobody here uses): whatever compiles against fewer bases compiles against all of them. It may not change the kind or add a base.
/// </summary>
internal sealed record ApiHeader(string Type, string Kind, IReadOnlySet<string> Bases)
{
    private static readonly string[] Kinds = ["class", "sealed class", "abstract class", "static class", "struct", "interface", "enum"];

    /// <summary>Reads a line; null where the line is a member or a delegate, whose lines must be equal as text.</summary>
    public static ApiHeader? Parse(string line)
    {
        int bar = line.IndexOf(" | ", StringComparison.Ordinal);
        if (bar < 0)
            return null;
        string rest = line[(bar + 3)..];
        int colon = rest.IndexOf(" : ", StringComparison.Ordinal);
        string kind = colon < 0 ? rest : rest[..colon];
        return Kinds.Contains(kind) ? new ApiHeader(line[..bar], kind, Split(colon < 0 ? "" : rest[(colon + 3)..])) : null;
    }

    /// <summary>The headers among the lines, by type.</summary>
    public static Dictionary<string, (string Line, ApiHeader Header)> Of(IEnumerable<string> lines) =>
        lines.Select(line => (Line: line, Header: Parse(line)!)).Where(pair => pair.Header is not null).ToDictionary(pair => pair.Header.Type);

    /// <summary>Whether a type with this header may stand in for one with the <paramref name="real"/> header.</summary>
    public bool MayStandInFor(ApiHeader real) => Type == real.Type && Kind == real.Kind && Bases.IsSubsetOf(real.Bases);

    // Splits at the commas outside of <>: System.IDisposable, Func<A, B>
    private static HashSet<string> Split(string list)
    {
        var bases = new HashSet<string>(StringComparer.Ordinal);
        int depth = 0, start = 0;
        for (int i = 0; i <= list.Length; i++)
        {
            if (i < list.Length)
                depth += list[i] == '<' ? 1 : list[i] == '>' ? -1 : 0;
            if ((i == list.Length || (list[i] == ',' && depth == 0)) && i > start)
            {
                bases.Add(list[start..i].Trim());
                start = i + 1;
            }
        }
        return bases;
    }
}
