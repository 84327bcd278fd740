using System.Reflection;
using System.Runtime.Loader;
using System.Text.RegularExpressions;
using Microsoft.ML.Continual.Engineering;

// api-dump ASSEMBLY…                        prints the lines of the assemblies
// api-dump --real LIST… -- ASSEMBLY…        the same, with the headers of the real types, and names on standard error each
//                                           line that the lists of the real packages lack; exit code 1 when there is one
if (args.Length == 0)
{
    Console.Error.WriteLine("usage: api-dump [--real LIST… --] ASSEMBLY…");
    return 2;
}

int separator = Array.IndexOf(args, "--");
string[] lists = args[0] == "--real" && separator > 0 ? args[1..separator] : [];
string[] files = lists.Length > 0 ? args[(separator + 1)..] : args;

// A dependency lies beside the assembly that needs it.
string[] folders = [.. files.Select(file => Path.GetDirectoryName(Path.GetFullPath(file))!).Distinct()];
AssemblyLoadContext.Default.Resolving += (context, name) =>
    folders.Select(folder => Path.Combine(folder, name.Name + ".dll")).FirstOrDefault(File.Exists) is { } path
        ? context.LoadFromAssemblyPath(path)
        : null;

SortedSet<string> lines = PublicApi.Lines(files.Select(file => Assembly.LoadFrom(Path.GetFullPath(file))));
if (lists.Length == 0)
{
    foreach (string line in lines)
        Console.WriteLine(line);
    return 0;
}

var real = new HashSet<string>(lists.SelectMany(File.ReadLines), StringComparer.Ordinal);
var headers = ApiHeader.Of(real);
int unknown = 0;
foreach (string line in lines)
{
    string listed = line;
    if (ApiHeader.Parse(line) is { } header && headers.TryGetValue(header.Type, out var known) && header.MayStandInFor(known.Header))
        listed = known.Line;
    Console.WriteLine(listed);
    if (real.Contains(listed))
        continue;
    unknown++;
    Console.Error.WriteLine($"not in the real packages: {listed}");
    foreach (string candidate in SameName(listed).Take(4))
        Console.Error.WriteLine($"             they have: {candidate}");
}
return unknown == 0 ? 0 : 1;

// The real members of that type with that name, for a message that says what to write instead.
IEnumerable<string> SameName(string line)
{
    string type = line[..(line.IndexOf(" | ", StringComparison.Ordinal) + 3)];
    string name = MemberName(line);
    return real.Where(other => other.StartsWith(type, StringComparison.Ordinal) && MemberName(other) == name).Order(StringComparer.Ordinal);
}

// "T | static A B<C>(D d)" -> "B"; "T | A B { get; }" -> "B"; any header -> "(header)", which finds the real header
static string MemberName(string line)
{
    if (ApiHeader.Parse(line) is not null)
        return "(header)";
    string member = line[(line.IndexOf(" | ", StringComparison.Ordinal) + 3)..];
    string head = Regex.Replace(member, @"(\(| \{| = ).*$", "");
    return Regex.Match(head, @"([\w.]+)(<[^<>]*>|\[[^\[\]]+\])?$").Groups[1].Value;
}
