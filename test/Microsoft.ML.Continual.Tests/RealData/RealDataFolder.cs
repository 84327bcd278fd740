using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.RealData;

/// <summary>Weights and data sets that lie beside the repository, in <c>shared/data</c>; they are no part of it.</summary>
internal static class RealDataFolder
{
    /// <summary>A file or folder below <c>shared/data</c>; the test is inconclusive where it is absent.</summary>
    public static string Require(params string[] parts) =>
        Find(parts) ?? throw new AssertInconclusiveException($"There is no shared/data/{string.Join('/', parts)} above '{AppContext.BaseDirectory}'.");

    /// <summary>As <see cref="Require"/>; null where it is absent.</summary>
    public static string? Find(params string[] parts)
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string path = Path.Combine([folder.FullName, "shared", "data", .. parts]);
            if (Path.Exists(path)) return path;
        }
        return null;
    }
}
