using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.Rehearsal;

/// <summary>
/// Remembered images as tensors of a state: <c>rows</c> int64 [n, 5] (height, width, 1 for floats, label, task) and, for every 256 images, their pixels one after the other:
/// <c>bytes.k</c> uint8, and <c>floats.k</c> float32 where there are images of floats.
/// </summary>
internal static class ExemplarTensors
{
    private const int ImagesATensor = 256;   // a single tensor of all pixels could be longer than an array can be
    private const int Columns = 5;

    public static void Save(StateDictionary state, string prefix, IReadOnlyList<Exemplar> exemplars)
    {
        using DisposeScope scope = NewDisposeScope();
        long[] rows = [.. exemplars.SelectMany(e => new long[] { e.Image.Height, e.Image.Width, e.Image.IsFloat ? 1 : 0, e.Label, e.Task })];
        state.Add(prefix + "rows", tensor((IList<long>)rows, new long[] { exemplars.Count, Columns }));
        int part = 0;
        foreach (Exemplar[] some in exemplars.Chunk(ImagesATensor))
        {
            using DisposeScope chunk = NewDisposeScope();
            byte[] bytes = Join(some, e => e.Image.Bytes);
            float[] floats = Join(some, e => e.Image.Floats);
            if (bytes.Length > 0) state.Add($"{prefix}bytes.{part}", from_array(bytes));
            if (floats.Length > 0) state.Add($"{prefix}floats.{part}", from_array(floats));
            part++;
        }
    }

    /// <summary>Checks what <see cref="Load"/> will take.</summary>
    /// <exception cref="InvalidDataException">The tensors do not fit each other, or a label is of no class.</exception>
    public static void Check(StateDictionary state, string prefix, long classCount)
    {
        int part = 0;
        foreach ((long Height, long Width, bool IsFloat, long Label, long Task)[] some in Rows(state, prefix).Chunk(ImagesATensor))
        {
            foreach (var row in some)
            {
                if (row.Height < 1 || row.Width < 1 || row.Height > int.MaxValue / 3 / row.Width || row.Label < 0 || row.Label >= classCount || row.Task < 0)
                    throw new InvalidDataException($"The state's tensor '{prefix}rows' holds an image of {row.Height} x {row.Width} pixels, class {row.Label}, task {row.Task}; expected at least 1 x 1 pixels, a class below {classCount} and a task of 0 or more.");
            }
            foreach (bool floats in new[] { false, true })
            {
                long length = some.Where(row => row.IsFloat == floats).Sum(row => 3 * row.Height * row.Width);
                string name = $"{prefix}{(floats ? "floats" : "bytes")}.{part}";
                if (length == 0) continue;
                ScalarType found = state.Get(name, length).dtype, expected = floats ? ScalarType.Float32 : ScalarType.Byte;
                if (found != expected) throw new InvalidDataException($"The state's tensor '{name}' is of the type {found}; expected {expected}.");
            }
            part++;
        }
    }

    public static List<Exemplar> Load(StateDictionary state, string prefix)
    {
        var exemplars = new List<Exemplar>();
        int part = 0;
        foreach ((long Height, long Width, bool IsFloat, long Label, long Task)[] some in Rows(state, prefix).Chunk(ImagesATensor))
        {
            byte[] bytes = some.Any(row => !row.IsFloat) ? state.Get($"{prefix}bytes.{part}", null).data<byte>().ToArray() : [];
            float[] floats = some.Any(row => row.IsFloat) ? state.Get($"{prefix}floats.{part}", null).data<float>().ToArray() : [];
            int nextByte = 0, nextFloat = 0;
            foreach (var row in some)
            {
                int length = checked((int)(3 * row.Height * row.Width));
                HostImage image = row.IsFloat
                    ? new HostImage((int)row.Height, (int)row.Width, null, floats[nextFloat..(nextFloat += length)], exemplars.Count)
                    : new HostImage((int)row.Height, (int)row.Width, bytes[nextByte..(nextByte += length)], null, exemplars.Count);
                exemplars.Add(new Exemplar(image, (int)row.Label, (int)row.Task));
            }
            part++;
        }
        return exemplars;
    }

    private static T[] Join<T>(IReadOnlyList<Exemplar> exemplars, Func<Exemplar, T[]?> pixels)
    {
        var joined = new T[exemplars.Sum(e => pixels(e)?.Length ?? 0)];
        int next = 0;
        foreach (Exemplar exemplar in exemplars)
        {
            if (pixels(exemplar) is not { } own) continue;
            own.CopyTo(joined, next);
            next += own.Length;
        }
        return joined;
    }

    private static IEnumerable<(long Height, long Width, bool IsFloat, long Label, long Task)> Rows(StateDictionary state, string prefix)
    {
        Tensor rows = state.Get(prefix + "rows", -1, Columns);
        if (rows.dtype != ScalarType.Int64) throw new InvalidDataException($"The state's tensor '{prefix}rows' is of the type {rows.dtype}; expected {ScalarType.Int64}.");
        if (rows.shape[0] == 0) return [];   // TorchSharp makes no array of an empty matrix
        return rows.data<long>().ToArray().Chunk(Columns).Select(r => (r[0], r[1], r[2] != 0, r[3], r[4]));
    }
}
