using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Contract;

/// <summary>What holds for every source file and every public type of the libraries.</summary>
[TestClass, TestCategory("Contract")]
public sealed class ConventionTests
{
    private static readonly string[] OneSourceForBothModes = ["src", "test", "samples"];

    [TestMethod]
    public void Sources_are_the_same_in_both_dependency_modes()
    {
        string[] conditional =
        [
            .. from folder in OneSourceForBothModes
               from file in Repository.Sources(folder, "*.cs")
               where File.ReadLines(file).Any(line => Regex.IsMatch(line, @"^\s*#\s*(if|elif)\b"))
               select Path.GetRelativePath(Repository.Root, file),
            .. from folder in OneSourceForBothModes
               from file in Repository.Sources(folder, "*.csproj")
               where File.ReadAllText(file).Contains("DependencyMode", StringComparison.Ordinal)
               select Path.GetRelativePath(Repository.Root, file),
        ];
        Assert.AreEqual("", string.Join(", ", conditional), "These files compile differently from one mode to the other.");
    }

    [TestMethod]
    [DataRow("Microsoft.ML.Continual")]
    [DataRow("Microsoft.ML.Continual.Pgp")]
    public void Every_public_type_is_documented(string assemblyName)
    {
        Assembly assembly = Assembly.Load(assemblyName);
        HashSet<string> documented =
        [
            .. XDocument.Load(Path.ChangeExtension(assembly.Location, ".xml")).Descendants("member")
                .Where(member => member.Elements().Any(element => element.Name != "inheritdoc" && !string.IsNullOrWhiteSpace(element.Value)))
                .Select(member => (string?)member.Attribute("name") ?? ""),
        ];
        string[] missing = [.. assembly.GetExportedTypes().Select(type => "T:" + type.FullName!.Replace('+', '.')).Where(name => !documented.Contains(name))];
        Assert.AreEqual("", string.Join(", ", missing), "These types have no documentation comment.");
    }

    // The floors of the house, from the ground up: a file uses its own floor and those below it.
    private static readonly string[][] Floors =
    [
        ["Numerics", "Checkpoints"],
        ["Backbones", "Tasks"],
        ["Methods", "Data"],
        ["Inference", "Persistence"],
        ["Training"],
        ["Evaluation"],
    ];

    [TestMethod]
    public void No_file_uses_a_floor_above_its_own()
    {
        const string Library = "src/Microsoft.ML.Continual";
        var broken = new List<string>();
        for (int floor = 0; floor < Floors.Length; floor++)
        {
            string above = string.Join('|', Floors.Skip(floor + 1).SelectMany(names => names).Append("Pgp"));
            var use = new Regex($@"\bMicrosoft\.ML\.Continual\.({above})\b");
            foreach (string file in Floors[floor].SelectMany(name => Repository.Sources(Path.Combine(Library, name), "*.cs")))
            {
                broken.AddRange(from line in File.ReadLines(file)
                                where !line.TrimStart().StartsWith("//", StringComparison.Ordinal) && use.IsMatch(line)
                                select $"{Path.GetRelativePath(Repository.Root, file)}: {line.Trim()}");
            }
        }
        Assert.AreEqual("", string.Join(Environment.NewLine, broken), "These files know a floor above their own.");
    }

    [TestMethod]
    public void Every_folder_of_the_library_has_a_floor()
    {
        string[] folders = [.. Directory.EnumerateDirectories(Path.Combine(Repository.Root, "src", "Microsoft.ML.Continual"))
            .Select(folder => Path.GetFileName(folder)!).Where(name => name is not ("bin" or "obj"))];
        string[] unknown = [.. folders.Except(Floors.SelectMany(names => names))];
        Assert.AreEqual("", string.Join(", ", unknown), "Say in Floors where these stand.");
    }
}
