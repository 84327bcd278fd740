namespace Microsoft.ML.Continual.Samples.Datasets.Matlab;

/// <summary>Sizes of <see cref="MatType"/>.</summary>
internal static class MatTypeExtensions
{
    /// <summary>The bytes of a value; 0 for what holds no numbers.</summary>
    public static int Size(this MatType type) => type switch
    {
        MatType.Int8 or MatType.UInt8 => 1,
        MatType.Int16 or MatType.UInt16 => 2,
        MatType.Int32 or MatType.UInt32 or MatType.Single => 4,
        MatType.Double or MatType.Int64 or MatType.UInt64 => 8,
        _ => 0,
    };
}
