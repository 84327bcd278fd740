namespace Microsoft.ML.Continual.Samples.Scenes;

/// <summary>The patterns that figures and backgrounds are painted with: a blend of two colours.</summary>
public enum Texture
{
    /// <summary>One colour.</summary>
    Plain,

    /// <summary>Straight stripes.</summary>
    Stripes,

    /// <summary>Thin lines far apart.</summary>
    Lines,

    /// <summary>A chess board.</summary>
    Checks,

    /// <summary>Round dots on a square grid.</summary>
    Dots,

    /// <summary>Concentric rings.</summary>
    Rings,

    /// <summary>Rays from the centre.</summary>
    Rays,

    /// <summary>A smooth change from one side to the other.</summary>
    Gradient,

    /// <summary>Soft clouds (value noise).</summary>
    Clouds,

    /// <summary>Brick-work: offset rows with thin joints.</summary>
    Bricks,

    /// <summary>Stripes that run in waves.</summary>
    Waves,

    /// <summary>Lines both ways.</summary>
    Grid,

    /// <summary>Cells coloured at random.</summary>
    Mosaic,

    /// <summary>One half in each colour.</summary>
    Halves,
}
