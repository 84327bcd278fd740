using System.Numerics;

namespace Microsoft.ML.Continual.Samples.Scenes;

/// <summary>A figure: the union of its outlines, less its holes.</summary>
/// <param name="Name">A word for people.</param>
/// <param name="Contours">The outlines in object space; see <see cref="Contour"/>.</param>
public sealed record Shape(string Name, IReadOnlyList<Vector2[]> Contours);
