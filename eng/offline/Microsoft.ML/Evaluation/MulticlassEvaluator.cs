namespace Microsoft.ML.Data;

/// <summary>One pass over a scored view that counts what <see cref="MulticlassClassificationMetrics"/> shows.</summary>
internal sealed class MulticlassEvaluator
{
    // Single precision on purpose: it is the floor of a probability in the log-loss.
    private const float Epsilon = 1e-15f;

    private readonly double[][] _confusion;
    private readonly double[] _rowsOfClass;
    private readonly double[] _logLossOfClass;
    private readonly double[] _ranks;
    private double _rows;
    private double _correct;
    private double _logLoss;

    private MulticlassEvaluator(int classes)
    {
        _confusion = [.. Enumerable.Range(0, classes).Select(_ => new double[classes])];
        _rowsOfClass = new double[classes];
        _logLossOfClass = new double[classes];
        _ranks = new double[classes + 1];
    }

    public static MulticlassClassificationMetrics Evaluate(IDataView data, string labelName, string scoreName, string predictedName, int topK)
    {
        DataViewSchema.Column label = data.Schema.Find(labelName, "schema", "label");
        DataViewSchema.Column score = data.Schema.Find(scoreName, "schema", "score");
        data.Schema.Find(predictedName, "schema", "predicted label");
        if (score.Type is not VectorDataViewType { Size: >= 2 } vector || !vector.ItemType.Equals(NumberDataViewType.Single))
            throw Errors.SchemaMismatch("schema", "score", scoreName, "vector of two or more items of type Single", score.Type.ToString());
        if (label.Type is not KeyDataViewType && !label.Type.Equals(NumberDataViewType.Single))
            throw Errors.SchemaMismatch("schema", "label", labelName, "Single or Key", label.Type.ToString());
        var evaluator = new MulticlassEvaluator(vector.Size);
        evaluator.Run(data, label, score);
        return evaluator.Metrics(topK, NamesOf(score, vector.Size));
    }

    private static string[] NamesOf(DataViewSchema.Column score, int classes)
    {
        if (!score.HasSlotNames())
            return [.. Enumerable.Range(0, classes).Select(i => i.ToString())];
        VBuffer<ReadOnlyMemory<char>> names = default;
        score.GetSlotNames(ref names);
        return [.. names.DenseValues().Select(name => name.ToString())];
    }

    private void Run(IDataView data, DataViewSchema.Column label, DataViewSchema.Column score)
    {
        using DataViewRowCursor cursor = data.GetRowCursor([label, score]);
        ValueGetter<float> getLabel = KeyValues.AsNumber(cursor, label);
        ValueGetter<VBuffer<float>> getScores = cursor.GetGetter<VBuffer<float>>(score);
        VBuffer<float> buffer = default;
        var scores = new float[_rowsOfClass.Length];
        while (cursor.MoveNext())
        {
            float value = 0;
            getLabel(ref value);
            // Missing, negative and fractional labels are not counted.
            if (float.IsNaN(value) || value < 0 || value != (int)value)
                continue;
            getScores(ref buffer);
            Errors.Check(buffer.Length == scores.Length, $"A score of {buffer.Length} slots where {scores.Length} were declared.");
            buffer.CopyTo(scores);
            if (scores.All(float.IsFinite))
                Count((int)value, scores);
        }
    }

    private void Count(int label, float[] scores)
    {
        bool known = label < scores.Length;
        float correct = known ? scores[label] : 0;
        double loss = known ? -Math.Log(Math.Min(1, Math.Max(Epsilon, correct))) : -Math.Log(Epsilon);
        int assigned = 0;
        int rank = known ? 0 : scores.Length;
        for (int i = 0; i < scores.Length; i++)
        {
            if (scores[i] > scores[assigned])
                assigned = i;
            // Of equal scores the first ranks first.
            if (known && (scores[i] > correct || (scores[i] == correct && i < label)))
                rank++;
        }
        _rows++;
        _logLoss += loss;
        _ranks[rank]++;
        _correct += rank == 0 ? 1 : 0;
        if (!known)
            return;
        _rowsOfClass[label]++;
        _logLossOfClass[label] += loss;
        _confusion[label][assigned]++;
    }

    private MulticlassClassificationMetrics Metrics(int topK, string[] names)
    {
        double logLoss = _rows > 0 ? _logLoss / _rows : 0;
        double entropy = -_rowsOfClass.Where(n => n > 0).Sum(n => n * Math.Log(n / _rows)) / _rows;
        double[] recalls = [.. _rowsOfClass.Select((n, i) => (n, i)).Where(c => c.n > 0).Select(c => _confusion[c.i][c.i] / c.n)];
        return new MulticlassClassificationMetrics
        {
            MicroAccuracy = _rows > 0 ? _correct / _rows : 0,
            MacroAccuracy = recalls.Length > 0 ? recalls.Average() : 0,
            LogLoss = logLoss,
            LogLossReduction = (entropy - logLoss) / entropy,
            PerClassLogLoss = [.. _rowsOfClass.Select((n, i) => n > 0 ? _logLossOfClass[i] / n : 0)],
            TopKPredictionCount = topK,
            TopKAccuracyForAllK = topK > 0 ? TopK(topK) : null,
            ConfusionMatrix = new ConfusionMatrix(_confusion, names),
        };
    }

    private double[] TopK(int topK)
    {
        double[] shares = [.. _ranks.Take(topK).Select(count => count / _rows)];
        for (int i = 1; i < shares.Length; i++)
            shares[i] += shares[i - 1];
        return shares;
    }
}
