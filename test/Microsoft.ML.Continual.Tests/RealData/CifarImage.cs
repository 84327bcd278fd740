using Microsoft.ML.Data;

namespace Microsoft.ML.Continual.Tests.RealData;

/// <summary>One record of CIFAR-10's binary files.</summary>
internal sealed class CifarImage
{
    private const int PixelBytes = 3 * 32 * 32;

    /// <summary>The class, 0 to 9.</summary>
    public int Label { get; set; }

    /// <summary>Channel, row, column.</summary>
    [VectorType(3, 32, 32)]
    public byte[] Image { get; set; } = [];

    /// <summary>The first images of each of the classes in a file.</summary>
    public static List<CifarImage> Read(string path, int perClass, params int[] classes)
    {
        var counts = classes.ToDictionary(c => c, _ => 0);
        List<CifarImage> images = [];
        byte[] file = File.ReadAllBytes(path);
        for (int start = 0; start < file.Length; start += 1 + PixelBytes)
        {
            int label = file[start];
            if (!counts.TryGetValue(label, out int count) || count == perClass) continue;
            counts[label] = count + 1;
            images.Add(new CifarImage { Label = label, Image = file[(start + 1)..(start + 1 + PixelBytes)] });
        }
        return images;
    }
}
