namespace Microsoft.ML.Continual.Samples.Scenes;

/// <summary>One picture of many images: a row of examples for each class.</summary>
public static class ContactSheet
{
    /// <summary>Draws the sheet as a PNG file's bytes.</summary>
    /// <param name="world">The classes, one to a row (or to a part of a row).</param>
    /// <param name="imageSize">The side of an image in pixels.</param>
    /// <param name="examples">Images a class.</param>
    /// <param name="classesPerRow">Classes side by side.</param>
    /// <param name="zoom">How many pixels of the sheet show one pixel of an image, each way.</param>
    /// <param name="seed">The data set's seed.</param>
    public static byte[] Draw(SceneWorld world, int imageSize, int examples, int classesPerRow = 1, int zoom = 1, int seed = 0)
    {
        ArgumentNullException.ThrowIfNull(world);
        var renderer = new SceneRenderer(imageSize);
        int cell = (imageSize + 2) * zoom, rows = (world.Classes.Count + classesPerRow - 1) / classesPerRow;
        int width = cell * examples * classesPerRow + 8 * (classesPerRow - 1), height = rows * cell;
        byte[] pixels = new byte[width * height * 3];
        Array.Fill(pixels, (byte)255);
        for (int c = 0; c < world.Classes.Count; c++)
        {
            for (int e = 0; e < examples; e++)
            {
                byte[] image = renderer.Render(world, c, e, seed);
                int left = (c % classesPerRow * examples + e) * cell + c % classesPerRow * 8, top = c / classesPerRow * cell;
                for (int y = 0; y < imageSize * zoom; y++)
                {
                    for (int x = 0; x < imageSize * zoom; x++)
                    {
                        int at = ((top + y) * width + left + x) * 3, from = y / zoom * imageSize + x / zoom;
                        for (int channel = 0; channel < 3; channel++) pixels[at + channel] = image[channel * imageSize * imageSize + from];
                    }
                }
            }
        }
        return PngFile.Encode(width, height, pixels);
    }
}
