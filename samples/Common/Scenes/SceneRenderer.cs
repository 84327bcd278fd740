using System.Numerics;
using Microsoft.ML.Continual.Numerics;

namespace Microsoft.ML.Continual.Samples.Scenes;

/// <summary>
/// Draws one image of a class: a patterned figure in a random pose on a patterned ground, among other objects, partly hidden, lit and noisy.
/// </summary>
/// <remarks>The image is a function of world, class, index and seed alone. One renderer serves one thread.</remarks>
public sealed class SceneRenderer
{
    private readonly int _size;
    private readonly CoverageMask _mask;
    private readonly float[] _red, _green, _blue;

    /// <summary>Makes a renderer for square images.</summary>
    /// <param name="size">The side in pixels, at least 8.</param>
    public SceneRenderer(int size)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 8);
        _size = size;
        _mask = new CoverageMask(size);
        (_red, _green, _blue) = (new float[size * size], new float[size * size], new float[size * size]);
    }

    /// <summary>Draws an image.</summary>
    /// <param name="world">The world the class belongs to.</param>
    /// <param name="classIndex">The position of the class in the world.</param>
    /// <param name="index">The number of the image within its class.</param>
    /// <param name="seed">The data set's seed.</param>
    /// <returns>[3, size, size] bytes: red, green, blue.</returns>
    public byte[] Render(SceneWorld world, int classIndex, int index, int seed)
    {
        ArgumentNullException.ThrowIfNull(world);
        var random = new SeededRandom(SeedOf(world.Name, classIndex, index, seed));
        PaintGround(random);
        int others = 1 + random.NextInt(3);
        for (int i = 0; i < others; i++) PaintBlob(random, Uniform(random, 0.08, 0.17), Uniform(random, 0, 1), Uniform(random, 0, 1));
        PaintFigure(world.Classes[classIndex], random);
        int occluders = random.NextInt(3);
        for (int i = 0; i < occluders; i++) PaintBlob(random, Uniform(random, 0.05, 0.1), Uniform(random, 0.2, 0.8), Uniform(random, 0.2, 0.8));
        return Expose(random);
    }

    private void PaintGround(SeededRandom random)
    {
        Vector3 first = Colour(Uniform(random, 0, 1), Uniform(random, 0.05, 0.45), Uniform(random, 0.25, 0.9));
        Vector3 other = Colour(Uniform(random, 0, 1), Uniform(random, 0.05, 0.45), Uniform(random, 0.25, 0.9));
        Vector3 second = Vector3.Lerp(first, other, Uniform(random, 0.25, 0.7));
        Texture texture = RandomTexture(random);
        Matrix3x2 pose = Pose(random, 0.5f, 0.5f, Uniform(random, 0.25, 0.6), Uniform(random, 0, 6.28), 0.3f);
        Paint(texture, first, second, pose, (uint)random.NextUInt64(), null, 0, _size);
    }

    private void PaintFigure(SceneClass scene, SeededRandom random)
    {
        Vector3 first = Colour(scene.FirstHue + Uniform(random, -0.05, 0.05), Uniform(random, 0.5, 0.95), Uniform(random, 0.55, 1));
        Vector3 second = Colour(scene.SecondHue + Uniform(random, -0.05, 0.05), Uniform(random, 0.5, 0.95), Uniform(random, 0.3, 0.9));
        float radius = Uniform(random, 0.25, 0.4), room = 0.46f - radius;
        Matrix3x2 pose = Pose(random, 0.5f + Uniform(random, -room, room), 0.5f + Uniform(random, -room, room), radius, Uniform(random, -0.55, 0.55), 0.22f);
        _mask.Fill(scene.Shape, pose);
        Paint(scene.Texture, first, second, pose, (uint)random.NextUInt64(), _mask.Values, _mask.Rows.From, _mask.Rows.To);
    }

    private void PaintBlob(SeededRandom random, float radius, float x, float y)
    {
        int corners = 3 + random.NextInt(5);
        var shape = new Shape("blob", [Contour.Polar(corners, _ => random.NextUniform(0.5, 1.2))]);
        Matrix3x2 pose = Pose(random, x, y, radius, Uniform(random, 0, 6.28), 0.4f);
        Vector3 first = Colour(Uniform(random, 0, 1), Uniform(random, 0.3, 0.95), Uniform(random, 0.3, 1));
        Vector3 second = Colour(Uniform(random, 0, 1), Uniform(random, 0.3, 0.95), Uniform(random, 0.3, 1));
        _mask.Fill(shape, pose);
        Paint(RandomTexture(random), first, second, pose, (uint)random.NextUInt64(), _mask.Values, _mask.Rows.From, _mask.Rows.To);
    }

    // From object space to pixels: stretch and shear, turn, move. Centre and radius are in units of the image's side.
    private Matrix3x2 Pose(SeededRandom random, float x, float y, float radius, float turn, float distortion)
    {
        float stretch = MathF.Exp(Uniform(random, -distortion, distortion)), shear = Uniform(random, -distortion, distortion);
        var shape = new Matrix3x2(stretch, 0, shear, 1 / stretch, 0, 0);
        return shape * Matrix3x2.CreateScale(radius * _size) * Matrix3x2.CreateRotation(turn) * Matrix3x2.CreateTranslation(x * _size, y * _size);
    }

    private void Paint(Texture texture, Vector3 first, Vector3 second, in Matrix3x2 pose, uint seed, float[]? coverage, int fromRow, int toRow)
    {
        if (!Matrix3x2.Invert(pose, out Matrix3x2 toObject)) return;
        float softness = MathF.Sqrt(MathF.Abs(toObject.GetDeterminant()));
        for (int y = fromRow; y < toRow; y++)
        {
            for (int x = 0; x < _size; x++)
            {
                int at = y * _size + x;
                float cover = coverage is null ? 1 : coverage[at];
                if (cover == 0) continue;
                Vector2 p = Vector2.Transform(new Vector2(x + 0.5f, y + 0.5f), toObject);
                Vector3 colour = Vector3.Lerp(first, second, TexturePainter.Blend(texture, p.X, p.Y, softness, seed));
                _red[at] += cover * (colour.X - _red[at]);
                _green[at] += cover * (colour.Y - _green[at]);
                _blue[at] += cover * (colour.Z - _blue[at]);
            }
        }
    }

    // Light from one side, a colour cast and sensor noise; then to bytes.
    private byte[] Expose(SeededRandom random)
    {
        float gain = Uniform(random, 0.7, 1.2), slope = Uniform(random, 0, 0.35), from = Uniform(random, 0, 6.28), noise = Uniform(random, 0.01, 0.07);
        var cast = new Vector3(Uniform(random, 0.88, 1.12), Uniform(random, 0.88, 1.12), Uniform(random, 0.88, 1.12));
        float dx = MathF.Cos(from) * slope * 2 / _size, dy = MathF.Sin(from) * slope * 2 / _size;
        int plane = _size * _size;
        byte[] image = new byte[3 * plane];
        for (int y = 0; y < _size; y++)
        {
            for (int x = 0; x < _size; x++)
            {
                int at = y * _size + x;
                float light = gain * (1 + dx * (x - _size / 2) + dy * (y - _size / 2));
                ulong bits = random.NextUInt64();
                image[at] = ToByte(_red[at] * light * cast.X + noise * RoughlyNormal((uint)bits & 0x1FFFFF));
                image[plane + at] = ToByte(_green[at] * light * cast.Y + noise * RoughlyNormal((uint)(bits >> 21) & 0x1FFFFF));
                image[2 * plane + at] = ToByte(_blue[at] * light * cast.Z + noise * RoughlyNormal((uint)(bits >> 42) & 0x1FFFFF));
            }
        }
        return image;
    }

    // The sum of three uniform numbers, brought to mean 0 and variance 1, from 21 random bits.
    private static float RoughlyNormal(uint bits) => ((bits & 127) + ((bits >> 7) & 127) + (bits >> 14) - 190.5f) / 64f;

    private static byte ToByte(float value) => (byte)Math.Clamp(value * 255 + 0.5f, 0, 255);

    private static float Uniform(SeededRandom random, double low, double high) => (float)random.NextUniform(low, high);

    private static Texture RandomTexture(SeededRandom random) => (Texture)random.NextInt((int)Texture.Halves + 1);

    // Hue, saturation and value to red, green and blue.
    private static Vector3 Colour(float hue, float saturation, float value)
    {
        float Channel(float n)
        {
            float k = (n + hue * 6) % 6;
            if (k < 0) k += 6;
            return value * (1 - saturation * Math.Clamp(Math.Min(k, 4 - k), 0, 1));
        }
        return new(Channel(5), Channel(3), Channel(1));
    }

    private static long SeedOf(string world, int classIndex, int index, int seed)
    {
        ulong h = 0xCBF29CE484222325;   // FNV-1a over the name and the three numbers
        foreach (char c in world) h = unchecked((h ^ c) * 0x100000001B3);
        foreach (int number in (ReadOnlySpan<int>)[classIndex, index, seed]) h = unchecked((h ^ (uint)number) * 0x100000001B3);
        return unchecked((long)(h ^ (h >> 29)));
    }
}
