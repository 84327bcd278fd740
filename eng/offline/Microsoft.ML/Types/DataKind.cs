namespace Microsoft.ML.Data;

/// <summary>The primitive types by number.</summary>
public enum DataKind : byte
{
    /// <summary>sbyte.</summary>
    SByte = 1,

    /// <summary>byte.</summary>
    Byte = 2,

    /// <summary>short.</summary>
    Int16 = 3,

    /// <summary>ushort.</summary>
    UInt16 = 4,

    /// <summary>int.</summary>
    Int32 = 5,

    /// <summary>uint.</summary>
    UInt32 = 6,

    /// <summary>long.</summary>
    Int64 = 7,

    /// <summary>ulong.</summary>
    UInt64 = 8,

    /// <summary>float.</summary>
    Single = 9,

    /// <summary>double.</summary>
    Double = 10,

    /// <summary>Text.</summary>
    String = 11,

    /// <summary>bool.</summary>
    Boolean = 12,

    /// <summary>TimeSpan.</summary>
    TimeSpan = 13,

    /// <summary>DateTime.</summary>
    DateTime = 14,

    /// <summary>DateTimeOffset.</summary>
    DateTimeOffset = 15,
}
