using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>Evaluating classifiers of several classes.</summary>
public sealed class MulticlassClassificationCatalog : TrainCatalogBase
{
    internal MulticlassClassificationCatalog(IHostEnvironment environment) : base(environment) => Trainers = new(this);

    /// <summary>The trainers; the stand-in has none.</summary>
    public MulticlassClassificationTrainers Trainers { get; }

    /// <summary>Measures a scored view.</summary>
    /// <param name="data">The view after a classifier.</param>
    /// <param name="labelColumnName">The true class: a key, or a 0-based number (Single). Rows without a label are not counted.</param>
    /// <param name="scoreColumnName">The probabilities of the classes: a vector of Single of known size, at least 2.</param>
    /// <param name="predictedLabelColumnName">The predicted class; it must exist, the prediction counted is the largest score.</param>
    /// <param name="topKPredictionCount">How many of the best scores to look at; 0 for none.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or has another type.</exception>
    public MulticlassClassificationMetrics Evaluate(
        IDataView data, string labelColumnName = "Label", string scoreColumnName = "Score", string predictedLabelColumnName = "PredictedLabel", int topKPredictionCount = 0)
    {
        ArgumentNullException.ThrowIfNull(data);
        Errors.CheckNonEmpty(labelColumnName, nameof(labelColumnName));
        Errors.CheckNonEmpty(scoreColumnName, nameof(scoreColumnName));
        Errors.CheckNonEmpty(predictedLabelColumnName, nameof(predictedLabelColumnName));
        return MulticlassEvaluator.Evaluate(data, labelColumnName, scoreColumnName, predictedLabelColumnName, topKPredictionCount);
    }

    /// <summary>The trainers.</summary>
    public sealed class MulticlassClassificationTrainers : CatalogInstantiatorBase
    {
        internal MulticlassClassificationTrainers(MulticlassClassificationCatalog catalog) : base(catalog)
        {
        }
    }
}
