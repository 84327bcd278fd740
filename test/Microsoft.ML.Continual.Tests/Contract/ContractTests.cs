using System.Reflection;
using Microsoft.ML.Continual.Engineering;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Contract;

/// <summary>
/// Holds the stand-ins of <c>Offline</c> mode to the real packages. <c>eng/offline/contract</c> lists every public and protected
/// member of the stand-ins; each must be a member of the real packages with the same signature, and there may be no other.
/// </summary>
/// <remarks>
/// Together with the compiler this says that every member of ML.NET and TorchSharp which <c>src/</c>, <c>test/</c> and
/// <c>samples/</c> use exists in the real packages: in <c>Offline</c> mode they compile against nothing but the listed members.
/// In <c>NuGet</c> mode the first test asks the real assemblies themselves.
/// </remarks>
[TestClass, TestCategory("Contract")]
public sealed class ContractTests
{
    private static readonly bool IsOffline = typeof(MLContext).Assembly.GetName().Name == "Microsoft.ML.Offline";

    [TestMethod]
    [DataRow("Microsoft.ML.txt")]
    [DataRow("TorchSharp.txt")]
    public void Loaded_assemblies_have_every_listed_member_with_that_signature(string list)
    {
        SortedSet<string> loaded = LoadedLines(list);
        var headers = ApiHeader.Of(loaded);

        // A header's bases may differ in the one direction that keeps what compiles: a stand-in may have fewer than listed, and the
        // real type may gain some from a newer framework.
        bool IsMet(string line) =>
            loaded.Contains(line) ||
            (ApiHeader.Parse(line) is { } listed && headers.TryGetValue(listed.Type, out var found) &&
                (IsOffline ? found.Header.MayStandInFor(listed) : listed.MayStandInFor(found.Header)));

        AssertNone(Listed(list).Where(line => !IsMet(line)), $"lines of eng/offline/contract/{list} that the loaded assemblies do not meet");
    }

    [TestMethod]
    [DataRow("Microsoft.ML.txt")]
    [DataRow("TorchSharp.txt")]
    public void Stand_ins_have_no_public_member_beyond_the_list(string list)
    {
        if (!IsOffline)
            Assert.Inconclusive("The real packages are loaded: there is no stand-in to look at.");

        HashSet<string> listed = [.. Listed(list)];
        var headers = ApiHeader.Of(listed);
        bool IsListed(string line) =>
            listed.Contains(line) ||
            (ApiHeader.Parse(line) is { } own && headers.TryGetValue(own.Type, out var known) && own.MayStandInFor(known.Header));

        AssertNone(LoadedLines(list).Where(line => !IsListed(line)),
            $"members of the stand-in that eng/offline/contract/{list} lacks (eng/update-contract.sh writes it anew)");
    }

    [TestMethod]
    [DataRow("Microsoft.ML.txt", "Microsoft.ML.5.0.0.txt")]
    [DataRow("TorchSharp.txt", "TorchSharp.0.102.7.txt")]
    public void Every_listed_line_is_a_line_of_the_real_package(string list, string realList)
    {
        if (Repository.RealApi is not { } folder)
        {
            Assert.Inconclusive("The lists of the real packages' members (shared/api) do not lie beside this clone.");
            return;
        }
        HashSet<string> real = [.. File.ReadLines(Path.Combine(folder, realList))];
        AssertNone(Listed(list).Where(line => !real.Contains(line)), $"lines of eng/offline/contract/{list} that {realList} lacks");
    }

    private static string[] Listed(string list)
    {
        string[] lines = [.. File.ReadLines(Path.Combine(Repository.Root, "eng", "offline", "contract", list)).Where(line => line.Length > 0)];
        Assert.AreNotEqual(0, lines.Length, $"eng/offline/contract/{list} is empty.");
        return lines;
    }

    // ML.NET spreads its types over several assemblies, so a type is looked for in all of them; our own are not among them.
    private static SortedSet<string> LoadedLines(string list) => PublicApi.Lines(
        list == "TorchSharp.txt"
            ? [typeof(TorchSharp.torch).Assembly]
            : Directory.EnumerateFiles(AppContext.BaseDirectory, "Microsoft.ML*.dll")
                .Where(file => !Path.GetFileName(file).StartsWith("Microsoft.ML.Continual", StringComparison.Ordinal))
                .Select(Assembly.LoadFrom));

    private static void AssertNone(IEnumerable<string> lines, string what)
    {
        string[] found = [.. lines];
        if (found.Length > 0)
            Assert.Fail($"{found.Length} {what}:{Environment.NewLine}{string.Join(Environment.NewLine, found.Take(20))}");
    }
}
