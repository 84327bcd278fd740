namespace Microsoft.ML.Continual.Methods.ClipDeepPrompt;

/// <summary>Sentences in which class names stand, for the text classifiers of NSP²'s benchmarks. <c>{}</c> is the name.</summary>
public static class ClipTemplates
{
    /// <summary>For CIFAR-100: 18.</summary>
    public static IReadOnlyList<string> Cifar100 { get; } = WithArticles("a photo of {0} {{}}.", "a blurry photo of {0} {{}}.", "a black and white photo of {0} {{}}.", "a low contrast photo of {0} {{}}.",
        "a high contrast photo of {0} {{}}.", "a bad photo of {0} {{}}.", "a good photo of {0} {{}}.", "a photo of {0} small {{}}.", "a photo of {0} big {{}}.");

    /// <summary>For ImageNet-R: 7.</summary>
    public static IReadOnlyList<string> ImageNetR { get; } =
    [
        "itap of a {}.", "a bad photo of the {}.", "a origami {}.", "a photo of the large {}.", "a {} in a video game.", "art of the {}.", "a photo of the small {}.",
    ];

    /// <summary>For DomainNet: 12, without a full stop.</summary>
    public static IReadOnlyList<string> DomainNet { get; } = WithArticles(
        "a clipart of {0} {{}}", "a infograph of {0} {{}}", "a painting of {0} {{}}", "a quickdraw of {0} {{}}", "a real photo of {0} {{}}", "a sketch of {0} {{}}");

    private static IReadOnlyList<string> WithArticles(params string[] forms) => Array.AsReadOnly(
        (string[])[.. forms.SelectMany(form => new[] { string.Format(System.Globalization.CultureInfo.InvariantCulture, form, "a"), string.Format(System.Globalization.CultureInfo.InvariantCulture, form, "the") })]);
}
