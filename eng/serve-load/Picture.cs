using Microsoft.ML.Continual.Samples.Datasets;
using Microsoft.ML.Continual.Samples.Scenes;

namespace Microsoft.ML.Continual.ServeLoad;

/// <summary>A picture to post.</summary>
/// <param name="Label">What it shows.</param>
/// <param name="Png">The file.</param>
internal sealed record Picture(string Label, byte[] Png)
{
    private const int AfterTraining = 1000;   // the quick start learns from the first pictures of each class

    /// <summary>Pictures of the quick start's classes that no run of it has seen.</summary>
    public static Picture[] Render(int perClass, int seed) =>
        [.. RenderedDataset.Render(SceneWorld.QuickStart, AfterTraining, perClass, seed).Select(row => new Picture(row.Label, Encode(row.Image)))];

    private static byte[] Encode(byte[] planes)
    {
        const int Size = LabeledPixels.Size, Plane = Size * Size;
        byte[] pixels = new byte[planes.Length];   // [3, S, S] -> [S, S, 3]
        for (int i = 0; i < pixels.Length; i++) pixels[i] = planes[i % 3 * Plane + i / 3];
        return PngFile.Encode(Size, Size, pixels);
    }
}
