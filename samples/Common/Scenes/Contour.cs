using System.Numerics;

namespace Microsoft.ML.Continual.Samples.Scenes;

/// <summary>Closed outlines in object space: x to the right, y down, about one unit from the centre to the rim.</summary>
/// <remarks>
/// Every outline is returned with the same orientation, so that overlapping outlines of one shape add up to their union.
/// <see cref="Hole"/> turns an outline round: it cuts out of whatever lies below it.
/// </remarks>
public static class Contour
{
    private const int CurvePoints = 40;

    /// <summary>An outline through the given points: x0, y0, x1, y1, ….</summary>
    public static Vector2[] Polygon(params double[] coordinates)
    {
        var points = new Vector2[coordinates.Length / 2];
        for (int i = 0; i < points.Length; i++) points[i] = new((float)coordinates[2 * i], (float)coordinates[2 * i + 1]);
        return Oriented(points);
    }

    /// <summary>A regular polygon; the first corner points up, turned clockwise by <paramref name="turn"/> of a full turn.</summary>
    public static Vector2[] Regular(int corners, double radius = 1, double turn = 0) => Polar(corners, _ => radius, turn);

    /// <summary>A star with the given number of tips; <paramref name="inner"/> is the radius between them.</summary>
    public static Vector2[] Star(int tips, double inner, double turn = 0) =>
        Polar(2 * tips, a => Math.Round(a * 2 * tips) % 2 == 0 ? 1 : inner, turn);

    /// <summary>A saw blade: the radius grows from <paramref name="inner"/> to 1 along each tooth and falls back at once.</summary>
    public static Vector2[] Saw(int teeth, double inner)
    {
        var points = new Vector2[2 * teeth];
        for (int i = 0; i < teeth; i++)
        {
            points[2 * i] = OnCircle((double)i / teeth, inner);
            points[2 * i + 1] = OnCircle((double)i / teeth, 1);
        }
        return Oriented(points);
    }

    /// <summary>A gear wheel with rectangular teeth.</summary>
    public static Vector2[] Gear(int teeth, double inner)
    {
        var points = new List<Vector2>();
        for (int i = 0; i < teeth; i++)
        {
            double a = (double)i / teeth, width = 0.25 / teeth;
            points.Add(OnCircle(a - 1.1 * width, inner));
            points.Add(OnCircle(a - 0.8 * width, 1));
            points.Add(OnCircle(a + 0.8 * width, 1));
            points.Add(OnCircle(a + 1.1 * width, inner));
        }
        return Oriented([.. points]);
    }

    /// <summary>A flower: the radius is <c>1 − depth · sin²(π · petals · angle)</c>.</summary>
    public static Vector2[] Flower(int petals, double depth) =>
        Polar(12 * petals, a => 1 - depth * Math.Pow(Math.Sin(Math.PI * petals * a), 2));

    /// <summary>An ellipse.</summary>
    public static Vector2[] Ellipse(double x, double y, double radiusX, double radiusY)
    {
        var points = new Vector2[CurvePoints];
        for (int i = 0; i < points.Length; i++)
        {
            Vector2 p = OnCircle((double)i / points.Length, 1);
            points[i] = new((float)(x + radiusX * p.X), (float)(y + radiusY * p.Y));
        }
        return Oriented(points);
    }

    /// <summary>An upright rectangle between two corners.</summary>
    public static Vector2[] Box(double left, double top, double right, double bottom) =>
        Polygon(left, top, right, top, right, bottom, left, bottom);

    /// <summary>A straight bar of the given width from one point to another.</summary>
    public static Vector2[] Bar(double x0, double y0, double x1, double y1, double width)
    {
        double length = Math.Sqrt((x1 - x0) * (x1 - x0) + (y1 - y0) * (y1 - y0));
        double nx = -(y1 - y0) / length * width / 2, ny = (x1 - x0) / length * width / 2;
        return Polygon(x0 + nx, y0 + ny, x1 + nx, y1 + ny, x1 - nx, y1 - ny, x0 - nx, y0 - ny);
    }

    /// <summary>A piece of a ring: clockwise from one part of a turn to another (0 is up), between two radii.</summary>
    public static Vector2[] Arc(double from, double to, double inner, double outer, double x = 0, double y = 0)
    {
        int steps = Math.Max(4, (int)(CurvePoints * Math.Abs(to - from)));
        var points = new Vector2[2 * (steps + 1)];
        var centre = new Vector2((float)x, (float)y);
        for (int i = 0; i <= steps; i++)
        {
            double a = from + (to - from) * i / steps;
            points[i] = centre + OnCircle(a, outer);
            points[^(i + 1)] = centre + OnCircle(a, inner);
        }
        return Oriented(points);
    }

    /// <summary>An outline given by its radius as a function of the angle, in turns from up, clockwise.</summary>
    public static Vector2[] Polar(int count, Func<double, double> radius, double turn = 0)
    {
        var points = new Vector2[count];
        for (int i = 0; i < count; i++)
        {
            double a = (double)i / count;
            points[i] = OnCircle(a + turn, radius(a));
        }
        return Oriented(points);
    }

    /// <summary>The same outline the other way round: a hole.</summary>
    public static Vector2[] Hole(Vector2[] contour)
    {
        var points = (Vector2[])contour.Clone();
        Array.Reverse(points);
        return points;
    }

    private static Vector2 OnCircle(double turn, double radius) =>
        new((float)(radius * Math.Sin(2 * Math.PI * turn)), (float)(-radius * Math.Cos(2 * Math.PI * turn)));

    private static Vector2[] Oriented(Vector2[] points)
    {
        double area = 0;
        for (int i = 0; i < points.Length; i++)
        {
            Vector2 a = points[i], b = points[(i + 1) % points.Length];
            area += a.X * b.Y - b.X * a.Y;
        }
        if (area < 0) Array.Reverse(points);
        return points;
    }
}
