using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Data;

namespace Microsoft.ML.Continual.Tests.Conformance;

/// <summary>A row with an image of bytes and a label of text.</summary>
internal sealed class TinyImage
{
    [VectorType(3, TinyImages.Size, TinyImages.Size)]
    public byte[] Image { get; set; } = [];

    public string Label { get; set; } = "";

    public int Number { get; set; }
}

/// <summary>Small noisy images, one colour for each class.</summary>
internal static class TinyImages
{
    public const int Size = 16;

    /// <summary>So many images of each label, in turn, made from the label's text and the seed alone.</summary>
    public static List<TinyImage> Make(int perClass, int seed, params string[] labels)
    {
        var rows = new List<TinyImage>();
        for (int i = 0; i < perClass; i++)
            foreach (string label in labels) rows.Add(One(label, seed * 1000 + i, rows.Count));
        return rows;
    }

    public static IDataView View(MLContext mlContext, int perClass, int seed, params string[] labels) =>
        mlContext.Data.LoadFromEnumerable(Make(perClass, seed, labels));

    public static TinyImage One(string label, int seed, int number = 0)
    {
        int hash = label.Aggregate(17, (sum, c) => unchecked(sum * 31 + c));
        var colour = new SeededRandom(hash);
        int[] base3 = [colour.NextInt(200), colour.NextInt(200), colour.NextInt(200)];
        var noise = new SeededRandom(unchecked(hash * 7919L + seed));
        byte[] pixels = new byte[3 * Size * Size];
        for (int c = 0; c < 3; c++)
            for (int i = 0; i < Size * Size; i++) pixels[c * Size * Size + i] = (byte)(base3[c] + noise.NextInt(56));
        return new TinyImage { Image = pixels, Label = label, Number = number };
    }
}
