using System.Runtime.InteropServices;

namespace Microsoft.ML.Continual.Data.Augmentation;

/// <summary>Where each pixel of the result comes from: x' = A·x + B·y + C, y' = D·x + E·y + F, counted from the image's corner to the centres of pixels.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct AffineMap(double A, double B, double C, double D, double E, double F)
{
    /// <summary>Rows slide sideways about the first, by the tangent of an angle.</summary>
    public static AffineMap ShearX(double tangent) => new(1, tangent, 0, 0, 1, 0);

    /// <summary>Columns slide up or down about the first, by the tangent of an angle.</summary>
    public static AffineMap ShearY(double tangent) => new(1, 0, 0, tangent, 1, 0);

    /// <summary>Moves the image to the right and down, by pixels.</summary>
    public static AffineMap Translate(double right, double down) => new(1, 0, -right, 0, 1, -down);

    /// <summary>Turns the image about its centre, counter-clockwise.</summary>
    public static AffineMap Rotate(double degrees, int height, int width)
    {
        double angle = -degrees * Math.PI / 180, x = width / 2.0, y = height / 2.0;
        double cosine = Math.Round(Math.Cos(angle), 15), sine = Math.Round(Math.Sin(angle), 15);   // so that quarter turns are exact
        return new AffineMap(cosine, sine, -cosine * x - sine * y + x, -sine, cosine, sine * x - cosine * y + y);
    }

    /// <summary>PIL's <c>Image.transform</c>, bilinear: what lies outside is 0, neighbours beyond the edge are the edge's, and fractions of levels are dropped.</summary>
    /// <param name="source">[3, H, W].</param>
    /// <param name="height">H.</param>
    /// <param name="width">W.</param>
    /// <param name="target">[3, H, W], other memory.</param>
    public void Apply(ReadOnlySpan<byte> source, int height, int width, Span<byte> target)
    {
        int plane = height * width;
        for (int y = 0, at = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++, at++)
            {
                double fromX = A * (x + 0.5) + B * (y + 0.5) + C, fromY = D * (x + 0.5) + E * (y + 0.5) + F;
                if (!(fromX >= 0 && fromX < width && fromY >= 0 && fromY < height))
                {
                    target[at] = target[plane + at] = target[2 * plane + at] = 0;
                    continue;
                }
                fromX -= 0.5;
                fromY -= 0.5;
                int column = (int)Math.Floor(fromX), row = (int)Math.Floor(fromY);
                double right = fromX - column, down = fromY - row;
                int left = Math.Max(column, 0), next = Math.Min(column + 1, width - 1);
                int upper = Math.Max(row, 0) * width, lower = Math.Min(row + 1, height - 1) * width;
                for (int c = 0, start = 0; c < 3; c++, start += plane)
                {
                    ReadOnlySpan<byte> pixels = source.Slice(start, plane);
                    double above = Between(pixels[upper + left], pixels[upper + next], right), below = Between(pixels[lower + left], pixels[lower + next], right);
                    target[start + at] = (byte)(above + (below - above) * down);
                }
            }
        }
    }

    private static double Between(int a, int b, double share) => a + (b - a) * share;
}
