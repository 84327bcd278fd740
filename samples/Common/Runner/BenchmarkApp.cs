using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Backbones.Clip;
using Microsoft.ML.Continual.Evaluation;
using Microsoft.ML.Continual.Samples.Output;
using Microsoft.ML.Continual.Samples.Results;
using Microsoft.ML.Continual.Samples.Runner.Methods;

namespace Microsoft.ML.Continual.Samples.Runner;

/// <summary>A benchmark program: command line, runs, tables, report.</summary>
public static class BenchmarkApp
{
    /// <summary>Runs each method with each seed over the benchmark's tasks, and writes what came of it.</summary>
    /// <param name="args">The command line.</param>
    /// <param name="benchmark">Where the tasks come from.</param>
    /// <returns>The exit code: 0 done, 1 failed, 2 wrong arguments or files, 130 interrupted. Runs that were finished before are kept in any case.</returns>
    public static int Run(string[] args, Benchmark benchmark) => Run(args, benchmark, CancellationToken.None);

    /// <summary>As the other, and stops as Ctrl-C stops it when the token says so.</summary>
    internal static int Run(string[] args, Benchmark benchmark, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(args);
        ArgumentNullException.ThrowIfNull(benchmark);
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        var options = new RunnerOptions(benchmark);
        return CommandLineHost.Run(options.Command, benchmark.Program, args, (arguments, cancellationToken) =>
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, stop);
            return Run(benchmark, options.Read(arguments, args), arguments, either.Token);
        });
    }

    private static int Run(Benchmark benchmark, RunSettings settings, ParseResult arguments, CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        Directory.CreateDirectory(settings.Out);   // now, and not after an hour of training, is the time to find out that it cannot be made
        var mlContext = new MLContext(settings.Seeds[0]) { GpuDeviceId = settings.Gpu };
        BenchmarkTasks data = benchmark.Load(mlContext, settings, arguments);
        Console.WriteLine(data.Description);
        using Backbone backbone = Load(mlContext.Continual(), settings);
        Console.WriteLine($"{backbone} from {Path.GetFileName(settings.Weights)}, pixels {Describe(backbone.Normalization)}");
        Console.WriteLine($"{data.Tasks.Count} tasks, {settings.Setting}-incremental{(settings.Online ? ", online" : "")}; methods {string.Join(", ", settings.Methods.Select(m => m.Name))}; seeds {string.Join(", ", settings.Seeds)}");
        if (Words(settings) is { Length: > 0 } words) Console.WriteLine(words);
        Console.WriteLine();
        TryMethods(MethodRun.Context(settings.Seeds[0], data, backbone, settings));

        var file = new RunFile(benchmark, data, backbone, settings);
        (MethodEntry Method, int Seed)[] cells = [.. settings.Methods.SelectMany(_ => settings.Seeds, (method, seed) => (method, seed))];
        List<BenchmarkRun> runs = [];
        try
        {
            foreach ((MethodEntry method, int seed) in cells)
            {
                string place = cells.Length == 1 ? "" : $"[{runs.Count + 1}/{cells.Length}]";
                if (settings.SkipDone && DoneRun.TryRead(settings, method, seed) is { } done)
                {
                    Console.WriteLine($"{place} {done.Result.Name}, seed {seed}: done before".TrimStart());
                    runs.Add(done);
                    continue;
                }
                cancellationToken.ThrowIfCancellationRequested();
                runs.Add(MethodRun.Learn(method, seed, place, data, backbone, settings, cancellationToken));
                file.Write(runs[^1]);
            }
        }
        catch (OperationCanceledException e)
        {
            if (runs.Count > 0) Finish(benchmark, settings, mlContext, runs);
            e.Data["done"] = $"stopped after {runs.Count} of {cells.Length} runs{(runs.Count > 0 ? $"; what they gave is in {settings.Out}" : "")}{(settings.State is null ? ". Without --state FILE the next one begins anew" : "")}. To go on: {settings.CommandLine}{(settings.SkipDone ? "" : " --skip-done")}";
            throw;
        }
        ResultTables.WriteMatrices([.. runs.Where(run => run.Seed == settings.Seeds[0]).Select(run => run.Result)]);
        Finish(benchmark, settings, mlContext, runs);
        Console.WriteLine($"Done in {watch.Elapsed.TotalSeconds:0} s.");
        return 0;
    }

    private static Backbone Load(ContinualCatalog continual, RunSettings settings)
    {
        if (settings.Backbone == BackboneKind.VisionTransformer)
            return continual.LoadVisionTransformer(settings.Weights, settings.ImageSize, settings.Heads, normalization: settings.Normalization);
        ClipModel clip = continual.LoadClip(settings.Weights, settings.ImageSize, settings.Heads, normalization: settings.Normalization, vocabularyPath: settings.Vocabulary);
        if (clip.Tokenizer is not null) return clip;
        clip.Dispose();
        throw new ArgumentException($"--vocabulary: there is no vocabulary beside '{settings.Weights}': give OpenAI's bpe_simple_vocab_16e6.txt.gz, or Hugging Face's merges.txt with vocab.json.");
    }

    /// <summary>Makes each method's trainer once: what a method does not accept is found now, and not after the methods before it have run for hours.</summary>
    private static void TryMethods(MethodContext context)
    {
        List<string> without = [], unaligned = [];
        foreach (MethodEntry method in context.Settings.Methods)
        {
            try
            {
                method.Create(context).Dispose();
            }
            catch (ArgumentException e) when (e.ParamName == "recipe")
            {
                without.Add(method.Name);
            }
            catch (ArgumentException e) when (e.ParamName == MethodContext.AlignmentParameter)
            {
                unaligned.Add(method.Name);
            }
        }
        CommandLineHost.Require(without.Count == 0, $"--recipe {context.Settings.Recipe}: expected methods that have a configuration for it; found {string.Join(", ", without)}, without one. --method chooses others.");
        CommandLineHost.Require(unaligned.Count == 0, $"--alignment {context.Settings.Alignment}: expected methods whose classifier can be aligned; found {string.Join(", ", unaligned)}. --method chooses others.");
    }

    private static void Finish(Benchmark benchmark, RunSettings settings, MLContext mlContext, List<BenchmarkRun> runs)
    {
        SeedTable.Write([.. runs.GroupBy(run => run.Result.Name).Select(group => (group.Key, (IReadOnlyList<SequenceResult>)[.. group.Select(run => run.Result)]))]);
        ResultTables.WriteInterference([.. runs.Where(run => run.Seed == settings.Seeds[0]).Select(run => run.Result)]);
        string report = mlContext.Continual().WriteReport(Path.Combine(settings.Out, "report.html"), benchmark.Title, [.. runs.Select(run => run.Result)]);
        Console.WriteLine($"Report: {report}, with a JSON and a CSV file for each run beside it");
    }

    private static string Words(RunSettings settings) => string.Join(", ", ((string?[])
    [
        settings.Recipe is { } recipe ? $"recipe {recipe}" : null,
        settings.PaperProtocol ? "the papers' protocol: predictions depend on the test batch" : null,
        settings.Pgp == RunnerOptions.PgpPresets[0] ? null : $"PGP's preset {settings.Pgp}",
    ]).Where(words => words is not null));

    private static string Describe(ImageNormalization normalization) =>
        normalization.Mean.All(mean => mean == 0) && normalization.Deviation.All(deviation => deviation == 1) ? "in [0, 1], not normalised"
        : $"normalised by mean {string.Join(", ", normalization.Mean)} and deviation {string.Join(", ", normalization.Deviation)}";
}
