using Microsoft.ML.Continual.Inference;
using Microsoft.ML.Continual.Tasks;
using Microsoft.ML.Data;

namespace Microsoft.ML.Continual.Evaluation;

/// <summary>Scores a task's test rows with a model and counts.</summary>
internal static class TaskEvaluator
{
    private const int TopCount = 5;
    private const double SmallestProbability = 1e-15;   // as ML.NET's own log-loss: a certain mistake costs 34.5, not infinity

    /// <summary>
    /// Evaluates in one pass. In the task-incremental setting the scores of other classes than the task's are left out and the rest is
    /// scaled to sum to 1; the task's classes are those of its test rows.
    /// </summary>
    /// <exception cref="ArgumentException">The task has no test view, or the view has no rows.</exception>
    public static TaskEvaluation Evaluate(ContinualTransformer model, ContinualTask task, EvaluationSetting setting, CancellationToken cancellationToken)
    {
        IDataView test = task.Test ?? throw new ArgumentException($"Task '{task.Name}' has no test view to evaluate on.", nameof(task));
        (List<float[]> scores, List<int> labels) = Score(model, test, cancellationToken);
        if (labels.Count == 0) throw new ArgumentException($"Task '{task.Name}': the test view has no rows.", nameof(task));

        HashSet<int>? allowed = setting == EvaluationSetting.TaskIncremental ? [.. labels.Where(l => l >= 0)] : null;
        int right = 0, rightTop = 0;
        double loss = 0;
        for (int row = 0; row < labels.Count; row++)
        {
            float[] score = scores[row];
            if (allowed is not null) KeepOnly(allowed, score);
            int label = labels[row];
            if (label < 0)   // a class the model has not learned: always wrong
            {
                loss -= Math.Log(SmallestProbability);
                continue;
            }
            int rank = TopK.Rank(score, label);
            if (rank == 0) right++;
            if (rank < TopCount) rightTop++;
            loss -= Math.Log(Math.Max(score[label], SmallestProbability));
        }
        double rows = labels.Count;
        return new TaskEvaluation(task.Name, setting, labels.Count, right / rows, rightTop / rows, loss / rows);
    }

    private static (List<float[]> Scores, List<int> Labels) Score(ContinualTransformer model, IDataView test, CancellationToken cancellationToken)
    {
        IDataView scored = model.Transform(test);
        if (scored.Schema.GetColumnOrNull(model.LabelColumnName) is not { } labelColumn)
            throw new ArgumentException($"The test view has no label column '{model.LabelColumnName}'; its columns are {string.Join(", ", test.Schema.Select(c => $"'{c.Name}'"))}.", nameof(test));
        DataViewSchema.Column scoreColumn = scored.Schema[model.ScoreColumnName];
        List<float[]> scores = [];
        List<int> labels = [];
        using DataViewRowCursor cursor = scored.GetRowCursor([scoreColumn, labelColumn]);
        ValueGetter<VBuffer<float>> getScore = cursor.GetGetter<VBuffer<float>>(scoreColumn);
        ValueGetter<uint> getLabel = cursor.GetGetter<uint>(labelColumn);   // the model re-keys it: 1-based, 0 for a class never learned
        VBuffer<float> score = default;
        uint label = 0;
        while (cursor.MoveNext())
        {
            cancellationToken.ThrowIfCancellationRequested();
            getScore(ref score);
            getLabel(ref label);
            scores.Add([.. score.DenseValues()]);
            labels.Add((int)label - 1);
        }
        return (scores, labels);
    }

    private static void KeepOnly(HashSet<int> classes, float[] score)
    {
        double sum = classes.Sum(c => (double)score[c]);
        for (int c = 0; c < score.Length; c++)
            score[c] = !classes.Contains(c) ? 0 : sum > 0 ? (float)(score[c] / sum) : 1f / classes.Count;
    }
}
