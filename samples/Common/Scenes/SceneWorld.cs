namespace Microsoft.ML.Continual.Samples.Scenes;

/// <summary>A set of classes to draw images of.</summary>
/// <param name="Name">The world's name; a part of every image's random seed.</param>
/// <param name="Classes">The classes in a fixed order.</param>
public sealed record SceneWorld(string Name, IReadOnlyList<SceneClass> Classes)
{
    /// <summary>The classes of the quick start: 30 figures, each with a pattern and hues of its own.</summary>
    public static SceneWorld QuickStart { get; } = new("quick start", MakeClasses(ShapeLibrary.QuickStart, copies: 1, offset: 5));

    /// <summary>The classes that the shipped backbone was pre-trained on: 56 other figures, each with two patterns and pairs of hues.</summary>
    public static SceneWorld Pretraining { get; } = new("pre-training", MakeClasses(ShapeLibrary.Pretraining, copies: 2, offset: 0));

    // Patterns and hues go round in steps without a common divisor, so that neighbours in the list differ in all three.
    private static SceneClass[] MakeClasses(IReadOnlyList<Shape> shapes, int copies, int offset)
    {
        Texture[] textures = Enum.GetValues<Texture>();
        var classes = new SceneClass[shapes.Count * copies];
        for (int i = 0; i < classes.Length; i++)
        {
            Shape shape = shapes[i % shapes.Count];
            Texture texture = textures[(offset + i * 5 + i / shapes.Count * 3) % textures.Length];
            float first = Fraction(0.1f * offset + i * 0.381966f), second = Fraction(first + 0.25f + 0.5f * Fraction(i * 0.236068f));
            classes[i] = new(copies == 1 ? shape.Name : $"{shape.Name}, {texture.ToString().ToLowerInvariant()}", shape, texture, first, second);
        }
        return classes;
    }

    private static float Fraction(float x) => x - MathF.Floor(x);
}
