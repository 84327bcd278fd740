using System.Numerics;
using static Microsoft.ML.Continual.Samples.Scenes.Contour;

namespace Microsoft.ML.Continual.Samples.Scenes;

/// <summary>All figures, in two lists without a common member: one to pre-train a backbone on, one to learn task by task.</summary>
public static class ShapeLibrary
{
    /// <summary>The figures of the quick start. None of them is in <see cref="Pretraining"/>.</summary>
    public static IReadOnlyList<Shape> QuickStart { get; } =
    [
        Make("heart", Heart()),
        Make("moon", Polar(48, a => 1), Hole(Ellipse(0.42, -0.1, 0.72, 0.72))),
        Make("gear", Gear(8, 0.7), Hole(Ellipse(0, 0, 0.3, 0.3))),
        Make("arrow", Polygon(0, -1, 0.75, -0.15, 0.28, -0.15, 0.28, 1, -0.28, 1, -0.28, -0.15, -0.75, -0.15)),
        Make("bolt", Polygon(0.25, -1, -0.6, 0.15, -0.1, 0.15, -0.3, 1, 0.6, -0.25, 0.08, -0.25, 0.45, -1)),
        Make("star", Star(5, 0.42)),
        Make("hourglass", Polygon(-0.75, -0.95, 0.75, -0.95, 0.12, 0, 0.75, 0.95, -0.75, 0.95, -0.12, 0)),
        Make("house", Polygon(0, -1, 0.95, -0.15, 0.7, -0.15, 0.7, 0.9, -0.7, 0.9, -0.7, -0.15, -0.95, -0.15), Hole(Box(-0.2, 0.25, 0.2, 0.9))),
        Make("key", Ellipse(0, -0.55, 0.45, 0.45), Hole(Ellipse(0, -0.55, 0.18, 0.18)), Box(-0.12, -0.12, 0.12, 1), Box(0.1, 0.5, 0.5, 0.68), Box(0.1, 0.82, 0.4, 1)),
        Make("letter E", Box(-0.7, -1, -0.3, 1), Box(-0.35, -1, 0.7, -0.62), Box(-0.35, -0.19, 0.5, 0.19), Box(-0.35, 0.62, 0.7, 1)),
        Make("letter H", Box(-0.8, -1, -0.4, 1), Box(0.4, -1, 0.8, 1), Box(-0.45, -0.2, 0.45, 0.2)),
        Make("flower", Flower(5, 0.5), Hole(Ellipse(0, 0, 0.2, 0.2))),
        Make("fish", Ellipse(-0.2, 0, 0.78, 0.5), Polygon(0.4, 0, 1, -0.55, 1, 0.55)),
        Make("ring", Ellipse(0, 0, 0.95, 0.95), Hole(Ellipse(0, 0, 0.55, 0.55))),
        Make("crown", Polygon(-0.95, -0.7, -0.45, -0.05, 0, -0.9, 0.45, -0.05, 0.95, -0.7, 0.75, 0.75, -0.75, 0.75)),
        Make("cloud", Ellipse(-0.5, 0.2, 0.48, 0.42), Ellipse(0.1, -0.15, 0.55, 0.55), Ellipse(0.6, 0.25, 0.4, 0.37), Box(-0.5, 0.1, 0.6, 0.62)),
        Make("drop", Drop()),
        Make("chevrons", Polygon(0, -1, 0.85, -0.3, 0.85, 0.1, 0, -0.55, -0.85, 0.1, -0.85, -0.3), Polygon(0, -0.15, 0.85, 0.55, 0.85, 0.95, 0, 0.3, -0.85, 0.95, -0.85, 0.55)),
        Make("letter S", Box(-0.7, -1, 0.7, -0.62), Box(-0.7, -0.8, -0.3, 0.1), Box(-0.7, -0.19, 0.7, 0.19), Box(0.3, -0.1, 0.7, 0.8), Box(-0.7, 0.62, 0.7, 1)),
        Make("trident", Box(-0.14, -1, 0.14, 1), Box(-0.8, -1, -0.52, -0.1), Box(0.52, -1, 0.8, -0.1), Box(-0.8, -0.15, 0.8, 0.15)),
        Make("pinwheel", Polygon(0, 0, 0, -1, 0.7, -0.7), Polygon(0, 0, 1, 0, 0.7, 0.7), Polygon(0, 0, 0, 1, -0.7, 0.7), Polygon(0, 0, -1, 0, -0.7, -0.7)),
        Make("umbrella", Arc(0.75, 1.25, 0, 0.95, 0, 0.05), Box(-0.08, 0, 0.08, 0.8), Arc(0.25, 0.75, 0.12, 0.3, 0.2, 0.75)),
        Make("spiral", Spiral()),
        Make("eye", Hole(Ellipse(0, 0, 0.38, 0.38)), Lens(1, 0.62), Ellipse(0, 0, 0.2, 0.2)),
        Make("rocket", Polygon(0, -1, 0.3, -0.55, 0.3, 0.45, 0.7, 0.95, -0.7, 0.95, -0.3, 0.45, -0.3, -0.55), Hole(Ellipse(0, -0.3, 0.15, 0.15))),
        Make("letter K", Box(-0.75, -1, -0.35, 1), Bar(-0.3, 0.15, 0.6, -0.9, 0.38), Bar(-0.15, -0.05, 0.65, 0.9, 0.38)),
        Make("castle", Polygon(-0.9, -0.8, -0.55, -0.8, -0.55, -0.4, -0.2, -0.4, -0.2, -0.8, 0.2, -0.8, 0.2, -0.4, 0.55, -0.4, 0.55, -0.8, 0.9, -0.8, 0.9, 0.9, -0.9, 0.9), Hole(Box(-0.22, 0.3, 0.22, 0.9))),
        Make("butterfly", Ellipse(-0.52, -0.4, 0.46, 0.5), Ellipse(0.52, -0.4, 0.46, 0.5), Ellipse(-0.42, 0.48, 0.36, 0.38), Ellipse(0.42, 0.48, 0.36, 0.38), Ellipse(0, 0, 0.12, 0.85)),
        Make("question mark", Arc(0.75, 1.5, 0.2, 0.58, 0, -0.4), Box(-0.18, -0.02, 0.18, 0.42), Ellipse(0, 0.78, 0.22, 0.22)),
        Make("ladder", Box(-0.65, -1, -0.35, 1), Box(0.35, -1, 0.65, 1), Box(-0.4, -0.75, 0.4, -0.5), Box(-0.4, -0.13, 0.4, 0.13), Box(-0.4, 0.5, 0.4, 0.75)),
    ];

    /// <summary>The figures of the pre-training world.</summary>
    public static IReadOnlyList<Shape> Pretraining { get; } =
    [
        Make("triangle", Regular(3)),
        Make("square", Box(-0.8, -0.8, 0.8, 0.8)),
        Make("pentagon", Regular(5)),
        Make("octagon", Regular(8, 1, 1.0 / 16)),
        Make("disc", Ellipse(0, 0, 0.95, 0.95)),
        Make("ellipse", Ellipse(0, 0, 1, 0.5)),
        Make("half disc", Arc(0.75, 1.25, 0, 1, 0, 0.4)),
        Make("quarter disc", Arc(0, 0.25, 0, 1.5, -0.7, 0.7)),
        Make("trapezium", Polygon(-0.45, -0.65, 0.45, -0.65, 1, 0.65, -1, 0.65)),
        Make("parallelogram", Polygon(-0.4, -0.55, 1, -0.55, 0.4, 0.55, -1, 0.55)),
        Make("rhombus", Polygon(0, -1, 0.6, 0, 0, 1, -0.6, 0)),
        Make("kite", Polygon(0, -0.7, 0.6, -0.2, 0, 1, -0.6, -0.2)),
        Make("4-tip star", Star(4, 0.35)),
        Make("6-tip star", Star(6, 0.55)),
        Make("12-tip star", Star(12, 0.7)),
        Make("plus", Box(-0.28, -1, 0.28, 1), Box(-1, -0.28, 1, 0.28)),
        Make("cross", Bar(-0.75, -0.75, 0.75, 0.75, 0.45), Bar(-0.75, 0.75, 0.75, -0.75, 0.45)),
        Make("letter L", Box(-0.6, -1, -0.15, 1), Box(-0.3, 0.55, 0.75, 1)),
        Make("letter T", Box(-0.9, -0.95, 0.9, -0.5), Box(-0.23, -0.6, 0.23, 1)),
        Make("letter U", Box(-0.8, -1, -0.4, 0.9), Box(0.4, -1, 0.8, 0.9), Box(-0.7, 0.5, 0.7, 0.9)),
        Make("letter Z", Box(-0.75, -0.95, 0.75, -0.55), Bar(0.5, -0.7, -0.5, 0.7, 0.4), Box(-0.75, 0.55, 0.75, 0.95)),
        Make("letter V", Polygon(-0.95, -0.9, -0.5, -0.9, 0, 0.3, 0.5, -0.9, 0.95, -0.9, 0.22, 0.95, -0.22, 0.95)),
        Make("letter Y", Bar(-0.7, -0.9, 0, 0.05, 0.4), Bar(0.7, -0.9, 0, 0.05, 0.4), Box(-0.2, 0, 0.2, 1)),
        Make("letter N", Box(-0.8, -1, -0.4, 1), Box(0.4, -1, 0.8, 1), Bar(-0.6, -0.85, 0.6, 0.85, 0.4)),
        Make("letter C", Arc(0.32, 1.18, 0.55, 0.98)),
        Make("letter A", Bar(-0.65, 0.95, 0, -0.85, 0.36), Bar(0.65, 0.95, 0, -0.85, 0.36), Box(-0.45, 0.2, 0.45, 0.5)),
        Make("letter F", Box(-0.6, -1, -0.2, 1), Box(-0.3, -1, 0.7, -0.62), Box(-0.3, -0.2, 0.45, 0.18)),
        Make("letter P", Box(-0.65, -1, -0.28, 1), Arc(0, 0.5, 0.22, 0.6, -0.1, -0.4), Box(-0.3, -1, -0.1, -0.62), Box(-0.3, -0.18, -0.1, 0.2)),
        Make("frame", Box(-0.85, -0.85, 0.85, 0.85), Hole(Box(-0.45, -0.45, 0.45, 0.45))),
        Make("hollow triangle", Regular(3), Hole(Regular(3, 0.45))),
        Make("hollow hexagon", Regular(6), Hole(Regular(6, 0.55))),
        Make("target", Ellipse(0, 0, 1, 1), Hole(Ellipse(0, 0, 0.68, 0.68)), Ellipse(0, 0, 0.36, 0.36)),
        Make("two bars", Box(-0.9, -0.75, 0.9, -0.2), Box(-0.9, 0.2, 0.9, 0.75)),
        Make("three bars", Box(-0.95, -0.9, -0.5, 0.9), Box(-0.22, -0.9, 0.22, 0.9), Box(0.5, -0.9, 0.95, 0.9)),
        Make("dumbbell", Ellipse(-0.65, 0, 0.4, 0.4), Ellipse(0.65, 0, 0.4, 0.4), Box(-0.6, -0.13, 0.6, 0.13)),
        Make("three discs", Ellipse(0, -0.5, 0.42, 0.42), Ellipse(-0.5, 0.42, 0.42, 0.42), Ellipse(0.5, 0.42, 0.42, 0.42)),
        Make("four squares", Box(-0.9, -0.9, -0.12, -0.12), Box(0.12, -0.9, 0.9, -0.12), Box(-0.9, 0.12, -0.12, 0.9), Box(0.12, 0.12, 0.9, 0.9)),
        Make("bow tie", Polygon(-1, -0.65, 0, -0.1, 1, -0.65, 1, 0.65, 0, 0.1, -1, 0.65)),
        Make("clover", Flower(3, 0.6)),
        Make("daisy", Flower(8, 0.45)),
        Make("saw", Saw(9, 0.62)),
        Make("cogwheel", Gear(12, 0.78)),
        Make("comb", Box(-0.95, -0.7, 0.95, -0.25), Box(-0.95, -0.3, -0.65, 0.8), Box(-0.42, -0.3, -0.12, 0.8), Box(0.12, -0.3, 0.42, 0.8), Box(0.65, -0.3, 0.95, 0.8)),
        Make("stairs", Polygon(-0.9, 0.9, -0.9, 0.35, -0.3, 0.35, -0.3, -0.25, 0.3, -0.25, 0.3, -0.85, 0.9, -0.85, 0.9, 0.9)),
        Make("hash", Box(-0.55, -1, -0.25, 1), Box(0.25, -1, 0.55, 1), Box(-1, -0.55, 1, -0.25), Box(-1, 0.25, 1, 0.55)),
        Make("mushroom", Arc(0.75, 1.25, 0, 0.95), Box(-0.28, -0.05, 0.28, 0.9)),
        Make("pine", Polygon(0, -1, 0.5, -0.3, 0.22, -0.3, 0.75, 0.5, 0.18, 0.5, 0.18, 1, -0.18, 1, -0.18, 0.5, -0.75, 0.5, -0.22, -0.3, -0.5, -0.3)),
        Make("boat", Polygon(-1, 0.3, 1, 0.3, 0.6, 0.85, -0.6, 0.85), Polygon(-0.05, -0.95, 0.7, 0.2, -0.05, 0.2), Polygon(-0.18, -0.6, -0.18, 0.2, -0.65, 0.2)),
        Make("cup", Polygon(-0.8, -0.75, 0.45, -0.75, 0.35, 0.8, -0.7, 0.8), Arc(0, 0.5, 0.25, 0.45, 0.4, -0.1)),
        Make("pac", Arc(0.36, 1.14, 0, 0.98)),
        Make("leaf", Lens(1, 0.5)),
        Make("egg", Polar(40, a => 0.78 + 0.2 * Math.Pow(Math.Cos(Math.PI * a), 4))),
        Make("bottle", Box(-0.2, -1, 0.2, -0.4), Polygon(-0.2, -0.5, 0.2, -0.5, 0.5, -0.1, 0.5, 1, -0.5, 1, -0.5, -0.1)),
        Make("hammer", Box(-0.75, -0.9, 0.75, -0.35), Box(-0.16, -0.45, 0.16, 1)),
        Make("cherry", Ellipse(-0.45, 0.5, 0.42, 0.42), Ellipse(0.45, 0.5, 0.42, 0.42), Bar(-0.4, 0.2, 0.1, -0.95, 0.16), Bar(0.4, 0.2, 0.05, -0.95, 0.16)),
        Make("zigzag", Polygon(-1, -0.35, -0.5, -0.75, 0, -0.35, 0.5, -0.75, 1, -0.35, 1, 0.35, 0.5, -0.05, 0, 0.35, -0.5, -0.05, -1, 0.35)),
    ];

    private static Shape Make(string name, params Vector2[][] contours) => new(name, contours);

    private static Vector2[] Heart()
    {
        var points = new double[96];
        for (int i = 0; i < 48; i++)
        {
            double a = 2 * Math.PI * i / 48, s = Math.Sin(a);
            points[2 * i] = s * s * s;
            points[2 * i + 1] = -(13 * Math.Cos(a) - 5 * Math.Cos(2 * a) - 2 * Math.Cos(3 * a) - Math.Cos(4 * a)) / 16 - 0.1;
        }
        return Polygon(points);
    }

    private static Vector2[] Drop()
    {
        var points = new double[80];
        for (int i = 0; i < 40; i++)
        {
            double a = 2 * Math.PI * i / 40;
            points[2 * i] = 1.25 * Math.Sin(a) * Math.Pow(Math.Sin(a / 2), 1.6) * 0.6;
            points[2 * i + 1] = -Math.Cos(a);
        }
        return Polygon(points);
    }

    // Two circular arcs between the ends (±halfWidth, 0), `bulge` high in the middle.
    private static Vector2[] Lens(double halfWidth, double bulge)
    {
        var points = new double[80];
        for (int i = 0; i < 40; i++)
        {
            double t = i < 20 ? i / 20.0 : (40 - i) / 20.0, x = 2 * t - 1;
            points[2 * i] = halfWidth * x;
            points[2 * i + 1] = (i < 20 ? -1 : 1) * bulge * (1 - x * x);
        }
        return Polygon(points);
    }

    private static Vector2[] Spiral()
    {
        const int steps = 44;
        var points = new double[4 * (steps + 1)];
        for (int i = 0; i <= steps; i++)
        {
            double turn = 1.9 * i / steps, middle = 0.12 + 0.4 * turn, half = 0.13;
            double sin = Math.Sin(2 * Math.PI * turn), cos = Math.Cos(2 * Math.PI * turn);
            points[2 * i] = (middle + half) * sin;
            points[2 * i + 1] = -(middle + half) * cos;
            points[^(2 * i + 2)] = Math.Max(0, middle - half) * sin;
            points[^(2 * i + 1)] = -Math.Max(0, middle - half) * cos;
        }
        return Polygon(points);
    }
}
