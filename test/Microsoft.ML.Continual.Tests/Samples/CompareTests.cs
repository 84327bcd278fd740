using System.Text.Json.Nodes;
using Microsoft.ML.Continual.Samples.Results;
using Microsoft.ML.Continual.Tests.Contract;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Samples;

/// <summary>Tables from stored runs, and what forbids them.</summary>
[TestClass]
public sealed class CompareTests
{
    private const string Begin = "<!-- comparison: made by eng/compare.sh from the stored runs; edit those -->", End = "<!-- comparison: end -->";

    private string _folder = "";
    private TextWriter _output = null!, _errors = null!;
    private StringWriter _written = null!;

    [TestInitialize]
    public void Make_a_folder()
    {
        _folder = Directory.CreateTempSubdirectory("compare-").FullName;
        (_output, _errors, _written) = (Console.Out, Console.Error, new StringWriter());
        Console.SetOut(_written);
        Console.SetError(_written);
        File.WriteAllText(Page, $"# Title\n\n{Begin}\n{End}\n\nMore.\n");
    }

    [TestCleanup]
    public void Remove_the_folder()
    {
        Console.SetOut(_output);
        Console.SetError(_errors);
        Directory.Delete(_folder, recursive: true);
    }

    private string Page => Path.Combine(_folder, "README.md");

    private string Runs(string name = "tiny") => Path.Combine(_folder, "docs", "results", name);

    private int Compare(params string[] args) =>
        CompareApp.Run(["--results", Path.Combine(_folder, "docs", "results"), "--readme", Page, "--html", Path.Combine(_folder, "pages"), .. args]);

    private void WriteTwoSeeds()
    {
        MadeUpRun.Write(Runs(), "l2p-pgp", "L2P + PGP", 2, 0.8, 0.75, 0.65);
        MadeUpRun.Write(Runs(), "l2p-pgp", "L2P + PGP", 1, 0.8, 0.7, 0.5);
        MadeUpRun.Write(Runs(), "l2p", "L2P", 1, 0.8, 0.4, 0.6);
        MadeUpRun.Write(Runs(), "l2p", "L2P", 2, 0.8, 0.5, 0.7);
        MadeUpRun.Write(Runs(), "ncm", "Nearest | class", 2, 0.6, 0.6, 0.6);
        MadeUpRun.Write(Runs(), "ncm", "Nearest | class", 1, 0.6, 0.6, 0.6);
    }

    [TestMethod]
    public void The_table_holds_means_deviations_and_paired_differences_and_leads_to_the_runs()
    {
        WriteTwoSeeds();
        Assert.AreEqual(0, Compare(), _written.ToString());
        string page = File.ReadAllText(Page);
        StringAssert.StartsWith(page, $"# Title\n\n{Begin}\n\n**Split test** (tiny): 2 tasks, 4 classes, 20 training and 8 test images, one class order; class-incremental; predictions: each image by itself; ViT 2x2 (vit.safetensors, SHA-256 aaaaaaaaaaaa…), 64 px, Float32; seeds 1, 2.\n");
        StringAssert.EndsWith(page, $"\n\n{End}\n\nMore.\n");
        string[] lines = [.. page.Split('\n').Where(line => line.StartsWith('|'))];
        Assert.AreEqual("| Method | Average accuracy | Forgetting | Learning accuracy | Incremental mean | − Nearest \\| class | − without projection | Training | Time | Runs |", lines[0]);
        Assert.AreEqual("| Nearest \\| class | 60.0 ± 0.0 | 0.0 ± 0.0 | 60.0 ± 0.0 | 60.0 ± 0.0 |  |  | none | 62 s | [1](docs/results/tiny/ncm-seed1.json) [2](docs/results/tiny/ncm-seed2.json) |", lines[2]);
        StringAssert.StartsWith(lines[3], "| L2P | 55.0 ± 7.1 | 35.0 ± 7.1 | 72.5 ± 3.5 | 67.5 ± 3.5 | −5.0 ± 5.0° |  | 3 passes, rate 0.03 · batch/256, batch 16, mask CurrentTask |");
        StringAssert.StartsWith(lines[4], "| L2P + PGP | **65.0 ± 7.1** | 7.5 ± 3.5 | 68.8 ± 5.3 | 72.5 ± 3.5 | +5.0 ± 5.0° | +10.0 ± 0.0 |");
        Assert.HasCount(5, lines);
        StringAssert.Contains(File.ReadAllText(Path.Combine(_folder, "pages", "tiny.html")), "Accuracy matrix of L2P + PGP");
    }

    [TestMethod]
    public void Joint_training_stands_in_the_table_marked_as_a_bound_and_out_of_competition()
    {
        WriteTwoSeeds();
        foreach (int seed in new[] { 1, 2 })
            MadeUpRun.Write(Runs(), "joint", "Joint training", seed, 0.9, 0.9, 0.9, run => (run["joint"], run["protocol"]) = (true, "each image by itself; joint: trained anew on all tasks so far after each task"));
        Assert.AreEqual(0, Compare(), _written.ToString());
        string page = File.ReadAllText(Page);
        string[] lines = [.. page.Split('\n').Where(line => line.StartsWith('|'))];
        StringAssert.StartsWith(lines[2], "| Joint training | 90.0 ± 0.0 | 0.0 ± 0.0 | 90.0 ± 0.0 | 90.0 ± 0.0 | +30.0 ± 0.0 |  | 3 passes, rate 0.03 · batch/256, batch 16, mask CurrentTask; joint |");
        StringAssert.Contains(page, "| L2P + PGP | **65.0 ± 7.1** |");
        StringAssert.Contains(page, "predictions: each image by itself; ViT");
        StringAssert.Contains(page, "No continual learning but what it is bounded by, trained anew on the data of all tasks so far after each task: Joint training.");
        StringAssert.Contains(File.ReadAllText(Path.Combine(_folder, "pages", "tiny.html")), "Joint training: joint training, anew on all tasks so far");
    }

    [TestMethod]
    public void The_table_says_the_classifiers_rate_and_the_protected_energy_and_pairs_what_is_aligned_alike()
    {
        static Action<JsonNode> With(params (string Name, string Value)[] options) => run =>
        {
            foreach ((string name, string value) in options) run["configuration"]![name] = value;
        };
        foreach (int seed in new[] { 1, 2 })
        {
            MadeUpRun.Write(Runs(), "l2p", "L2P", seed, 0.8, 0.4, 0.6, With(("HeadLearningRateScale", "0.02"), ("Alignment", "none")));
            MadeUpRun.Write(Runs(), "l2p-pgp", "L2P + PGP", seed, 0.8, 0.5, 0.7, With(("HeadLearningRateScale", "1"), ("Alignment", "none"), ("PgpOptions.Energy", "0.5")));
            MadeUpRun.Write(Path.Combine(Runs(), "aligned"), "l2p-pgp", "L2P + PGP, aligned", seed, 0.8, 0.6, 0.8, With(("Alignment", "20 passes")));
        }
        Assert.AreEqual(0, Compare(), _written.ToString());
        string[] lines = [.. File.ReadAllText(Page).Split('\n').Where(line => line.StartsWith("| L2P", StringComparison.Ordinal))];
        StringAssert.Contains(lines[0], " | 3 passes, rate 0.03 · batch/256, classifier × 0.02, batch 16, mask CurrentTask | ");
        StringAssert.Contains(lines[1], " | +10.0 ± 0.0 | 3 passes, rate 0.03 · batch/256, batch 16, mask CurrentTask, energy 0.5 | ");
        StringAssert.Contains(lines[2], " |  | 3 passes, ", "without an aligned twin there is no difference");
    }

    [TestMethod]
    public void The_same_runs_give_the_same_page_and_the_check_finds_any_other()
    {
        WriteTwoSeeds();
        MadeUpRun.Write(Runs("another"), "ncm", "Nearest class mean", 5, 0.6, 0.6, 0.6, run => run["backbone"]!["imageSize"] = 96);
        Assert.AreEqual(1, Compare("--check"));
        StringAssert.Contains(_written.ToString(), "are not what the runs in");
        Assert.AreEqual(0, Compare(), _written.ToString());
        string page = File.ReadAllText(Page), html = File.ReadAllText(Path.Combine(_folder, "pages", "tiny.html"));
        Assert.IsLessThan(page.IndexOf("(tiny)", StringComparison.Ordinal), page.IndexOf("(another)", StringComparison.Ordinal), "folders in the order of their names");
        Assert.AreEqual(0, Compare("--check"));
        Assert.AreEqual(0, Compare());
        Assert.AreEqual(page, File.ReadAllText(Page));
        Assert.AreEqual(html, File.ReadAllText(Path.Combine(_folder, "pages", "tiny.html")));

        File.WriteAllText(Page, page.Replace("65.0", "66.0", StringComparison.Ordinal));
        Assert.AreEqual(1, Compare("--check"));
        File.WriteAllText(Page, page);
        File.Delete(Path.Combine(Runs("another"), "ncm-seed5.json"));
        Assert.AreEqual(1, Compare("--check"), "a table without its runs");
    }

    [TestMethod]
    public void Without_runs_there_is_no_table_and_nothing_to_complain_about()
    {
        string before = File.ReadAllText(Page);
        Assert.AreEqual(0, Compare("--check"), _written.ToString());
        Assert.AreEqual(0, Compare(), _written.ToString());
        Assert.AreEqual(before, File.ReadAllText(Page));
        File.WriteAllText(Page, "No place.\n");
        Assert.AreEqual(0, Compare("--check"));
        Assert.AreEqual(0, Compare());
        WriteTwoSeeds();
        Assert.AreEqual(1, Compare("--check"));
        Assert.AreEqual(2, Compare());
        StringAssert.Contains(_written.ToString(), "has no place for the comparison");
    }

    [TestMethod]
    public void The_readme_of_this_repository_is_what_its_stored_runs_give() => Assert.AreEqual(0, CompareApp.Run(
        ["--check", "--results", Path.Combine(Repository.Root, "docs", "results"), "--readme", Path.Combine(Repository.Root, "README.md")]), _written.ToString());

    [TestMethod]
    [DataRow("benchmark", "\"Other\"", "; Other in ")]
    [DataRow("setting", "\"TaskIncremental\"", "what the model is told about test images: ")]
    [DataRow("settings/--protocol", "\"paper\"", "--protocol: ")]
    [DataRow("settings/--online", "\"true\"", "--online: ")]
    [DataRow("backbone/sha256", "\"bb\"", "the backbone's sha256: ")]
    [DataRow("backbone/imageSize", "96", "the backbone's imageSize: ")]
    [DataRow("backbone/normalization/mean", "[0.5,0.5,0.5]", "the backbone's normalization: ")]
    [DataRow("tasks/0/trainRows", "[4,5]", "training images: ")]
    [DataRow("tasks/1/testRows", "[2,3]", "test images: ")]
    [DataRow("tasks/0/classes", "[\"bee\",\"ant\"]", "the class order with seed 1: ")]
    [DataRow("seed", "3", "seeds: runs are averaged only where all methods have the same; found ")]
    [DataRow("seed", "2", "L2P has more than one run with seed 2: ")]
    [DataRow("configuration/Epochs", "\"4\"", "L2P's Epochs over its seeds: ")]
    public void Runs_that_cannot_be_compared_are_named_and_nothing_is_written(string path, string value, string expected)
    {
        WriteTwoSeeds();
        MadeUpRun.Write(Runs(), "l2p", "L2P", 1, 0.8, 0.4, 0.6, run => Set(run, path, JsonNode.Parse(value)));
        string before = File.ReadAllText(Page);
        Assert.AreEqual(1, Compare());
        StringAssert.Contains(_written.ToString(), expected);
        StringAssert.Contains(_written.ToString(), "put them into folders of their own");
        Assert.AreEqual(before, File.ReadAllText(Page));
        Assert.IsFalse(Directory.Exists(Path.Combine(_folder, "pages")));
    }

    [TestMethod]
    public void Other_machines_and_sources_are_noted()
    {
        MadeUpRun.Write(Runs(), "ncm", "Nearest class mean", 1, 0.6, 0.6, 0.6);
        MadeUpRun.Write(Runs(), "l2p", "L2P", 1, 0.6, 0.6, 0.6, run =>
        {
            run["environment"]!["threads"] = 2;
            run["program"]!["commit"] = null;
        });
        Assert.AreEqual(0, Compare("--print"), _written.ToString());
        StringAssert.Contains(_written.ToString(), "Times cannot be compared: the runs differ in threads. The runs are of 2 states of the sources (012345678, unknown).");
        StringAssert.Contains(_written.ToString(), "one run each");
    }

    private static void Set(JsonNode json, string path, JsonNode? value)
    {
        string[] names = path.Split('/');
        foreach (string name in names[..^1]) json = json is JsonArray list ? list[int.Parse(name, System.Globalization.CultureInfo.InvariantCulture)]! : json[name]!;
        json[names[^1]] = value;
    }
}
