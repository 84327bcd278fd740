namespace Microsoft.ML.Continual.Samples.Scenes;

/// <summary>Evaluates a <see cref="Texture"/> at a point.</summary>
internal static class TexturePainter
{
    /// <summary>The share of the second colour at a point of the pattern's plane, in [0, 1].</summary>
    /// <param name="texture">The pattern.</param>
    /// <param name="u">The first coordinate; patterns repeat about every 0.5 units.</param>
    /// <param name="v">The second coordinate.</param>
    /// <param name="softness">The width of a pixel in the same units: edges are blurred by as much.</param>
    /// <param name="seed">Chooses among patterns that have a random part.</param>
    public static float Blend(Texture texture, float u, float v, float softness, uint seed) => texture switch
    {
        Texture.Plain => 0,
        Texture.Stripes => Band(v, 0.5f, 0.5f, softness),
        Texture.Lines => Band(v, 0.42f, 0.28f, softness),
        Texture.Checks => Exclusive(Band(u, 0.8f, 0.5f, softness), Band(v, 0.8f, 0.5f, softness)),
        Texture.Dots => Edge(0.15f - Distance(Centred(u, 0.5f), Centred(v, 0.5f)), softness),
        Texture.Rings => Band(Distance(u, v), 0.45f, 0.5f, softness),
        Texture.Rays => Ray(u, v, softness),
        Texture.Gradient => Math.Clamp(0.5f + 0.5f * v, 0, 1),
        Texture.Clouds => Math.Clamp((Noise(u * 2.6f, v * 2.6f, seed) + 0.4f * Noise(u * 6, v * 6, seed + 1) - 0.35f) * 1.6f, 0, 1),
        Texture.Bricks => Bricks(u, v, softness),
        Texture.Waves => Band(v + 0.12f * MathF.Sin(u * 7), 0.45f, 0.5f, softness),
        Texture.Grid => Math.Max(Band(u, 0.45f, 0.3f, softness), Band(v, 0.45f, 0.3f, softness)),
        Texture.Mosaic => Cell((int)MathF.Floor(u * 3.4f), (int)MathF.Floor(v * 3.4f), seed) > 0.5f ? 1 : 0,
        Texture.Halves => Edge(u, softness),
        _ => throw new ArgumentOutOfRangeException(nameof(texture), texture, "There is no such texture."),
    };

    // 1 in the middle `share` of every period, 0 outside.
    private static float Band(float x, float period, float share, float softness) =>
        Edge(share * period / 2 - MathF.Abs(Centred(x, period)), softness);

    private static float Edge(float distance, float softness) => Math.Clamp(distance / softness + 0.5f, 0, 1);

    private static float Centred(float x, float period) => x - period * MathF.Floor(x / period) - period / 2;

    private static float Distance(float u, float v) => MathF.Sqrt(u * u + v * v);

    private static float Exclusive(float a, float b) => a + b - 2 * a * b;

    private static float Ray(float u, float v, float softness)
    {
        const int rays = 5;
        float radius = Distance(u, v), phase = MathF.Atan2(v, u) / (2 * MathF.PI) * rays;
        float period = 2 * MathF.PI * Math.Max(radius, 0.05f) / rays;   // the arc length of one repeat at this radius
        return Edge((0.25f - MathF.Abs(Centred(phase, 1))) * period, softness);
    }

    private static float Bricks(float u, float v, float softness)
    {
        const float height = 0.4f, width = 0.8f, joint = 0.06f;
        int row = (int)MathF.Floor(v / height);
        float along = u + (row & 1) * width / 2;
        float toJoint = Math.Min(height / 2 - MathF.Abs(Centred(v, height)), width / 2 - MathF.Abs(Centred(along, width)));
        return Edge(joint - toJoint, softness);
    }

    // Smoothly interpolated random values on the whole-number grid.
    private static float Noise(float x, float y, uint seed)
    {
        int x0 = (int)MathF.Floor(x), y0 = (int)MathF.Floor(y);
        float fx = x - x0, fy = y - y0;
        fx = fx * fx * (3 - 2 * fx);
        fy = fy * fy * (3 - 2 * fy);
        float top = Cell(x0, y0, seed) * (1 - fx) + Cell(x0 + 1, y0, seed) * fx;
        float bottom = Cell(x0, y0 + 1, seed) * (1 - fx) + Cell(x0 + 1, y0 + 1, seed) * fx;
        return top * (1 - fy) + bottom * fy;
    }

    // A fixed random number in [0, 1) for each cell of the grid.
    private static float Cell(int x, int y, uint seed)
    {
        uint h = unchecked((uint)x * 0x9E3779B1u ^ (uint)y * 0x85EBCA77u ^ seed * 0xC2B2AE3Du);
        h = unchecked((h ^ (h >> 15)) * 0x2C1B3C6Du);
        h = unchecked((h ^ (h >> 12)) * 0x297A2D39u);
        return ((h ^ (h >> 15)) >> 8) * (1f / (1 << 24));
    }
}
