using Microsoft.ML.Continual.Samples.Scenes;

namespace Microsoft.ML.Continual.Samples.Datasets;

/// <summary>Data sets without files: images rendered by code.</summary>
public static class RenderedDataset
{
    /// <summary>Renders a world's classes. Training and test images never coincide.</summary>
    /// <param name="mlContext">Where the views are made.</param>
    /// <param name="world">The classes.</param>
    /// <param name="trainPerClass">Training images a class.</param>
    /// <param name="testPerClass">Test images a class.</param>
    /// <param name="seed">Equal seeds give equal images.</param>
    public static ImageDataset Create(MLContext mlContext, SceneWorld world, int trainPerClass, int testPerClass, int seed)
    {
        ArgumentNullException.ThrowIfNull(mlContext);
        ArgumentNullException.ThrowIfNull(world);
        LabeledPixels[] train = Render(world, 0, trainPerClass, seed), test = Render(world, trainPerClass, testPerClass, seed);
        string[] classes = [.. world.Classes.Select(c => c.Name).Order(StringComparer.Ordinal)];
        return new ImageDataset("rendered shapes", mlContext.Data.LoadFromEnumerable(train), mlContext.Data.LoadFromEnumerable(test), classes, train.Length, test.Length);
    }

    /// <summary>Renders the images <paramref name="first"/> to <paramref name="first"/> + <paramref name="count"/> − 1 of every class, class after class.</summary>
    public static LabeledPixels[] Render(SceneWorld world, int first, int count, int seed)
    {
        ArgumentNullException.ThrowIfNull(world);
        var rows = new LabeledPixels[world.Classes.Count * count];
        // Every image has a random stream of its own, so the order in which threads draw them does not matter.
        Parallel.For(0, world.Classes.Count, () => new SceneRenderer(LabeledPixels.Size), (c, _, renderer) =>
        {
            for (int i = 0; i < count; i++)
                rows[c * count + i] = new LabeledPixels { Label = world.Classes[c].Name, Image = renderer.Render(world, c, first + i, seed) };
            return renderer;
        }, _ => { });
        return rows;
    }
}
