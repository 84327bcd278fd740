using System.Net.Http.Headers;
using Microsoft.ML.Continual.Samples.Scenes;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Data;

namespace Microsoft.ML.Continual.Serve.Tests;

/// <summary>Image files, and requests with them.</summary>
internal static class Pictures
{
    public static byte[] Png(TinyImage image)
    {
        const int Plane = TinyImages.Size * TinyImages.Size;
        byte[] pixels = new byte[3 * Plane];   // [3, S, S] -> [S, S, 3]
        for (int i = 0; i < pixels.Length; i++) pixels[i] = image.Image[i % 3 * Plane + i / 3];
        return PngFile.Encode(TinyImages.Size, TinyImages.Size, pixels);
    }

    public static byte[] Png(string label = "cat", int seed = 5) => Png(TinyImages.One(label, seed));

    public static byte[] Jpeg(int width = 20, int height = 12)
    {
        string path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.jpg");
        try
        {
            byte[] pixels = new byte[4 * width * height];
            for (int i = 0; i < pixels.Length; i++) pixels[i] = (byte)(i % 4 == 3 ? 255 : i * 7);
            using MLImage image = MLImage.CreateFromPixels(width, height, MLPixelFormat.Rgba32, pixels);
            image.Save(path);
            return File.ReadAllBytes(path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    public static HttpContent Body(byte[] file, string? type = "image/png")
    {
        var content = new ByteArrayContent(file);
        if (type is not null) content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        return content;
    }

    public static MultipartFormDataContent Form(params byte[][] files)
    {
        var form = new MultipartFormDataContent();
        foreach (byte[] file in files) form.Add(Body(file), "image", "picture.png");
        return form;
    }
}
