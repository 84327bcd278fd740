using System.Text;
using Microsoft.ML.Continual.Numerics;

namespace Microsoft.ML.Continual.Tests.Persistence;

/// <summary>Damages bytes at random, as a bad disk would and as an attacker would.</summary>
internal static class ByteMutation
{
    private static readonly byte[][] s_hostile =
    [
        [0xff, 0xff, 0xff, 0xff], [0xff, 0xff, 0xff, 0x7f], [0, 0, 0, 0x80], [0, 0, 0, 0], [1, 0, 0, 0],
        [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], [0, 0, 0, 0, 0, 0, 0, 0x80], [0xff, 0xff], [0, 0x80],
        .. new[]
        {
            "9223372036854775807", "-1", "18446744073709551616", "1e999", "\\ud800", "\"", "{", "}", "[[[[[[[[", "..", "/", "\\", ":", "\0",
            "cos\nsystem\n", "cbuiltins\neval\n", "c__builtin__\nexec\n", "ctorch\nload\n", "R", "Q", "b", ".", "(", "t", "u", "0", "1", "2", "}", "]", "e", "s",
            "'|O'", "'>f8'", "True", "(0,)", "BOOL", "F64", "I8", "DoubleStorage", "ByteStorage", "__torch__.x", "PK\x01\x02", "PK\x03\x04", "PK\x05\x06", "PK\x06\x06", "PK\x06\x07",
        }.Select(Encoding.Latin1.GetBytes),
        [0x81], [0x85], [0x86], [0x87], [0x8a, 0xff], [0x8b], [0x8c, 0xff], [0x8d], [0x8e], [0x8f], [0x90], [0x92], [0x93], [0x94], [0x95], [0x96], [(byte)'j'], [(byte)'r'],
    ];

    /// <summary>A damaged copy: one to four changes of any kind.</summary>
    public static byte[] Apply(byte[] bytes, SeededRandom random)
    {
        for (int changes = 1 + random.NextInt(4); changes > 0; changes--) bytes = Once(bytes, random);
        return bytes;
    }

    private static byte[] Once(byte[] bytes, SeededRandom random)
    {
        if (bytes.Length < 2) return [.. bytes, (byte)random.NextInt(256)];
        byte[] hostile = s_hostile[random.NextInt(s_hostile.Length)];
        int at = Place(bytes.Length, random), length = random.NextInt(Math.Min(64, bytes.Length - at) + 1), to = Place(bytes.Length, random);
        byte[] copy = [.. bytes];
        switch (random.NextInt(9))
        {
            case 0:   // a bit
                copy[at] ^= (byte)(1 << random.NextInt(8));
                return copy;
            case 1:   // a byte
                copy[at] = (byte)random.NextInt(256);
                return copy;
            case 2:   // a byte a little higher or lower: lengths and counts
                copy[at] += (byte)(random.NextInt(2) == 0 ? 1 : 255);
                return copy;
            case 3:   // the end is missing
                return bytes[..at];
            case 4:   // a part is missing
                return [.. bytes[..at], .. bytes[(at + length)..]];
            case 5:   // a part occurs twice
                return [.. bytes[..to], .. bytes.AsSpan(at, length), .. bytes[to..]];
            case 6:   // a part over another
                bytes.AsSpan(at, Math.Min(length, bytes.Length - to)).CopyTo(copy.AsSpan(to));
                return copy;
            case 7:   // something hostile over what was there
                hostile.AsSpan(0, Math.Min(hostile.Length, bytes.Length - at)).CopyTo(copy.AsSpan(at));
                return copy;
            default:   // something hostile between
                return [.. bytes[..at], .. hostile, .. bytes[at..]];
        }
    }

    // Headers and directories stand at the ends: half of the damage goes there.
    private static int Place(int length, SeededRandom random)
    {
        int near = Math.Min(length, 256);
        return random.NextInt(4) switch
        {
            0 => random.NextInt(near),
            1 => length - 1 - random.NextInt(near),
            _ => random.NextInt(length),
        };
    }
}
