using Microsoft.ML.Data;

namespace Microsoft.ML;

public sealed partial class DataOperationsCatalog
{
    /// <summary>Draws rows at random for a test set; the others are for training. Each row goes the same way in every pass.</summary>
    /// <param name="data">The rows.</param>
    /// <param name="testFraction">The probability of a row to be for testing, between 0 and 1.</param>
    /// <param name="samplingKeyColumnName">A column whose equal values go the same way; null for none.</param>
    /// <param name="seed">The seed; null for the context's.</param>
    public TrainTestData TrainTestSplit(IDataView data, double testFraction = 0.1, string samplingKeyColumnName = null, int? seed = null)
    {
        ArgumentNullException.ThrowIfNull(data);
        Errors.CheckParam(testFraction is > 0 and < 1, nameof(testFraction), "Must be between 0 and 1 exclusive");
        return Split(data, samplingKeyColumnName, seed, draw => draw < testFraction);
    }

    /// <summary>Cuts rows at random into folds; each is the test set of one split and in the training set of the others.</summary>
    /// <param name="data">The rows.</param>
    /// <param name="numberOfFolds">The number of folds, at least 2.</param>
    /// <param name="samplingKeyColumnName">A column whose equal values go the same way; null for none.</param>
    /// <param name="seed">The seed; null for the context's.</param>
    public IReadOnlyList<TrainTestData> CrossValidationSplit(IDataView data, int numberOfFolds = 5, string samplingKeyColumnName = null, int? seed = null)
    {
        ArgumentNullException.ThrowIfNull(data);
        Errors.CheckParam(numberOfFolds > 1, nameof(numberOfFolds), "Must be more than 1");
        int common = seed ?? SplitSeed();
        return [.. Enumerable.Range(0, numberOfFolds).Select(fold =>
            Split(data, samplingKeyColumnName, common, draw => (int)(draw * numberOfFolds) == fold))];
    }

    private int SplitSeed() => _environment.Seed ?? _environment.Register("Split").Rand.Next();

    private TrainTestData Split(IDataView data, string samplingKey, int? seed, Predicate<double> isTest)
    {
        int actualSeed = seed ?? SplitSeed();
        DataViewSchema.Column? key = samplingKey is null ? null : data.Schema.Find(samplingKey, "samplingKeyColumn", "SamplingKeyColumn");
        DataViewSchema.Column[] needed = key is DataViewSchema.Column column ? [column] : [];
        FilteredView Part(bool test) => new(data, needed, row =>
        {
            Func<double> draw = RowDraw.Of(row, key, actualSeed);
            return () => isTest(draw()) == test;
        });
        return new TrainTestData(Part(test: false), Part(test: true));
    }

    /// <summary>A training set and a test set.</summary>
    public readonly struct TrainTestData
    {
        internal TrainTestData(IDataView trainSet, IDataView testSet)
        {
            TrainSet = trainSet;
            TestSet = testSet;
        }

        /// <summary>The rows for training.</summary>
        public readonly IDataView TrainSet;

        /// <summary>The rows for testing.</summary>
        public readonly IDataView TestSet;
    }
}
