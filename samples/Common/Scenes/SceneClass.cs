namespace Microsoft.ML.Continual.Samples.Scenes;

/// <summary>What the images of one class have in common: figure, pattern and a pair of hues.</summary>
/// <param name="Name">The label, such as <c>heart</c>.</param>
/// <param name="Shape">The figure.</param>
/// <param name="Texture">The pattern it is painted with.</param>
/// <param name="FirstHue">The hue of the first colour, in turns [0, 1); single images differ by about ±0.05.</param>
/// <param name="SecondHue">The hue of the second colour.</param>
public sealed record SceneClass(string Name, Shape Shape, Texture Texture, float FirstHue, float SecondHue);
