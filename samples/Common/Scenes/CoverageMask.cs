using System.Numerics;

namespace Microsoft.ML.Continual.Samples.Scenes;

/// <summary>The share of each pixel that a shape covers, in [0, 1]: exact along rows, eight samples down each pixel.</summary>
internal sealed class CoverageMask
{
    private const int LinesPerRow = 8;

    private readonly int _size;
    private readonly float[] _steps;   // [size, size + 2]: changes of coverage along a row, summed up by Fill

    public CoverageMask(int size)
    {
        _size = size;
        _steps = new float[size * (size + 2)];
        Values = new float[size * size];
    }

    /// <summary>[size, size] after <see cref="Fill"/>.</summary>
    public float[] Values { get; }

    /// <summary>The rows that may hold anything but 0: from the first up to and without the second.</summary>
    public (int From, int To) Rows { get; private set; }

    /// <summary>Covers what lies inside the shape, carried from object space to pixels by an affine map.</summary>
    public void Fill(Shape shape, in Matrix3x2 toPixels)
    {
        Array.Clear(_steps);
        float top = _size, bottom = 0;
        foreach (Vector2[] contour in shape.Contours)
        {
            Vector2 previous = Vector2.Transform(contour[^1], toPixels);
            foreach (Vector2 corner in contour)
            {
                Vector2 point = Vector2.Transform(corner, toPixels);
                AddEdge(previous, point);
                top = Math.Min(top, point.Y);
                bottom = Math.Max(bottom, point.Y);
                previous = point;
            }
        }
        Rows = (Math.Clamp((int)MathF.Floor(top), 0, _size), Math.Clamp((int)MathF.Ceiling(bottom), 0, _size));
        SumUp();
    }

    // Where an edge crosses a sample line, all to the right of the crossing gains or loses one layer.
    private void AddEdge(Vector2 a, Vector2 b)
    {
        float weight = 1f / LinesPerRow;
        if (a.Y > b.Y) (a, b, weight) = (b, a, -weight);
        int first = Math.Max(0, (int)MathF.Ceiling(a.Y * LinesPerRow - 0.5f));
        int last = Math.Min(_size * LinesPerRow, (int)MathF.Ceiling(b.Y * LinesPerRow - 0.5f));
        if (first >= last) return;
        float slope = (b.X - a.X) / (b.Y - a.Y);
        for (int line = first; line < last; line++)
        {
            float x = Math.Clamp(a.X + slope * ((line + 0.5f) / LinesPerRow - a.Y), 0, _size);
            int column = (int)x;
            float inside = column + 1 - x;   // of this pixel, the part right of the crossing
            int at = line / LinesPerRow * (_size + 2) + column;
            _steps[at] += weight * inside;
            _steps[at + 1] += weight * (1 - inside);
        }
    }

    private void SumUp()
    {
        (int from, int to) = Rows;
        for (int y = from; y < to; y++)
        {
            float layers = 0;
            for (int x = 0; x < _size; x++)
            {
                layers += _steps[y * (_size + 2) + x];
                Values[y * _size + x] = Math.Min(1, Math.Abs(layers));
            }
        }
    }
}
