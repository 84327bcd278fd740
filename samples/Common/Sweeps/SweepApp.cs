using System.CommandLine;
using System.Globalization;
using Microsoft.ML.Continual.Samples.Runner;

namespace Microsoft.ML.Continual.Samples.Sweeps;

/// <summary>Runs a sweep here, or writes it for a scheduler: the program behind <c>eng/sweep.sh</c>.</summary>
public static class SweepApp
{
    private const string Program = "sweep";

    /// <summary>Reads the sweep and does what the arguments say.</summary>
    /// <param name="args">The command line.</param>
    /// <returns>The exit code: 0 done, 1 a run failed, 2 wrong arguments or files, 130 interrupted.</returns>
    public static int Run(string[] args) => Run(args, SweepRunner.Launch);

    /// <summary>As the other, with another way to run a cell.</summary>
    internal static int Run(string[] args, Func<SweepCell, CancellationToken, Task<int>> launch)
    {
        ArgumentNullException.ThrowIfNull(args);
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        Argument<string> file = new("file") { Description = "The sweep: benchmarks, methods, seeds and options as JSON (docs/results.md)." };
        Option<int> jobs = new("--jobs") { Description = "Run so many at a time.", DefaultValueFactory = _ => 1 };
        Option<string?> slurm = new("--slurm") { Description = "Run nothing; write an array script for sbatch to this file." };
        Option<string?> kubernetes = new("--kubernetes") { Description = "Run nothing; write an indexed job for kubectl to this file." };
        Option<bool> list = new("--list") { Description = "Run nothing; print each run's index, its state and its command." };
        Option<bool> programs = new("--programs") { Description = "Run nothing; print the programs that must be built." };
        var command = new RootCommand("Runs benchmarks × methods × seeds, each in a folder of its own. Given again, runs that are done are passed over.") { file, jobs, slurm, kubernetes, list, programs };
        return CommandLineHost.Run(command, Program, args, (arguments, cancellationToken) =>
        {
            string path = arguments.GetRequiredValue(file);
            Sweep sweep = Sweep.Read(path);
            if (arguments.GetValue(programs)) Print(sweep.Programs);
            else if (arguments.GetValue(list)) Print(sweep.Cells.Select(cell => $"{cell.Index}\t{(SweepRunner.IsDone(cell) ? "done" : "open")}\t{cell.Command}"));
            else if (arguments.GetValue(slurm) is { } script) Write(script, SweepScripts.Slurm(sweep, path));
            else if (arguments.GetValue(kubernetes) is { } job) Write(job, SweepScripts.Kubernetes(sweep, path));
            else return RunHere(sweep, arguments.GetValue(jobs), launch, cancellationToken);
            return 0;
        });
    }

    private static int RunHere(Sweep sweep, int jobs, Func<SweepCell, CancellationToken, Task<int>> launch, CancellationToken cancellationToken)
    {
        CommandLineHost.Require(jobs >= 1, $"--jobs: expected at least 1, found {jobs}.");
        IReadOnlyList<SweepCell> failed = SweepRunner.Run(sweep, jobs, launch, cancellationToken);
        if (failed.Count > 0) Console.Error.WriteLine($"{Program}: {failed.Count} of {sweep.Cells.Count} runs failed: {string.Join(", ", failed.OrderBy(cell => cell.Index).Select(cell => cell.Name))}. Given again, the same command runs them anew.");
        else Console.WriteLine($"{sweep.Name} is done. Tables and pages: eng/compare.sh --results {sweep.Out} --print");
        return failed.Count > 0 ? 1 : 0;
    }

    private static void Print(IEnumerable<string> lines)
    {
        foreach (string line in lines) Console.WriteLine(line);
    }

    private static void Write(string path, string text)
    {
        if (Path.GetDirectoryName(path) is { Length: > 0 } folder) Directory.CreateDirectory(folder);
        File.WriteAllText(path, text);
        Console.WriteLine($"Written: {path}");
    }
}
