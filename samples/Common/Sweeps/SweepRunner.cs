using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.Continual.Samples.Results;
using Microsoft.ML.Continual.Samples.Runner;

namespace Microsoft.ML.Continual.Samples.Sweeps;

/// <summary>Runs a sweep's cells on this machine, several at a time; those that are done are passed over.</summary>
internal static class SweepRunner
{
    /// <param name="sweep">The sweep.</param>
    /// <param name="jobs">How many cells run at a time.</param>
    /// <param name="launch">Runs a cell and gives its exit code.</param>
    /// <param name="cancellationToken">Starts no further cell.</param>
    /// <returns>The cells that failed.</returns>
    public static IReadOnlyList<SweepCell> Run(Sweep sweep, int jobs, Func<SweepCell, CancellationToken, Task<int>> launch, CancellationToken cancellationToken)
    {
        SweepCell[] open = [.. sweep.Cells.Where(cell => !IsDone(cell))];
        Console.WriteLine($"{sweep.Name}: {sweep.Cells.Count} runs, {sweep.Cells.Count - open.Length} done before, {open.Length} to do, {jobs} at a time");
        List<SweepCell> failed = [];
        var watch = Stopwatch.StartNew();
        int ended = 0;
        try
        {
            Parallel.ForEachAsync(open, new ParallelOptions { MaxDegreeOfParallelism = jobs, CancellationToken = cancellationToken }, async (cell, token) =>
            {
                var own = Stopwatch.StartNew();
                int code = await launch(cell, token).ConfigureAwait(false);
                token.ThrowIfCancellationRequested();
                lock (failed)
                {
                    ended++;
                    if (code != 0) failed.Add(cell);
                    TimeSpan left = watch.Elapsed * ((open.Length - ended) / (double)ended);
                    Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                        $"[{ended}/{open.Length}] {cell.Name}: {(code == 0 ? "done" : $"failed with exit code {code}, see {LogOf(cell)}")} after {own.Elapsed.TotalSeconds:0} s{(ended < open.Length ? $", about {left.TotalMinutes:0.0} min left" : "")}"));
                }
            }).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException e)
        {
            e.Data["done"] = $"stopped after {sweep.Cells.Count - open.Length + ended} of {sweep.Cells.Count} runs. To go on, give the same command again.";
            throw;
        }
        return failed;
    }

    /// <summary>Where a cell's output goes.</summary>
    public static string LogOf(SweepCell cell) => Path.Combine(cell.Folder, "log.txt");

    /// <summary>Whether the cell's file is there, of the same command. One of another command is the program's to refuse.</summary>
    public static bool IsDone(SweepCell cell)
    {
        if (!File.Exists(cell.DoneFile)) return false;
        try
        {
            return StoredRun.Read(cell.DoneFile).Text("commandLine")!.EndsWith(" " + RunnerOptions.Join(cell.Arguments), StringComparison.Ordinal);
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    /// <summary>Runs the cell's command in a shell, with its output in its folder's log.</summary>
    public static async Task<int> Launch(SweepCell cell, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(cell.Folder);
        var start = new ProcessStartInfo("bash") { ArgumentList = { "-c", $"exec {cell.Command} >\"$0\" 2>&1", LogOf(cell) } };
        using Process process = Process.Start(start)!;
        try
        {
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Ctrl-C has reached the process as well: it ends its step and writes what it has.
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(50));
            try
            {
                await process.WaitForExitAsync(patience.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
            }
            throw;
        }
        return process.ExitCode;
    }
}
