namespace Microsoft.ML.Continual.Samples.Datasets;

/// <summary>
/// Domains with lists of their images, as DomainNet has them (<c>clipart_train.txt</c> and <c>clipart_test.txt</c> beside the folder <c>clipart</c>) and PACS
/// (<c>photo_train_kfold.txt</c> and <c>photo_crossval_kfold.txt</c>).
/// </summary>
internal static class DomainListLayout
{
    private static readonly (string Train, string Test, string Layout, DatasetSource Source)[] Kinds =
    [
        ("_train.txt", "_test.txt", "DomainNet", DatasetSource.DomainNet),
        ("_train_kfold.txt", "_crossval_kfold.txt", "PACS", DatasetSource.Pacs),
    ];

    /// <summary>The domains in ordinal order; empty where there are no lists.</summary>
    public static string[] Domains(string folder) =>
        [.. Directory.GetDirectories(folder).Select(path => Path.GetFileName(path)!).Where(domain => KindOf(folder, domain) is not null).Order(StringComparer.Ordinal)];

    /// <summary>Domains as one data set, in which equal classes are one; null where there are no lists.</summary>
    /// <param name="folder">The folder of the domains and lists.</param>
    /// <param name="domains">The domains; null takes all.</param>
    public static ImageFiles? TryRead(string folder, IReadOnlyList<string>? domains = null)
    {
        domains ??= Domains(folder);
        if (domains.Count == 0) return null;
        (string Train, string Test, string Layout, DatasetSource Source)[] kinds =
            [.. domains.Select(domain => KindOf(folder, domain) ?? throw new InvalidDataException(
                $"'{folder}' has no folder '{domain}' with a list '{domain}{Kinds[0].Train}'; it has {string.Join(", ", Domains(folder))}. {DatasetSource.DomainNet.Name} can be had from {DatasetSource.DomainNet.Page}"))];
        return kinds[0].Source.Guard(folder, () => ImageList.Read(
            folder,
            [.. domains.Zip(kinds, (domain, kind) => DatasetSource.Require(folder, domain + kind.Train))],
            [.. domains.Zip(kinds, (domain, kind) => DatasetSource.Require(folder, domain + kind.Test))],
            kinds[0].Layout));
    }

    private static (string Train, string Test, string Layout, DatasetSource Source)? KindOf(string folder, string domain)
    {
        foreach (var kind in Kinds)
            if (Directory.Exists(Path.Combine(folder, domain)) && File.Exists(Path.Combine(folder, domain + kind.Train))) return kind;
        return null;
    }
}
