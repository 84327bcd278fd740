using Microsoft.ML.Continual.Inference;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Training;
using Microsoft.ML.Data;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Conformance;

/// <summary>Compares trainers and models bit for bit.</summary>
internal static class States
{
    /// <summary>Everything a trainer would go on from, as text; equal text means equal bits.</summary>
    public static string Of(ContinualTrainer trainer) => trainer.State is { } state ? Of(state) : "nothing";

    public static string Of(TrainerState state) => string.Join('\n',
        state.MethodName, state.ConstraintName, string.Join(',', state.Tasks.Select(task => string.Join(' ', task.Classes))), string.Join(',', state.Random), state.Classes.ToJson().ToJsonString(),
        Of(state.Method), state.Constraint is null ? "" : Of(state.Constraint));

    private static string Of(StateDictionary state)
    {
        var lines = new List<string> { state.Values.ToJsonString() };
        foreach ((string name, Tensor tensor) in state.Tensors)
            lines.Add($"{name} {tensor.dtype} [{string.Join(',', tensor.shape)}] {Convert.ToHexString(tensor.bytes)}");
        return string.Join('\n', lines);
    }

    /// <summary>The scores of a view, row by row.</summary>
    public static float[][] Scores(ContinualTransformer model, IDataView view) => ReadScores(model, model.Transform(view));

    /// <summary>The scores of a view that is scored already.</summary>
    public static float[][] ReadScores(ContinualTransformer model, IDataView scored)
    {
        var rows = new List<float[]>();
        using DataViewRowCursor cursor = scored.GetRowCursor([scored.Schema[model.ScoreColumnName]]);
        ValueGetter<VBuffer<float>> getter = cursor.GetGetter<VBuffer<float>>(scored.Schema[model.ScoreColumnName]);
        VBuffer<float> value = default;
        while (cursor.MoveNext())
        {
            getter(ref value);
            rows.Add([.. value.DenseValues()]);
        }
        return [.. rows];
    }

    public static void AssertEqual(float[][] expected, float[][] actual)
    {
        Assert.HasCount(expected.Length, actual);
        for (int i = 0; i < expected.Length; i++) CollectionAssert.AreEqual(expected[i], actual[i], $"row {i}");
    }
}
