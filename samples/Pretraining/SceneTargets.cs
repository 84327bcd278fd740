using Microsoft.ML.Continual.Samples.Scenes;

namespace Microsoft.ML.Continual.Samples.Pretraining;

/// <summary>
/// What the network is asked about an image: its class, and what the class is made of. Asking for the parts too makes a small
/// transformer learn several times faster than the class alone.
/// </summary>
/// <param name="Name">The question.</param>
/// <param name="Count">The number of answers.</param>
/// <param name="OfClass">The right answer for each class of the world.</param>
internal sealed record SceneTargets(string Name, int Count, long[] OfClass)
{
    private const int HueBins = 8;

    /// <summary>The questions about a world; the class comes first.</summary>
    public static IReadOnlyList<SceneTargets> Of(SceneWorld world)
    {
        string[] shapes = [.. world.Classes.Select(c => c.Shape.Name).Distinct()];
        return
        [
            new("class", world.Classes.Count, [.. world.Classes.Select((_, i) => (long)i)]),
            new("figure", shapes.Length, [.. world.Classes.Select(c => (long)Array.IndexOf(shapes, c.Shape.Name))]),
            new("pattern", Enum.GetValues<Texture>().Length, [.. world.Classes.Select(c => (long)c.Texture)]),
            new("first hue", HueBins, [.. world.Classes.Select(c => (long)(c.FirstHue * HueBins))]),
            new("second hue", HueBins, [.. world.Classes.Select(c => (long)(c.SecondHue * HueBins))]),
        ];
    }
}
