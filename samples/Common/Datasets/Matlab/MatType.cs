namespace Microsoft.ML.Continual.Samples.Datasets.Matlab;

/// <summary>The types of data elements in MATLAB's level 5 format, by their numbers there.</summary>
internal enum MatType
{
    Int8 = 1, UInt8 = 2, Int16 = 3, UInt16 = 4, Int32 = 5, UInt32 = 6, Single = 7, Double = 9, Int64 = 12, UInt64 = 13,

    /// <summary>A variable.</summary>
    Matrix = 14,

    /// <summary>An element packed by zlib.</summary>
    Compressed = 15,
}
