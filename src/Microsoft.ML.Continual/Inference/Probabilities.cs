using Microsoft.ML.Data;

namespace Microsoft.ML.Continual.Inference;

/// <summary>Class probabilities of some rows.</summary>
/// <param name="values">Row after row.</param>
/// <param name="classCount">The number C of classes.</param>
internal sealed class Probabilities(float[] values, int classCount)
{
    /// <summary>The probabilities of one row, length C.</summary>
    public ReadOnlySpan<float> Row(int row) => values.AsSpan(row * classCount, classCount);

    /// <summary>Writes a row into a dense vector, reusing its memory.</summary>
    public void CopyRow(int row, ref VBuffer<float> destination)
    {
        VBufferEditor<float> editor = VBufferEditor.Create(ref destination, classCount);
        Row(row).CopyTo(editor.Values);
        destination = editor.Commit();
    }

    /// <summary>The key of the most probable class: its index plus 1; the smaller index where two are equal.</summary>
    public uint BestKey(int row)
    {
        ReadOnlySpan<float> scores = Row(row);
        int best = 0;
        for (int c = 1; c < scores.Length; c++)
            if (scores[c] > scores[best]) best = c;
        return (uint)best + 1;
    }
}
