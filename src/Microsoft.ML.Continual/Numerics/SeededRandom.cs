using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Numerics;

/// <summary>
/// The library's only source of randomness: xoshiro256** seeded through SplitMix64.
/// </summary>
/// <remarks>
/// Drawing on the host makes a run the same on every device and with every libtorch, and the four words of state can be
/// saved, so that a resumed run goes on with the very next number. Not thread-safe.
/// </remarks>
public sealed class SeededRandom
{
    private ulong _s0, _s1, _s2, _s3;

    /// <summary>Starts a stream from a seed. Equal seeds give equal streams.</summary>
    public SeededRandom(long seed)
    {
        ulong x = unchecked((ulong)seed);
        _s0 = SplitMix(ref x);
        _s1 = SplitMix(ref x);
        _s2 = SplitMix(ref x);
        _s3 = SplitMix(ref x);
    }

    private SeededRandom(ReadOnlySpan<ulong> state) => (_s0, _s1, _s2, _s3) = (state[0], state[1], state[2], state[3]);

    /// <summary>Continues a stream whose state was read with <see cref="GetState"/>.</summary>
    /// <param name="state">Four words, not all zero.</param>
    /// <exception cref="ArgumentException">There are not four words, or all are zero.</exception>
    public static SeededRandom FromState(ReadOnlySpan<ulong> state)
    {
        if (state.Length != 4 || (state[0] | state[1] | state[2] | state[3]) == 0)
            throw new ArgumentException($"The state of a random stream is four words, not all zero; found {state.Length} words.", nameof(state));
        return new SeededRandom(state);
    }

    /// <summary>The four words that <see cref="FromState"/> takes.</summary>
    public ulong[] GetState() => [_s0, _s1, _s2, _s3];

    /// <summary>An independent stream for one purpose; this stream moves on by one number.</summary>
    public SeededRandom Split() => new(unchecked((long)NextUInt64()));

    /// <summary>64 random bits.</summary>
    public ulong NextUInt64()
    {
        ulong result = ulong.RotateLeft(_s1 * 5, 7) * 9;
        ulong t = _s1 << 17;
        _s2 ^= _s0;
        _s3 ^= _s1;
        _s1 ^= _s2;
        _s0 ^= _s3;
        _s2 ^= t;
        _s3 = ulong.RotateLeft(_s3, 45);
        return result;
    }

    /// <summary>A number in [0, 1) with 53 random bits.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>A whole number in [0, <paramref name="exclusiveMaximum"/>), unbiased.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The bound is not positive.</exception>
    public int NextInt(int exclusiveMaximum)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(exclusiveMaximum);
        uint bound = (uint)exclusiveMaximum;
        uint threshold = unchecked(0u - bound) % bound;   // numbers below it would favour small results
        while (true)
        {
            uint draw = (uint)(NextUInt64() >> 32);
            ulong product = (ulong)draw * bound;
            if ((uint)product >= threshold) return (int)(product >> 32);
        }
    }

    /// <summary>A number in [<paramref name="low"/>, <paramref name="high"/>).</summary>
    public double NextUniform(double low, double high) => low + (high - low) * NextDouble();

    /// <summary>A standard normal number (Box and Muller, one of the pair).</summary>
    public double NextGaussian()
    {
        double u = 1.0 - NextDouble();   // in (0, 1]: its logarithm is finite
        return Math.Sqrt(-2 * Math.Log(u)) * Math.Cos(2 * Math.PI * NextDouble());
    }

    /// <summary>The numbers 0 … <paramref name="count"/> − 1 in random order (Fisher and Yates).</summary>
    public int[] NextPermutation(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        int[] order = new int[count];
        for (int i = 0; i < count; i++) order[i] = i;
        for (int i = count - 1; i > 0; i--)
        {
            int j = NextInt(i + 1);
            (order[i], order[j]) = (order[j], order[i]);
        }
        return order;
    }

    /// <summary>A float32 CPU tensor of the given shape, uniform in [<paramref name="low"/>, <paramref name="high"/>).</summary>
    public Tensor UniformTensor(double low, double high, params long[] shape) => Fill(shape, () => NextUniform(low, high));

    /// <summary>A float32 CPU tensor of the given shape of standard normal numbers.</summary>
    public Tensor NormalTensor(params long[] shape) => Fill(shape, NextGaussian);

    /// <summary>A float32 CPU tensor of the given shape, normal with mean 0, redrawn beyond ±2 (absolute), as timm initialises heads.</summary>
    public Tensor TruncatedNormalTensor(double standardDeviation, params long[] shape) => Fill(shape, () =>
    {
        while (true)
        {
            double x = NextGaussian() * standardDeviation;
            if (Math.Abs(x) <= 2) return x;
        }
    });

    private static Tensor Fill(long[] shape, Func<double> draw)
    {
        long count = 1;
        foreach (long size in shape) count = checked(count * size);
        float[] values = new float[count];
        for (int i = 0; i < values.Length; i++) values[i] = (float)draw();
        using DisposeScope scope = NewDisposeScope();
        return OwnMemory.Copy(tensor((IList<float>)values, shape)).MoveToOuterDisposeScope();
    }

    private static ulong SplitMix(ref ulong x)
    {
        ulong z = x += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
