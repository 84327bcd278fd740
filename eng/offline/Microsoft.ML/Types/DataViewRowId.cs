using System.Numerics;

namespace Microsoft.ML.Data;

/// <summary>
/// The identity of a row, 128 bits. Views that only reorder or filter keep it, so the same row has the same id in each pass.
/// </summary>
public readonly struct DataViewRowId : IComparable<DataViewRowId>, IEquatable<DataViewRowId>
{
    /// <summary>The low 64 bits.</summary>
    public readonly ulong Low;

    /// <summary>The high 64 bits.</summary>
    public readonly ulong High;

    /// <param name="low">The low 64 bits.</param>
    /// <param name="high">The high 64 bits.</param>
    public DataViewRowId(ulong low, ulong high)
    {
        Low = low;
        High = high;
    }

    /// <summary>Thirty-two hexadecimal digits, high bits first.</summary>
    public override string ToString() => $"{High:x16}{Low:x16}";

    /// <summary>A new id that depends on this one alone.</summary>
    public DataViewRowId Fork() => Mix(Low, High, 0x9E3779B97F4A7C15UL, 1);

    /// <summary>Another new id, different from <see cref="Fork"/>'s.</summary>
    public DataViewRowId Next() => Mix(Low, High, 0xC2B2AE3D27D4EB4FUL, 2);

    /// <summary>A new id that depends on both; not symmetric.</summary>
    public DataViewRowId Combine(DataViewRowId other) => Mix(Low ^ BitOperations.RotateLeft(other.High, 29), High + (other.Low * 0x165667B19E3779F9UL), other.Low, other.High);

    /// <inheritdoc/>
    public int CompareTo(DataViewRowId other) => High != other.High ? High.CompareTo(other.High) : Low.CompareTo(other.Low);

    /// <inheritdoc/>
    public bool Equals(DataViewRowId other) => Low == other.Low && High == other.High;

    /// <inheritdoc/>
    public override bool Equals(object obj) => obj is DataViewRowId other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Low, High);

    private static DataViewRowId Mix(ulong a, ulong b, ulong c, ulong d)
    {
        ulong low = Scramble(a + BitOperations.RotateLeft(c, 17) + d);
        ulong high = Scramble(b ^ low ^ BitOperations.RotateLeft(d, 41) ^ c);
        return new DataViewRowId(Scramble(low + high), high);
    }

    // Finaliser of SplitMix64: a bijection of 64 bits with good avalanche.
    private static ulong Scramble(ulong x)
    {
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9UL;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EBUL;
        return x ^ (x >> 31);
    }
}
