namespace Microsoft.ML.Continual.Tests.Contract;

/// <summary>The folders of the clone that these tests were built in.</summary>
internal static class Repository
{
    private const string Solution = "Microsoft.ML.Continual.sln";

    /// <summary>The folder of the solution.</summary>
    public static string Root { get; } =
        Upwards(AppContext.BaseDirectory).FirstOrDefault(folder => File.Exists(Path.Combine(folder, Solution)))
        ?? throw new InvalidOperationException($"No folder above {AppContext.BaseDirectory} holds {Solution}.");

    /// <summary>The lists of the real packages' members, in <c>shared/api</c> beside the clone or further up; null where there are none.</summary>
    public static string? RealApi { get; } =
        Upwards(Path.GetDirectoryName(Root)).Select(folder => Path.Combine(folder, "shared", "api")).FirstOrDefault(Directory.Exists);

    /// <summary>The files of a folder of the clone that a person wrote: nothing below <c>bin</c> or <c>obj</c>.</summary>
    public static IEnumerable<string> Sources(string folder, string pattern)
    {
        string path = Path.Combine(Root, folder);
        return !Directory.Exists(path) ? [] : Directory.EnumerateFiles(path, pattern, SearchOption.AllDirectories)
            .Where(file => !Path.GetRelativePath(path, file).Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj"));
    }

    private static IEnumerable<string> Upwards(string? folder)
    {
        for (; folder is not null; folder = Path.GetDirectoryName(folder))
            yield return folder;
    }
}
