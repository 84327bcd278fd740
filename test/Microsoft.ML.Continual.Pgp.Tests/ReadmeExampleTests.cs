using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Pgp.Tests;

[TestClass]
public class ReadmeExampleTests
{
    [TestMethod]
    public void The_first_example_of_the_README_is_the_one_that_compiles_here()
    {
        string root = RepositoryRoot();
        string readme = Between(File.ReadAllText(Path.Combine(root, "README.md")), "```csharp", "```");
        string compiled = Between(File.ReadAllText(Path.Combine(root, "test", "Microsoft.ML.Continual.Pgp.Tests", "ReadmeExample.cs")), "// <example>", "// </example>");
        Assert.AreEqual(Lines(compiled), Lines(readme));
    }

    private static string RepositoryRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Microsoft.ML.Continual.sln"))) return folder.FullName;
        throw new AssertFailedException($"There is no Microsoft.ML.Continual.sln above '{AppContext.BaseDirectory}'.");
    }

    private static string Between(string text, string start, string end)
    {
        int from = text.IndexOf(start, StringComparison.Ordinal);
        Assert.IsGreaterThanOrEqualTo(0, from, $"'{start}' is not there.");
        from += start.Length;
        int to = text.IndexOf(end, from, StringComparison.Ordinal);
        Assert.IsGreaterThanOrEqualTo(0, to, $"'{end}' is not there after '{start}'.");
        return text[from..to];
    }

    private static string Lines(string text) => string.Join('\n', text.Split('\n').Select(line => line.TrimEnd()).Where(line => line.Length > 0));
}
