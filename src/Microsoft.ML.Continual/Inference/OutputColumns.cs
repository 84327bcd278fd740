using Microsoft.ML.Continual.Tasks;
using Microsoft.ML.Data;

namespace Microsoft.ML.Continual.Inference;

/// <summary>The columns that a model adds to a view, with the annotations that ML.NET's own multi-class trainers give theirs.</summary>
internal sealed class OutputColumns
{
    /// <summary>What ML.NET calls the columns of a multi-class model.</summary>
    public const string ScoreKind = "MulticlassClassification";

    private readonly DataViewSchema.DetachedColumn _label, _score, _predicted;

    /// <param name="classes">The classes seen, at least one.</param>
    /// <param name="label">The label column's name.</param>
    /// <param name="score">The score column's name.</param>
    /// <param name="predicted">The predicted label column's name.</param>
    public OutputColumns(ClassRegistry classes, string label, string score, string predicted)
    {
        var key = new KeyDataViewType(typeof(uint), classes.Count);

        var labelAnnotations = new DataViewSchema.Annotations.Builder();
        classes.AddKeyValuesTo(labelAnnotations);
        _label = new(label, key, labelAnnotations.ToAnnotations());

        var scoreAnnotations = new DataViewSchema.Annotations.Builder();
        classes.AddSlotNamesTo(scoreAnnotations);
        AddScoreKind(scoreAnnotations, "Score");
        classes.AddKeyValuesTo(scoreAnnotations, "TrainingLabelValues");
        _score = new(score, new VectorDataViewType(NumberDataViewType.Single, classes.Count), scoreAnnotations.ToAnnotations());

        var predictedAnnotations = new DataViewSchema.Annotations.Builder();
        classes.AddKeyValuesTo(predictedAnnotations);
        AddScoreKind(predictedAnnotations, "PredictedLabel");
        _predicted = new(predicted, key, predictedAnnotations.ToAnnotations());
    }

    /// <summary>The columns to append, in the order of <see cref="OutputKind"/>.</summary>
    public IEnumerable<DataViewSchema.DetachedColumn> ForSchema(bool hasLabel) => hasLabel ? [_label, _score, _predicted] : [_score, _predicted];

    // One model makes one set of score columns; evaluators pick a set by this number.
    private static void AddScoreKind(DataViewSchema.Annotations.Builder builder, string valueKind)
    {
        builder.AddPrimitiveValue("ScoreColumnKind", TextDataViewType.Instance, ScoreKind.AsMemory());
        builder.AddPrimitiveValue("ScoreValueKind", TextDataViewType.Instance, valueKind.AsMemory());
        builder.AddPrimitiveValue("ScoreColumnSetId", new KeyDataViewType(typeof(uint), int.MaxValue), 1u);
    }
}
