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
    /// Evaluates in one pass. In the task-incremental setting the model chooses among the classes that the learned task of the same name had (the last, where
    /// several have it). Where it has learned no task of that name, they are the learned classes that occur in the test rows, which a pass over the labels finds out.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="task">The task.</param>
    /// <param name="setting">What the model is told.</param>
    /// <param name="cancellationToken">Ends the evaluation early.</param>
    /// <param name="joined">The tasks of which the model's only one was joined; null where it learned them one after another.</param>
    /// <exception cref="ArgumentException">The task has no test view, or the view has no rows.</exception>
    public static TaskEvaluation Evaluate(
        ContinualTransformer model, ContinualTask task, EvaluationSetting setting, CancellationToken cancellationToken, IReadOnlyList<LearnedTask>? joined = null)
    {
        IDataView test = task.Test ?? throw new ArgumentException($"Task '{task.Name}' has no test view to evaluate on.", nameof(task));
        TaskHint? hint = setting switch
        {
            EvaluationSetting.TaskIncremental => HintOf(model, joined, task.Name, test, cancellationToken),
            EvaluationSetting.BatchMaximumTask => HintUpTo(joined ?? model.Tasks, task.Name),
            _ => null,
        };
        (List<float[]> scores, List<int> labels) = Score(model, test, hint, cancellationToken);
        if (labels.Count == 0) throw new ArgumentException($"Task '{task.Name}': the test view has no rows.", nameof(task));

        int right = 0, rightTop = 0;
        double loss = 0;
        for (int row = 0; row < labels.Count; row++)
        {
            float[] score = scores[row];
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

    /// <summary>The classes of the learned task of this name and of those before it; null, for all classes, where no such task was learned.</summary>
    private static TaskHint? HintUpTo(IReadOnlyList<LearnedTask> tasks, string name)
    {
        for (int i = tasks.Count - 1; i >= 0; i--)
            if (tasks[i].Name == name) return new TaskHint(null, [.. tasks.Take(i + 1).SelectMany(task => task.Classes).Distinct().Order()]);
        return null;
    }

    private static TaskHint? HintOf(ContinualTransformer model, IReadOnlyList<LearnedTask>? joined, string name, IDataView test, CancellationToken cancellationToken)
    {
        IReadOnlyList<LearnedTask> tasks = joined ?? model.Tasks;
        for (int i = tasks.Count - 1; i >= 0; i--)
            if (tasks[i].Name == name) return new TaskHint(joined is null ? i : 0, tasks[i].Classes);
        IDataView labelled = model.Transform(test);
        DataViewSchema.Column labelColumn = FindLabel(model, test, labelled);
        using DataViewRowCursor cursor = labelled.GetRowCursor([labelColumn]);   // no image is decoded
        ValueGetter<uint> getLabel = cursor.GetGetter<uint>(labelColumn);
        var classes = new SortedSet<int>();
        uint label = 0;
        while (cursor.MoveNext())
        {
            cancellationToken.ThrowIfCancellationRequested();
            getLabel(ref label);
            if (label > 0) classes.Add((int)label - 1);
        }
        return classes.Count == 0 ? null : new TaskHint(null, [.. classes]);
    }

    private static DataViewSchema.Column FindLabel(ContinualTransformer model, IDataView test, IDataView scored) =>
        scored.Schema.GetColumnOrNull(model.LabelColumnName) ?? throw new ArgumentException(
            $"The test view has no label column '{model.LabelColumnName}'; its columns are {string.Join(", ", test.Schema.Select(c => $"'{c.Name}'"))}.", nameof(test));

    private static (List<float[]> Scores, List<int> Labels) Score(ContinualTransformer model, IDataView test, TaskHint? hint, CancellationToken cancellationToken)
    {
        IDataView scored = model.TransformKnowing(test, hint);
        DataViewSchema.Column labelColumn = FindLabel(model, test, scored);
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
}
