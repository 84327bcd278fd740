namespace Microsoft.ML.Continual.Samples.Datasets;

/// <summary>The permutations of NumPy's <c>Generator(PCG64(seed)).shuffle</c>, for class orders of experiments that were drawn with it: NSP²'s, with the seeds 2024 to 2026.</summary>
internal static class NumpyPermutation
{
    private const uint InitA = 0x43b0d7e5, MultiplierA = 0x931e8875, InitB = 0x8b51f9dd, MultiplierB = 0x58f38ded, MixLeft = 0xca01f9dd, MixRight = 0x4973f715;
    private static readonly UInt128 s_multiplier = new(0x2360ed051fc65da4, 0x4385df649fccf645);

    /// <summary>The numbers from 0, shuffled.</summary>
    /// <param name="count">How many.</param>
    /// <param name="seed">The seed, 0 or more.</param>
    public static int[] Shuffle(int count, int seed)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfNegative(seed);
        Func<uint> next = Pcg64(SeedSequence((uint)seed));
        int[] values = [.. Enumerable.Range(0, count)];
        for (int i = count - 1; i > 0; i--)
        {
            uint mask = uint.MaxValue >> System.Numerics.BitOperations.LeadingZeroCount((uint)i), j;
            do j = next() & mask;
            while (j > i);
            (values[i], values[j]) = (values[j], values[i]);
        }
        return values;
    }

    /// <summary>NumPy's way from a seed to the 256 bits that a generator starts from: four words, mixed with each other, then spread.</summary>
    private static ulong[] SeedSequence(uint seed)
    {
        uint[] pool = [seed, 0, 0, 0];
        uint constant = InitA;
        for (int i = 0; i < pool.Length; i++) pool[i] = Hash(pool[i]);
        for (int from = 0; from < pool.Length; from++)
            for (int to = 0; to < pool.Length; to++)
                if (from != to) pool[to] = Mix(pool[to], Hash(pool[from]));

        uint[] words = new uint[8];
        constant = InitB;
        for (int i = 0; i < words.Length; i++)
        {
            uint value = pool[i % pool.Length] ^ constant;
            constant *= MultiplierB;
            value *= constant;
            words[i] = value ^ (value >> 16);
        }
        return [.. Enumerable.Range(0, 4).Select(i => words[2 * i] | ((ulong)words[2 * i + 1] << 32))];

        uint Hash(uint value)
        {
            value ^= constant;
            constant *= MultiplierA;
            value *= constant;
            return value ^ (value >> 16);
        }

        static uint Mix(uint left, uint right)
        {
            uint value = MixLeft * left - MixRight * right;
            return value ^ (value >> 16);
        }
    }

    /// <summary>PCG64 (O'Neill's XSL-RR on a state of 128 bits), 32 bits at a time: the lower half of each number, then the upper.</summary>
    private static Func<uint> Pcg64(ulong[] seed)
    {
        UInt128 increment = (new UInt128(seed[2], seed[3]) << 1) | 1, state = increment;   // one step from 0
        state = (state + new UInt128(seed[0], seed[1])) * s_multiplier + increment;
        uint? upper = null;
        return () =>
        {
            if (upper is { } kept)
            {
                upper = null;
                return kept;
            }
            state = state * s_multiplier + increment;
            ulong value = System.Numerics.BitOperations.RotateRight((ulong)(state >> 64) ^ (ulong)state, (int)(state >> 122));
            upper = (uint)(value >> 32);
            return (uint)value;
        };
    }
}
