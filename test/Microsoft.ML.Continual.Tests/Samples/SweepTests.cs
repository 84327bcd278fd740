using System.Text.RegularExpressions;
using Microsoft.ML.Continual.Samples.Runner;
using Microsoft.ML.Continual.Samples.Runner.Benchmarks;
using Microsoft.ML.Continual.Samples.Scenes;
using Microsoft.ML.Continual.Samples.Sweeps;
using Microsoft.ML.Continual.Tests.Contract;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Samples;

/// <summary>Many runs from one file: here, and as scripts for schedulers.</summary>
[TestClass]
public sealed class SweepTests
{
    private string _folder = "";
    private TextWriter _output = null!, _errors = null!;
    private StringWriter _written = null!;

    [TestInitialize]
    public void Make_a_folder()
    {
        _folder = Directory.CreateTempSubdirectory("sweep-").FullName;
        (_output, _errors, _written) = (Console.Out, Console.Error, new StringWriter());
        Console.SetOut(TextWriter.Synchronized(_written));
        Console.SetError(_written);
    }

    [TestCleanup]
    public void Remove_the_folder()
    {
        Console.SetOut(_output);
        Console.SetError(_errors);
        Directory.Delete(_folder, recursive: true);
    }

    private string FileOf(string text)
    {
        string path = Path.Combine(_folder, "sweep.json");
        File.WriteAllText(path, text);
        return path;
    }

    private string Large => FileOf("""
        {
          "schema": "continual-sweep/1", "name": "demo", "out": "artifacts/demo",   // a comment
          "environment": { "OMP_NUM_THREADS": "1" },
          "options": { "--weights": "my models/vit.safetensors", "--epochs": 3, "--fixed-views": true },
          "benchmarks": [
            { "name": "tiny", "program": "SplitTinyImageNet", "options": { "--data": "data/tiny", "--tasks": 10 } },
            { "name": "five", "program": "FiveDatasets", "options": { "--data": "data/five", "--datasets": ["MNIST", "SVHN"], "--fixed-views": false } }
          ],
          "methods": ["ncm", { "method": "l2p", "name": "l2p-fast", "options": { "--epochs": 1, "--label": "L2P, it's fast" } }],
          "seeds": [1, 7],
          "slurm": { "--time": "02:00:00", "--gres": "gpu:1" },
          "kubernetes": { "image": "registry/continual:1", "parallelism": 4, "cpu": "4", "memory": "16Gi", "gpu": 1, "volumeClaim": "results" }
        }
        """);

    [TestMethod]
    public void Cells_are_benchmarks_by_methods_by_seeds_each_with_a_folder_of_its_own()
    {
        Sweep sweep = Sweep.Read(Large);
        Assert.HasCount(8, sweep.Cells);
        Assert.AreEqual("env OMP_NUM_THREADS=1 eng/benchmark.sh SplitTinyImageNet --weights 'my models/vit.safetensors' --epochs 3 --fixed-views --data data/tiny --tasks 10 " +
            "--method ncm --seed 1 --out artifacts/demo/tiny/ncm-seed1 --skip-done --state artifacts/demo/tiny/ncm-seed1/run.state", sweep.Cells[0].Command);
        Assert.AreEqual(@"env OMP_NUM_THREADS=1 eng/benchmark.sh FiveDatasets --weights 'my models/vit.safetensors' --epochs 1 --data data/five --datasets MNIST SVHN --label 'L2P, it'\''s fast' " +
            "--method l2p --seed 7 --out artifacts/demo/five/l2p-fast-seed7 --skip-done --state artifacts/demo/five/l2p-fast-seed7/run.state", sweep.Cells[7].Command);
        Assert.AreEqual("artifacts/demo/five/l2p-fast-seed7/l2p-seed7.json", sweep.Cells[7].DoneFile);
        Assert.HasCount(8, sweep.Cells.Select(cell => cell.Folder).Distinct());
        CollectionAssert.AreEqual(new[] { "SplitTinyImageNet", "FiveDatasets" }, sweep.Programs.ToArray());
    }

    [TestMethod]
    public void The_seed_stands_in_an_options_value_wherever_it_is_asked_for()
    {
        Sweep sweep = Sweep.Read(FileOf("""
            {
              "schema": "continual-sweep/1", "name": "demo", "options": { "--class-order-seed": "{seed}", "--label": "seed {seed} of {seed}" },
              "benchmarks": [{ "name": "tiny", "program": "SplitTinyImageNet" }], "methods": ["ncm"], "seeds": [1, 7]
            }
            """));
        foreach ((SweepCell cell, string seed) in sweep.Cells.Zip(new[] { "1", "7" }))
            CollectionAssert.AreEqual(new[] { "--class-order-seed", seed, "--label", $"seed {seed} of {seed}", "--method", "ncm", "--seed", seed }, cell.Arguments.Take(8).ToArray());
    }

    [TestMethod]
    [DataRow("example-sweep.json")]
    [DataRow("comparison-sweep.json")]
    public void The_examples_are_sweeps_of_methods_that_exist(string name)
    {
        string file = Path.Combine(Repository.Root, "samples", "Experiments", name);
        Sweep sweep = Sweep.Read(file);
        foreach (SweepCell cell in sweep.Cells)
        {
            Assert.IsTrue(File.Exists(Path.Combine(Repository.Root, "samples", cell.Program, cell.Program + ".csproj")), cell.Program);
            var options = new RunnerOptions(new SplitBenchmark { Program = "split", Title = "", Description = "", DataDescription = "", DefaultTasks = 10 });
            Assert.HasCount(1, options.Read(options.Command.Parse(cell.Arguments), [.. cell.Arguments]).Methods);
            Assert.IsEmpty(options.Command.Parse(cell.Arguments).Errors);
        }
        Assert.AreEqual(0, SweepApp.Run([file, "--slurm", Path.Combine(_folder, "slurm")]), _written.ToString());
        if (sweep.Kubernetes is not null) Assert.AreEqual(0, SweepApp.Run([file, "--kubernetes", Path.Combine(_folder, "job")]), _written.ToString());
    }

    [TestMethod]
    [DataRow("--slurm")]
    [DataRow("--kubernetes")]
    public void Schedulers_run_for_each_index_what_runs_here_and_the_script_is_always_the_same(string scheduler)
    {
        string file = Large, first = Path.Combine(_folder, "a", "script"), second = Path.Combine(_folder, "b");
        Assert.AreEqual(0, SweepApp.Run([file, scheduler, first]), _written.ToString());
        Assert.AreEqual(0, SweepApp.Run([file, scheduler, second]), _written.ToString());
        string script = File.ReadAllText(first);
        Assert.AreEqual(script, File.ReadAllText(second));

        (int Index, string Command)[] cases = [.. Regex.Matches(script, @"^ +(\d+)\) exec (.*) ;;$", RegexOptions.Multiline).Select(m => (int.Parse(m.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture), m.Groups[2].Value))];
        CollectionAssert.AreEqual(Sweep.Read(file).Cells.Select(cell => (cell.Index, cell.Command)).ToArray(), cases);
        string[] expected = scheduler == "--slurm"
            ? ["#SBATCH --job-name=demo\n", "#SBATCH --array=0-7\n", "#SBATCH --time=02:00:00\n", "#SBATCH --gres=gpu:1\n", "case ${SLURM_ARRAY_TASK_ID:?} in", "export CONTINUAL_NO_BUILD=1"]
            : ["completionMode: Indexed\n", "completions: 8\n", "parallelism: 4\n", "image: \"registry/continual:1\"\n", "memory: \"16Gi\"\n", "nvidia.com/gpu: \"1\"\n", "claimName: \"results\"\n", "case ${JOB_COMPLETION_INDEX:?} in"];
        foreach (string text in expected) StringAssert.Contains(script, text);
    }

    [TestMethod]
    public void A_script_in_a_shell_runs_the_command_of_its_index()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Inconclusive("This test needs bash.");
            return;
        }
        string script = Path.Combine(_folder, "script");
        Assert.AreEqual(0, SweepApp.Run([Large, "--slurm", script]), _written.ToString());
        Directory.CreateDirectory(Path.Combine(_folder, "eng"));
        string program = Path.Combine(_folder, "eng", "benchmark.sh");
        File.WriteAllText(program, "#!/usr/bin/env bash\nprintf '%s|' \"$OMP_NUM_THREADS\" \"$CONTINUAL_NO_BUILD\" \"$@\"\n");
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Assert.AreEqual("1|1|FiveDatasets|--weights|my models/vit.safetensors|--epochs|1|--data|data/five|--datasets|MNIST|SVHN|--label|L2P, it's fast|--method|l2p|--seed|7|--out|artifacts/demo/five/l2p-fast-seed7|--skip-done|--state|artifacts/demo/five/l2p-fast-seed7/run.state|",
            Shell(script, "7"));
        StringAssert.Contains(Shell(script, "8"), "demo has the runs 0 to 7, not 8");
    }

    [TestMethod]
    public void A_sweep_runs_here_passes_over_what_is_done_and_goes_on_where_it_failed()
    {
        WriteClasses("ant", "bee");
        string weights = Path.Combine(Repository.Root, "samples", "QuickStart", "assets", "shapes_vit.safetensors");
        string file = FileOf($$"""
            {
              "schema": "continual-sweep/1", "name": "two", "out": "{{_folder}}/out",
              "options": { "--data": "{{_folder}}/data", "--weights": "{{weights}}" },
              "benchmarks": [{ "name": "tiny", "program": "Split" }], "methods": ["ncm"], "seeds": [1, 2]
            }
            """);
        List<int> launched = [];
        bool fails = true;
        Task<int> Launch(SweepCell cell, CancellationToken cancellationToken)
        {
            lock (launched) launched.Add(cell.Index);
            return Task.FromResult(fails && cell.Index == 1 ? 3 : BenchmarkApp.Run([.. cell.Arguments], new SplitBenchmark { Program = "split", Title = "Split", Description = "", DataDescription = "", DefaultTasks = 2 }));
        }

        Assert.AreEqual(1, SweepApp.Run([file], Launch), _written.ToString());
        StringAssert.Contains(_written.ToString(), "1 of 2 runs failed: tiny ncm seed 2.");
        CollectionAssert.AreEqual(new[] { 0, 1 }, launched);
        fails = false;
        Assert.AreEqual(0, SweepApp.Run([file], Launch), _written.ToString());
        CollectionAssert.AreEqual(new[] { 0, 1, 1 }, launched, "the first is done");
        Assert.AreEqual(0, SweepApp.Run([file, "--jobs", "2"], Launch), _written.ToString());
        Assert.HasCount(3, launched);
        Assert.IsTrue(File.Exists(Path.Combine(_folder, "out", "tiny", "ncm-seed2", "ncm-seed2.json")));

        File.WriteAllText(file, File.ReadAllText(file).Replace("\"options\": {", "\"options\": { \"--tasks\": 1,", StringComparison.Ordinal));
        Assert.AreEqual(1, SweepApp.Run([file], Launch), "results of other options are not taken for these");
        StringAssert.Contains(_written.ToString(), "--tasks was not given, is 1");
    }

    [TestMethod]
    [DataRow("\"seeds\": [1, 7]", "\"seeds\": [1, 1]", "seeds: expected different whole numbers, found [1, 1]")]
    [DataRow("\"seeds\": [1, 7]", "\"seed\": [1, 7]", "the sweep has the entry 'seed'; known are schema, name")]
    [DataRow("sweep/1", "sweep/9", "expected the schema continual-sweep/1, found continual-sweep/9")]
    [DataRow("\"--epochs\": 3", "\"--seed\": 3", "options: --seed is the sweep's own to give")]
    [DataRow("\"--epochs\": 3", "\"epochs\": 3", "expected names such as --epochs, found 'epochs'")]
    [DataRow("\"name\": \"demo\"", "\"name\": \"De mo\"", "name: expected lower-case letters, digits and hyphens, at most 60; found 'De mo'")]
    [DataRow("\"program\": \"FiveDatasets\"", "\"program\": \"../x\"", "a benchmark's program is a folder of samples")]
    [DataRow("\"method\": \"l2p\", \"name\": \"l2p-fast\"", "\"method\": \"ncm\"", "two cells have the folder artifacts/demo/tiny/ncm-seed1")]
    [DataRow("\"methods\": [", "\"methods\": [[],", "is no sweep")]
    [DataRow("\"schema\"", "schema", "is no sweep")]
    public void A_wrong_sweep_says_what_is_wrong(string found, string put, string expected)
    {
        string file = Large;
        FileOf(File.ReadAllText(file).Replace(found, put, StringComparison.Ordinal));
        Assert.AreEqual(2, SweepApp.Run([file, "--list"]));
        StringAssert.Contains(_written.ToString(), "sweep.json");
        StringAssert.Contains(_written.ToString(), expected);
    }

    [TestMethod]
    public void A_job_needs_an_image()
    {
        string file = Large;
        FileOf(Regex.Replace(File.ReadAllText(file), "\"image\": \"[^\"]*\",", ""));
        Assert.AreEqual(2, SweepApp.Run([file, "--kubernetes", Path.Combine(_folder, "job")]));
        StringAssert.Contains(_written.ToString(), "expected 'image' to be a text");
    }

    private string Shell(string script, string index)
    {
        var start = new System.Diagnostics.ProcessStartInfo("bash", [script]) { WorkingDirectory = _folder, RedirectStandardOutput = true, RedirectStandardError = true, Environment = { ["SLURM_ARRAY_TASK_ID"] = index } };
        using var process = System.Diagnostics.Process.Start(start)!;
        string text = process.StandardOutput.ReadToEnd() + process.StandardError.ReadToEnd();
        process.WaitForExit();
        return text;
    }

    private void WriteClasses(params string[] labels)
    {
        foreach (string label in labels)
        {
            foreach (string part in new[] { "train", "test" })
            {
                string folder = Path.Combine(_folder, "data", part, label);
                Directory.CreateDirectory(folder);
                byte[] pixels = new byte[3 * 8 * 8];
                Array.Fill(pixels, (byte)(50 * label[0]));
                File.WriteAllBytes(Path.Combine(folder, "0.png"), PngFile.Encode(8, 8, pixels));
            }
        }
    }
}
