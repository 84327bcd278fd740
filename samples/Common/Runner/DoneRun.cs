using Microsoft.ML.Continual.Samples.Results;
using Microsoft.ML.Continual.Samples.Runner.Methods;

namespace Microsoft.ML.Continual.Samples.Runner;

/// <summary>Finds runs that an earlier start of the same command has finished.</summary>
internal static class DoneRun
{
    /// <summary>The run that lies in the folder of results, or null where there is none.</summary>
    /// <exception cref="InvalidDataException">The file there is of a run with other settings, or damaged.</exception>
    public static BenchmarkRun? TryRead(RunSettings settings, MethodEntry method, int seed)
    {
        string path = RunFile.PathOf(settings.Out, method, seed);
        if (!File.Exists(path)) return null;
        StoredRun stored = StoredRun.Read(path);
        IReadOnlyDictionary<string, string> now = settings.Given, then = stored.Settings;
        string[] differences = [.. now.Keys.Union(then.Keys).Order(StringComparer.Ordinal).Where(name => now.GetValueOrDefault(name) != then.GetValueOrDefault(name))
            .Select(name => $"{name} was {then.GetValueOrDefault(name) ?? "not given"}, is {now.GetValueOrDefault(name) ?? "not given"}")];
        if (differences.Length > 0)
            throw new InvalidDataException($"--skip-done: '{path}' is of a run with other settings: {string.Join("; ", differences)}. Give another --out, or remove the file.");
        return new BenchmarkRun(method, seed, stored.Result, stored.Elapsed);
    }
}
