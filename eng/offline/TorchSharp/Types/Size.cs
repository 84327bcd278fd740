using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>The shape of a tensor as a value.</summary>
    public struct Size : IEnumerable<long>
    {
        private readonly long[] shape;

        public static Size Empty = new(Array.Empty<long>());

        public Size(long[] shape) => this.shape = (long[])shape.Clone();
        public Size(IEnumerable<long> shape) => this.shape = [.. shape];
        public Size(int[] shape) => this.shape = Array.ConvertAll(shape, i => (long)i);
        public Size(long size) => shape = [size];
        public Size(int size) => shape = [size];
        public Size((int, int) size) => shape = [size.Item1, size.Item2];
        public Size((int, int, int) size) => shape = [size.Item1, size.Item2, size.Item3];
        public Size((int, int, int, int) size) => shape = [size.Item1, size.Item2, size.Item3, size.Item4];
        public Size((long, long) size) => shape = [size.Item1, size.Item2];
        public Size((long, long, long) size) => shape = [size.Item1, size.Item2, size.Item3];
        public Size((long, long, long, long) size) => shape = [size.Item1, size.Item2, size.Item3, size.Item4];

        public Size((int, int, int, int, int) size) => shape = [size.Item1, size.Item2, size.Item3, size.Item4, size.Item5];
        public Size((int, int, int, int, int, int) size) => shape = [size.Item1, size.Item2, size.Item3, size.Item4, size.Item5, size.Item6];
        public Size((long, long, long, long, long) size) => shape = [size.Item1, size.Item2, size.Item3, size.Item4, size.Item5];
        public Size((long, long, long, long, long, long) size) => shape = [size.Item1, size.Item2, size.Item3, size.Item4, size.Item5, size.Item6];

        public static implicit operator Size(long size) => new(size);
        public static implicit operator Size(long[] size) => new(size);
        public static implicit operator Size((long, long) size) => new(size);
        public static implicit operator Size((long, long, long) size) => new(size);
        public static implicit operator Size((long, long, long, long) size) => new(size);

        public static bool operator ==(Size left, Size right) => left.Items.SequenceEqual(right.Items);
        public static bool operator !=(Size left, Size right) => !(left == right);
        public static Size operator +(Size left, Size right) => new([.. left.Items, .. right.Items]);
        public static Size operator +(Size left, IEnumerable<long> right) => new([.. left.Items, .. right]);

        public readonly long this[int idx] => Items[idx];
        public readonly long this[long idx] => Items[idx];
        public readonly long[] Shape => Items;
        public readonly int Length => Items.Length;
        public readonly bool IsEmpty => Items.Length == 0;
        public readonly bool IsScalar => Items.Length == 0;
        public readonly long numel() => Items.TotalSize();
        public readonly Size Slice(int first, int next) => new(Items[first..next]);
        public readonly IEnumerable<long> Take(int i) => Items[..i];
        public readonly IEnumerator<long> GetEnumerator() => ((IEnumerable<long>)Items).GetEnumerator();
        public override readonly bool Equals([NotNullWhen(true)] object? obj) => obj is Size other && this == other;

        public override readonly int GetHashCode()
        {
            var hash = new HashCode();
            foreach (long item in Items) hash.Add(item);
            return hash.ToHashCode();
        }

        readonly IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

        private readonly long[] Items => shape ?? [];
    }
}
