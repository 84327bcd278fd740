using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.ML.Continual.Evaluation;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Evaluation;

[TestClass]
public class ContinualReportTests
{
    [TestMethod]
    public void A_report_shows_every_run_with_its_measures_matrix_audit_and_configuration()
    {
        string page = ContinualReport.Render("Two runs", [Run("plain", [[0.9], [0.4, 0.8]]), Run("protected", [[0.9], [0.85, 0.8]], audited: true)]);
        StringAssert.Contains(page, ">60.0<", "average accuracy of the first run");
        StringAssert.Contains(page, ">50.0<", "forgetting of the first run");
        StringAssert.Contains(page, ">82.5<", "average accuracy of the second run");
        StringAssert.Contains(page, "Accuracy matrix of protected");
        StringAssert.Contains(page, "protected, task by task");
        StringAssert.Contains(page, "2.5e-7");
        StringAssert.Contains(page, "per image");
        Assert.DoesNotContain("plain, task by task", page);
    }

    [TestMethod]
    public void A_report_fetches_nothing_and_runs_nothing()
    {
        string page = ContinualReport.Render("Alone", [Run("a", [[0.5]])]);
        foreach (string word in new[] { "http", "<script", "<link", "@import", "url(" }) Assert.DoesNotContain(word, page);
    }

    [TestMethod]
    public void Names_are_encoded()
    {
        string page = ContinualReport.Render("<b>title</b>", [Run("a<b>&\"c", [[0.5]])]);
        Assert.DoesNotContain("<b>", page);
        StringAssert.Contains(page, "a&lt;b&gt;&amp;&quot;c");
    }

    [TestMethod]
    public void A_report_is_the_same_in_every_culture()
    {
        SequenceResult[] runs = [Run("a", [[0.925], [0.815, 0.7]], audited: true)];
        string expected = ContinualReport.Render("t", runs);
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            var comma = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            comma.NumberFormat.NumberDecimalSeparator = ",";
            comma.NumberFormat.NegativeSign = "minus";
            CultureInfo.CurrentCulture = comma;
            Assert.AreEqual(expected, ContinualReport.Render("t", runs));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [TestMethod]
    public void Runs_of_different_lengths_share_one_report()
    {
        string page = ContinualReport.Render("t", [Run("short", [[0.5]]), Run("long", [[0.5], [0.4, 0.6], [0.3, 0.5, 0.7]])]);
        StringAssert.Contains(page, "Accuracy matrix of short");
        StringAssert.Contains(page, "Task 3");
    }

    [TestMethod]
    public void No_runs_or_a_run_without_tasks_is_refused()
    {
        Assert.ThrowsExactly<ArgumentException>(() => ContinualReport.Render("t", []));
        var error = Assert.ThrowsExactly<ArgumentException>(() => ContinualReport.Render("t", [Run("empty", [])]));
        StringAssert.Contains(error.Message, "'empty'");
    }

    [TestMethod]
    public void Writing_makes_the_folder_and_leaves_no_temporary_file()
    {
        string folder = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            string path = ContinualReport.Write(Path.Combine(folder, "sub", "report.html"), "t", [Run("a", [[0.5]])]);
            Assert.AreEqual(1, Directory.GetFiles(Path.GetDirectoryName(path)!).Length);
            StringAssert.StartsWith(File.ReadAllText(path), "<!DOCTYPE html>");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [TestMethod]
    public void Names_of_any_length_and_number_stay_inside_the_chart()
    {
        string name = "A method with a very long name, seed 12345";
        string page = ContinualReport.Render("names", [.. Enumerable.Range(0, 40).Select(i => Run($"{name} {i}", [[0.5], [0.01 * i, 0.01 * i]]))]);
        string chart = page[page.IndexOf("<svg", StringComparison.Ordinal)..page.IndexOf("</svg>", StringComparison.Ordinal)];
        double height = double.Parse(Regex.Match(chart, "viewBox=\"0 0 [0-9.]+ ([0-9.]+)").Groups[1].Value, CultureInfo.InvariantCulture);
        double width = double.Parse(Regex.Match(chart, "viewBox=\"0 0 ([0-9.]+) ").Groups[1].Value, CultureInfo.InvariantCulture);
        double[][] labels = [.. Regex.Matches(chart, "<text x=\"([0-9.-]+)\" y=\"([0-9.-]+)\" dominant").Select(m => new[] { 1, 2 }.Select(g => double.Parse(m.Groups[g].Value, CultureInfo.InvariantCulture)).ToArray())];
        Assert.HasCount(40, labels);
        Assert.IsTrue(labels.All(label => label[0] + 6 * name.Length < width && label[1] > 0 && label[1] < height), "no label leaves the drawing");
        Assert.HasCount(40, labels.Select(label => label[1]).Distinct(), "none lies on another");
    }

    [TestMethod]
    public void A_page_of_twelve_methods_twenty_tasks_and_long_names_keeps_its_width()
    {
        double[][] rows = [.. Enumerable.Range(0, 20).Select(after => Enumerable.Range(0, after + 1).Select(task => 0.9 - 0.01 * (after - task)).ToArray())];
        string page = ContinualReport.Render("wide", [.. from method in Enumerable.Range(1, 12) from seed in new[] { 1, 2, 3 } select Run($"Method {method} {new string('x', 80)}", rows, seed: seed)]);
        double[] widths = [.. Regex.Matches(page, "<svg [^>]* width=\"([0-9.]+)\"").Select(m => double.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture))];
        Assert.HasCount(2 + 12, widths, "two charts, and a matrix for each method");
        Assert.IsTrue(widths.All(width => width <= 70 * 16), "no drawing is wider than the page");
        StringAssert.Contains(page, "12. Method 12");
        StringAssert.Matches(page, new Regex("<th><span title=\"Method 12 x+\"><span [^>]*></span>12</span></th>"), "narrow columns are called by number");
    }

    [TestMethod]
    public void Runs_of_one_name_are_one_method_with_its_spread_and_its_paired_differences()
    {
        string page = ContinualReport.Render("seeds",
        [
            Run("a", [[0.9], [0.5, 0.7]], seed: 1), Run("a", [[0.9], [0.6, 0.8]], seed: 2),
            Run("b", [[0.9], [0.52, 0.74]], seed: 2), Run("b", [[0.9], [0.4, 0.64]], seed: 1), Run("b", [[0.9], [0.1, 0.1]], seed: 3),
        ]);
        StringAssert.Contains(page, "5 runs of 2 methods");
        StringAssert.Contains(page, ">65.0 ± 7.1<", "average accuracy of a");
        StringAssert.Contains(page, "title=\"n = 2\">+7.5 <small>± 0.5</small><", "a minus b, seed by seed");
        StringAssert.Contains(page, "class=\"best\" title=\"n = 2\">−7.5 <small>± 0.5</small><", "0.5 · 12.7 is less than 7.5");
        StringAssert.Contains(page, "b, seeds 2, 1, 3");
        Assert.AreEqual(2, Regex.Count(page, "Accuracy matrix of"), "one for each method");
        Assert.AreEqual(4, Regex.Count(page, "<polygon"), "a band for each method in both charts");
    }

    [TestMethod]
    public void A_summary_knows_when_chance_is_enough()
    {
        Assert.IsFalse(SampleSummary.Of([5]).IsClear);
        Assert.IsTrue(SampleSummary.Of([1, 1.1, 0.9]).IsClear);
        Assert.IsFalse(SampleSummary.Of([1, 3, -1]).IsClear);
        Assert.AreEqual("+1.0 ± 0.1", SampleSummary.Of([1, 1.1, 0.9]).ToDifference());
        Assert.AreEqual("−1.0", SampleSummary.Of([-1]).ToDifference());
        Assert.AreEqual("0.0", SampleSummary.Of([0.04]).ToDifference());
        Assert.AreEqual(4.303 * SampleSummary.Of([1, 2, 3]).StandardError, SampleSummary.Of([1, 2, 3]).HalfInterval, 1e-12, "n − 1 = 2 degrees of freedom");
        Assert.AreEqual(2.037, SampleSummary.Of([.. Enumerable.Range(0, 33).Select(i => (double)i)]).HalfInterval / SampleSummary.Of([.. Enumerable.Range(0, 33).Select(i => (double)i)]).StandardError, 2e-3);
        Assert.ThrowsExactly<ArgumentException>(() => SampleSummary.Of([]));
    }

    private static SequenceResult Run(string name, double[][] rows, bool audited = false, int? seed = null)
    {
        TaskEvaluation Evaluation(int task, double accuracy) => new($"Task {task + 1}", EvaluationSetting.ClassIncremental, 10, accuracy, 1, 0.5);
        return new SequenceResult
        {
            Name = name,
            Seed = seed,
            Setting = EvaluationSetting.ClassIncremental,
            Scenario = Scenario.ClassIncremental,
            IsOnline = false,
            Matrix = new AccuracyMatrix(rows),
            Evaluations = [.. rows.Select(row => row.Select((accuracy, task) => Evaluation(task, accuracy)).ToArray())],
            TrainingTimes = [.. rows.Select(_ => TimeSpan.FromSeconds(2.5))],
            Audits = audited ? [new InterferenceAudit(1, [new InterferenceEntry("prompt", 0, 2.5e-7, 1.25e-8)])] : [],
            Configuration = [new("Selection", "per image")],
        };
    }
}
