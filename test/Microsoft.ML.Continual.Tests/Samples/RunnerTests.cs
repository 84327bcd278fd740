using System.Text.Json.Nodes;
using Microsoft.ML.Continual.Backbones.Clip;
using Microsoft.ML.Continual.Checkpoints;
using Microsoft.ML.Continual.Evaluation;
using Microsoft.ML.Continual.Samples.Results;
using Microsoft.ML.Continual.Samples.Runner;
using Microsoft.ML.Continual.Samples.Runner.Benchmarks;
using Microsoft.ML.Continual.Samples.Runner.Methods;
using Microsoft.ML.Continual.Samples.Scenes;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Tests.Contract;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;

namespace Microsoft.ML.Continual.Tests.Samples;

/// <summary>The benchmark programs through their command line, on a few made-up images.</summary>
[TestClass]
public sealed class RunnerTests
{
    private static readonly string s_weights = Path.Combine(Repository.Root, "samples", "QuickStart", "assets", "shapes_vit.safetensors");

    private string _folder = "";
    private TextWriter _output = null!, _errors = null!;
    private StringWriter _written = null!;

    [TestInitialize]
    public void Make_a_folder()
    {
        _folder = Directory.CreateTempSubdirectory("runner-").FullName;
        (_output, _errors, _written) = (Console.Out, Console.Error, new StringWriter());
        Console.SetOut(_written);
        Console.SetError(_written);
    }

    [TestCleanup]
    public void Remove_the_folder()
    {
        Console.SetOut(_output);
        Console.SetError(_errors);
        Directory.Delete(_folder, recursive: true);
    }

    private string Out => Path.Combine(_folder, "out");

    private string Data => Path.Combine(_folder, "data");

    private string Weights { get; set; } = s_weights;

    private static SplitBenchmark Benchmark => new() { Program = "split", Title = "Split test", Description = "A test.", DataDescription = "Images.", DefaultTasks = 2 };

    private int Split(params string[] args) => BenchmarkApp.Run(["--data", Data, "--weights", Weights, "--out", Out, .. args], Benchmark);

    private int Sequence(params string[] args) => BenchmarkApp.Run(
        ["--data", Data, "--weights", Weights, "--out", Out, .. args],
        new DatasetSequenceBenchmark { Program = "sequence", Title = "Sequence test", Description = "A test.", DataDescription = "Images." });

    private JsonNode Json(string name) => JsonNode.Parse(File.ReadAllText(Path.Combine(Out, name)))!;

    [TestMethod]
    public void Every_method_runs_with_every_seed_and_leaves_a_file_and_a_report()
    {
        WriteClasses("data", "ant", "bee", "cat", "dog");
        Assert.AreEqual(0, Split("--seeds", "3,4", "--epochs", "1", "--batch-size", "8", "--fixed-views"), _written.ToString());
        string[] methods = [.. MethodRegistry.Of(BackboneKind.VisionTransformer).Select(method => method.Name)];
        CollectionAssert.AreEquivalent(methods.SelectMany(m => new[] { $"{m}-seed3.json", $"{m}-seed4.json", $"{m}-seed3.csv", $"{m}-seed4.csv" }).Append("report.html").ToArray(),
            Directory.GetFiles(Out).Select(Path.GetFileName).ToArray());

        JsonNode run = Json("l2p-seed4.json");
        Assert.AreEqual(("continual-run/2", "l2p", 4), ((string)run["schema"]!, (string)run["method"]!, (int)run["seed"]!));
        StringAssert.Contains((string)run["commandLine"]!, "--seeds 3,4");
        Assert.AreEqual(("ClassIncremental", "ClassIncremental", true), ((string)run["setting"]!, (string)run["scenario"]!, (bool)run["online"]!));
        CollectionAssert.AreEqual(new[] { "cat", "dog" }, run["tasks"]![1]!["classes"]!.AsArray().Select(c => (string)c!).ToArray());
        double[] last = [.. run["matrix"]![1]!.AsArray().Select(a => (double)a!)];
        Assert.AreEqual(last.Average(), (double)run["measures"]!["averageAccuracy"]!, 1e-12);
        Assert.AreEqual("8", (string)run["configuration"]!["BatchSize"]!);
        string text = _written.ToString();
        foreach (string method in methods) StringAssert.Contains(text, MethodRegistry.Find(method).Title);
        StringAssert.Contains(File.ReadAllText(Path.Combine(Out, "report.html")), "L2P + PGP, seeds 3, 4");
    }

    [TestMethod]
    public void Class_order_task_setting_and_online_reach_the_run()
    {
        WriteClasses("data", "ant", "bee", "cat", "dog");
        Assert.AreEqual(0, Split("--method", "linear-probe", "ncm", "--setting", "task", "--online", "--tasks", "4", "--class-order-seed", "5", "--classes", "4", "--train-per-class", "3"), _written.ToString());
        JsonNode run = Json("linear-probe-seed1.json");
        Assert.AreEqual(("TaskIncremental", true), ((string)run["setting"]!, (bool)run["online"]!));
        StringAssert.StartsWith((string)run["configuration"]!["Training"]!, "online: one pass");
        Assert.AreEqual("0.001", (string)run["configuration"]!["LearningRate"]!, "a method keeps its own settings where nothing is said");
        string[] order = [.. run["tasks"]!.AsArray().Select(task => (string)task!["classes"]![0]!)];
        CollectionAssert.AreEquivalent(new[] { "ant", "bee", "cat", "dog" }, order);
        CollectionAssert.AreNotEqual(new[] { "ant", "bee", "cat", "dog" }, order);
        Assert.IsTrue(run["matrix"]!.AsArray().All(row => row!.AsArray().All(a => (double)a! == 1)), "one class to choose from");
    }

    [TestMethod]
    public void Data_sets_are_learned_one_after_another_with_classes_of_their_own()
    {
        WriteClasses("data/zoo", "ant", "bee");
        WriteClasses("data/Farm", "bee", "cow");
        Assert.AreEqual(0, Sequence("--method", "ncm"), _written.ToString());
        JsonNode run = Json("ncm-seed1.json");
        CollectionAssert.AreEqual(new[] { "Farm", "zoo" }, run["tasks"]!.AsArray().Select(task => (string)task!["name"]!).ToArray());
        Assert.AreEqual("Farm/bee,Farm/cow|zoo/ant,zoo/bee", Classes(run));
        Assert.AreEqual("ClassIncremental", (string)run["scenario"]!);

        Assert.AreEqual(0, Sequence("--method", "ncm", "--setting", "domain", "--datasets", "zoo", "Farm"), _written.ToString());
        run = Json("ncm-seed1.json");
        Assert.AreEqual("ant,bee|bee,cow", Classes(run));
        Assert.AreEqual("Mixed", (string)run["scenario"]!);

        static string Classes(JsonNode run) => string.Join('|', run["tasks"]!.AsArray().Select(task => string.Join(',', task!["classes"]!.AsArray().Select(c => (string)c!))));
    }

    [TestMethod]
    [DataRow("--method nonsense", "nonsense")]
    [DataRow("--setting domain", "domain")]
    [DataRow("--tasks 9", "--tasks: expected at most one for each of the 2 classes, found 9")]
    [DataRow("--tasks 0", "--tasks: expected at least 1")]
    [DataRow("--seeds 1,x", "or whole numbers such as 1,2,3, found '1,x'")]
    [DataRow("--seeds 1,1", "different numbers")]
    [DataRow("--seeds 0", "--seeds: expected a number of seeds from 1 to 1000, found 0. One run with a certain seed is --seed 0.")]
    [DataRow("--seeds 2 --seed 3", "--seed 3: leave out --seeds 2")]
    [DataRow("--method l2p --projection nsp2", "--projection nsp2: there is no l2p with it; it goes with vpt-seq")]
    [DataRow("--projection pgp", "say with --method which methods")]
    [DataRow("--method ncm l2p --label x", "--label: expected one method, found ncm, l2p")]
    [DataRow("--device gpu", "--device: expected cpu, cuda or cuda:N, found 'gpu'")]
    [DataRow("--device cpu --gpu 1", "--device cpu and --gpu 1 differ")]
    [DataRow("--epochs 0", "--epochs: expected at least 1")]
    [DataRow("--online --epochs 3", "--online makes one pass")]
    [DataRow("--learning-rate -1", "--learning-rate: expected a positive number")]
    [DataRow("--energy 2", "--energy: expected 0 to 1")]
    [DataRow("--alignment -1", "--alignment: expected 0 or more")]
    [DataRow("--alignment 2 --method ncm l2p ewc lora", "--alignment 2: expected methods whose classifier can be aligned; found ncm, ewc. --method chooses others.")]
    [DataRow("--memory 0", "--memory: expected at least 1, found 0")]
    [DataRow("--recipe Cifar", "--recipe: expected one of SplitCifar100, ")]
    [DataRow("--recipe SplitDomainNet --method ncm l2p vpt-seq dualprompt", "--recipe SplitDomainNet: expected methods that have a configuration for it; found l2p, dualprompt, without one")]
    [DataRow("--protocol honest", "honest")]
    [DataRow("--pgp none", "none")]
    [DataRow("--method l2p clip ncm", "found for vision transformers l2p, ncm, for CLIP clip. Run them apart.")]
    [DataRow("--method ncm --vocabulary merges.txt", "--vocabulary is for methods with CLIP (clip, clip-pgp, clip-linear, clip-linear-pegp); found ncm")]
    [DataRow("--classes 7", "7 were asked for")]
    [DataRow("--image-size 47", "47")]
    public void Wrong_arguments_are_one_line_and_exit_code_2(string args, string expected)
    {
        WriteClasses("data", "ant", "bee");
        Assert.AreEqual(2, Split(args.Split(' ')), _written.ToString());
        string line = _written.ToString().TrimEnd().Split('\n')[^1];
        StringAssert.StartsWith(line, "split: ");
        StringAssert.Contains(line, expected);
        StringAssert.EndsWith(line, "(--help lists the options)");
    }

    [TestMethod]
    public void Recipe_protocol_and_preset_reach_the_run()
    {
        WriteClasses("data", "ant", "bee");
        Assert.AreEqual(0, Split("--method", "l2p-pgp", "--recipe", "splitcifar100", "--protocol", "paper", "--pgp", "input-only", "--epochs", "1", "--fixed-views"), _written.ToString());
        JsonNode configuration = Json("l2p-pgp-seed1.json")["configuration"]!;
        Assert.AreEqual("prompts by vote of each batch of 16 test images", (string)configuration["Protocol"]!);
        Assert.AreEqual("InputOnly", (string)configuration["PgpOptions.Space"]!);
        StringAssert.Contains(_written.ToString(), "recipe SplitCifar100, the papers' protocol: predictions depend on the test batch, PGP's preset input-only");
    }

    [TestMethod]
    public void CLIP_learns_from_weights_and_vocabulary_in_files()
    {
        WriteClip();
        WriteClasses("data/zoo", "ant", "bee");
        WriteClasses("data/Farm", "bee", "cow");
        Assert.AreEqual(0, Sequence("--method", "clip", "clip-pgp", "--protocol", "paper", "--epochs", "1", "--normalization", "cifar100"), _written.ToString());
        JsonNode run = Json("clip-pgp-seed1.json");
        Assert.AreEqual("BatchMaximumTask", (string)run["setting"]!);
        StringAssert.Contains((string)run["configuration"]!["ClassNames"]!, "Farm/cow = cow");
        StringAssert.Contains(_written.ToString(), "normalised by mean 0.507");

        string moved = Path.Combine(_folder, "words", "merges.txt");
        Directory.CreateDirectory(Path.GetDirectoryName(moved)!);
        File.Move(Path.Combine(_folder, "merges.txt"), moved);
        Assert.AreEqual(2, Sequence("--method", "clip"));
        StringAssert.Contains(_written.ToString(), "--vocabulary: there is no vocabulary beside");
        Assert.AreEqual(0, Sequence("--method", "clip", "--epochs", "1", "--setting", "task", "--vocabulary", moved), _written.ToString());
        Assert.AreEqual("TaskIncremental", (string)Json("clip-seed1.json")["setting"]!);
    }

    [TestMethod]
    public void Files_that_are_not_there_are_named()
    {
        Assert.AreEqual(2, Split());
        StringAssert.Contains(_written.ToString(), Data);
        WriteClasses("data", "ant", "bee");
        Assert.AreEqual(2, Sequence("--datasets", "nowhere"));
        StringAssert.Contains(_written.ToString(), "no sub-folder 'nowhere'; it has test, train");
        Weights = Path.Combine(_folder, "absent.safetensors");
        Assert.AreEqual(2, Split("--tasks", "1"));
        StringAssert.Contains(_written.ToString(), "absent.safetensors");
    }

    [TestMethod]
    public void Help_lists_options_and_methods_and_is_no_error()
    {
        Assert.AreEqual(0, BenchmarkApp.Run(["--help"], new SplitBenchmark { Program = "split", Title = "", Description = "A test.", DataDescription = "Images.", DefaultTasks = 2 }));
    }

    [TestMethod]
    public void A_runs_file_says_how_its_numbers_came_about_and_gives_the_run_back()
    {
        WriteClasses("data", "ant", "bee", "cat", "dog");
        Assert.AreEqual(0, Split("--method", "l2p-pgp", "--seed", "7", "--epochs", "1", "--fixed-views", "--label", "Mine, \"quoted\"", "--tasks", "2"), _written.ToString());
        JsonNode run = Json("l2p-pgp-seed7.json");
        Assert.AreEqual(("split", "Mine, \"quoted\"", 7), ((string)run["program"]!["name"]!, (string)run["name"]!, (int)run["seed"]!));
        Assert.AreEqual("data", (string)run["settings"]!["--data"]!, "the last part of the path");
        Assert.AreEqual(("class", "true", "2"), ((string)run["settings"]!["--setting"]!, (string)run["settings"]!["--fixed-views"]!, (string)run["settings"]!["--tasks"]!));
        Assert.AreEqual(64, ((string)run["backbone"]!["sha256"]!).Length);
        Assert.AreEqual((1, "CurrentTask", 0.3), ((int)run["training"]!["epochs"]!, (string)run["training"]!["classMask"]!, (double)run["training"]!["learningRate"]!));
        Assert.AreEqual("[4,4]|[2,2]", run["tasks"]![0]!["trainRows"]!.ToJsonString() + "|" + run["tasks"]![0]!["testRows"]!.ToJsonString());
        Assert.IsGreaterThan(1_000_000, (long)run["peakMemory"]!);
        Assert.IsGreaterThanOrEqualTo(1, (int)run["environment"]!["threads"]!);

        StoredRun stored = StoredRun.Read(Path.Combine(Out, "l2p-pgp-seed7.json"));
        Assert.AreEqual(File.ReadAllText(Path.Combine(Out, "report.html")), ContinualReport.Render("Split test", [stored.Result]), "the stored run gives the same report");
        string[] csv = File.ReadAllLines(Path.Combine(Out, "l2p-pgp-seed7.csv"));
        Assert.AreEqual("after task,Task 1,Task 2", csv[0]);
        Assert.AreEqual(FormattableString.Invariant($"1,{stored.Result.Matrix[0, 0]:R},"), csv[1]);
        Assert.HasCount(3, csv);
    }

    [TestMethod]
    public void A_number_of_seeds_is_the_first_ones_and_projections_are_twins_of_a_method()
    {
        WriteClasses("data", "ant", "bee");
        Assert.AreEqual(0, Split("--method", "vpt-seq", "--projection", "none", "nsp2", "--seeds", "2", "--epochs", "1", "--device", "cpu"), _written.ToString());
        CollectionAssert.AreEquivalent(new[] { "vpt-nsp2-seed1", "vpt-nsp2-seed2", "vpt-seq-seed1", "vpt-seq-seed2" }, Directory.GetFiles(Out, "*.csv").Select(Path.GetFileNameWithoutExtension).ToArray());
        StringAssert.Contains(_written.ToString(), "[4/4] VPT + NSP²");
        Assert.AreEqual(Json("vpt-seq-seed2.json")["matrix"]![0]!.ToJsonString(), Json("vpt-nsp2-seed2.json")["matrix"]![0]!.ToJsonString(), "the first task knows no projection: a pair starts alike");
    }

    [TestMethod]
    public void What_was_done_is_not_done_again_and_a_stopped_program_says_how_to_go_on()
    {
        WriteClasses("data", "ant", "bee");
        Assert.AreEqual(0, Split("--method", "ncm"), _written.ToString());
        string path = Path.Combine(Out, "ncm-seed1.json");
        DateTime before = File.GetLastWriteTimeUtc(path);
        using (var stop = new CancellationTokenSource())
        {
            stop.Cancel();
            Assert.AreEqual(130, BenchmarkApp.Run(["--data", Data, "--weights", Weights, "--out", Out, "--method", "ncm", "linear-probe", "--skip-done"], Benchmark, stop.Token), _written.ToString());
        }
        StringAssert.Contains(_written.ToString(), "[1/2] Nearest class mean, seed 1: done before");
        StringAssert.Contains(_written.ToString(), "split: stopped after 1 of 2 runs");
        StringAssert.Contains(_written.ToString(), "To go on: split --data");

        Assert.AreEqual(0, Split("--method", "ncm", "linear-probe", "--skip-done"), _written.ToString());
        Assert.AreEqual(before, File.GetLastWriteTimeUtc(path));
        StringAssert.Contains(File.ReadAllText(Path.Combine(Out, "report.html")), "Accuracy matrix of Nearest class mean");
        Assert.AreEqual(2, Split("--method", "ncm", "--skip-done", "--tasks", "1"));
        StringAssert.Contains(_written.ToString(), "is of a run with other settings: --tasks was not given, is 1.");
    }

    [TestMethod]
    public void A_run_that_was_stopped_goes_on_from_its_state_and_gives_what_it_would_have_given()
    {
        WriteClasses("data", "ant", "bee", "cat", "dog");
        string[] run = ["--method", "l2p", "--tasks", "2", "--epochs", "2"];
        Assert.AreEqual(0, Split([.. run]), _written.ToString());
        string whole = Json("l2p-seed1.json")["matrix"]!.ToJsonString();
        File.Delete(Path.Combine(Out, "l2p-seed1.json"));

        string state = Path.Combine(_folder, "run.state");
        string[] kept = [.. run, "--state", state, "--checkpoint-every", "1"];
        using (var stop = new CancellationTokenSource())
        using (var watch = new FileSystemWatcher(_folder) { EnableRaisingEvents = true })
        {
            watch.Renamed += (_, _) => stop.Cancel();   // at the first state, in the middle of a task
            int code = BenchmarkApp.Run(["--data", Data, "--weights", Weights, "--out", Out, .. kept], Benchmark, stop.Token);
            Assert.IsTrue(code is 130 or 0, _written.ToString());   // a fast machine may be done before the news of the file arrives
        }
        Assert.IsTrue(File.Exists(state));
        Assert.AreEqual(0, Split([.. kept]), _written.ToString());
        Assert.AreEqual(whole, Json("l2p-seed1.json")["matrix"]!.ToJsonString());
        Assert.AreEqual(2, Split("--method", "l2p", "--checkpoint-every", "1"));
        StringAssert.Contains(_written.ToString(), "--checkpoint-every needs --state");
    }

    [TestMethod]
    public void Joint_training_is_said_in_its_file_starts_like_fine_tuning_and_goes_on_from_its_state()
    {
        WriteClasses("data", "ant", "bee", "cat", "dog");
        string[] run = ["--method", "joint", "joint-probe", "--tasks", "2", "--epochs", "1", "--batch-size", "8"];
        Assert.AreEqual(0, Split([.. run, "--state", Path.Combine(_folder, "run.state")]), _written.ToString());
        Assert.AreEqual(0, Split("--method", "ft", "--tasks", "2", "--epochs", "1", "--batch-size", "8"), _written.ToString());
        JsonNode joint = Json("joint-seed1.json"), ft = Json("ft-seed1.json");
        Assert.AreEqual((true, false), ((bool)joint["joint"]!, (bool)ft["joint"]!));
        Assert.AreEqual("each image by itself; joint: trained anew on all tasks so far after each task", (string)joint["protocol"]!);
        Assert.AreEqual("ClassIncremental", (string)joint["scenario"]!);
        foreach (string part in new[] { "matrix", "topFive", "logLoss" }) Assert.AreEqual(ft[part]![0]!.ToJsonString(), joint[part]![0]!.ToJsonString(), part);
        foreach (string part in new[] { "tasks", "testRows" }) Assert.AreEqual(ft[part]!.ToJsonString(), joint[part]!.ToJsonString(), part);
        Assert.HasCount(2, joint["times"]!["training"]!.AsArray());
        Assert.IsEmpty(ComparisonCheck.Problems(Comparison.Of(Out, StoredRun.ReadFolder(Out))), "all stand in one table");
        Assert.IsTrue(StoredRun.Read(Path.Combine(Out, "joint-probe-seed1.json")).Result.IsJoint);

        string logLoss = joint["logLoss"]!.ToJsonString();
        File.Delete(Path.Combine(Out, "joint-seed1.json"));
        Assert.AreEqual(0, Split([.. run, "--state", Path.Combine(_folder, "run.state"), "--skip-done"]), _written.ToString());
        Assert.AreEqual(logLoss, Json("joint-seed1.json")["logLoss"]!.ToJsonString());
        StringAssert.Contains(_written.ToString(), "Joint linear probe, seed 1: done before");
    }

    [TestMethod]
    public void Several_runs_have_states_of_their_own()
    {
        WriteClasses("data", "ant", "bee");
        Assert.AreEqual(0, Split("--method", "ncm", "linear-probe", "--epochs", "1", "--state", Path.Combine(_folder, "run.state")), _written.ToString());
        CollectionAssert.IsSubsetOf(new[] { "run.linear-probe-seed1.state", "run.ncm-seed1.state" }, Directory.GetFiles(_folder).Select(Path.GetFileName).ToArray());
    }

    [TestMethod]
    public void A_damaged_file_of_a_run_is_named()
    {
        string path = Path.Combine(_folder, "run.json");
        foreach ((string text, string expected) in new[] { ("{", "run.json"), ("{}", "expected the schema continual-run/2, found none"), ("{\"schema\":\"continual-run/1\"}", "found continual-run/1"), ("{\"schema\":\"continual-run/2\"}", "'method' is missing"), ("[1]", "found none") })
        {
            File.WriteAllText(path, text);
            StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => StoredRun.Read(path)).Message, expected);
        }
    }

    /// <summary>A CLIP of one head a tower, with a vocabulary beside it.</summary>
    private void WriteClip()
    {
        ClipConfig config = TinyClip.Config with { Width = 64, Heads = 1, TextWidth = 64, TextHeads = 1, ContextLength = 32 };
        using DisposeScope scope = torch.NewDisposeScope();
        SafetensorsWriter.Write(Weights = Path.Combine(_folder, "clip.safetensors"), TinyClip.Weights(config));
        File.WriteAllLines(Path.Combine(_folder, "merges.txt"), TinyClip.Merges.Select(merge => $"{merge.Left} {merge.Right}"));
    }

    private void WriteClasses(string path, params string[] labels)
    {
        foreach ((string part, int count) in ((string, int)[])[("train", 4), ("test", 2)])
        {
            for (int c = 0; c < labels.Length; c++)
            {
                string folder = Path.Combine(_folder, path, part, labels[c]);
                Directory.CreateDirectory(folder);
                for (int i = 0; i < count; i++)
                {
                    byte[] pixels = new byte[3 * 8 * 8];
                    Array.Fill(pixels, (byte)(60 * c + 5 * i));
                    File.WriteAllBytes(Path.Combine(folder, $"{i}.png"), PngFile.Encode(8, 8, pixels));
                }
            }
        }
    }
}
