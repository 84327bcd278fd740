using Microsoft.ML.Data;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.MlNet;

/// <summary>What this repository relies on of ML.NET's chains and prediction engines. Holds against the packages and the stand-in alike.</summary>
[TestClass]
public sealed class PipelineTests
{
    private sealed class Row
    {
        public string Name { get; set; } = "";

        public float Size { get; set; }
    }

    private sealed class Prediction
    {
        [ColumnName("SizePlus")]
        public float Plus { get; set; }

        public string Name { get; set; } = "";

        public int NotThere { get; set; } = -1;
    }

    private readonly MLContext _context = new(1);

    private IDataView Rows => _context.Data.LoadFromEnumerable(new[] { new Row { Name = "a", Size = 1 }, new Row { Name = "b", Size = 2 } });

    [TestMethod]
    public void Shapes_are_checked_before_anything_is_fitted()
    {
        var first = new AddOneEstimator("Size");
        var chain = first.Append(_context.Transforms.CopyColumns("Copy", "Nothing"));
        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => chain.Fit(Rows));
        StringAssert.Contains(error.Message, "Nothing");
        Assert.AreEqual(0, first.Fits);
    }

    [TestMethod]
    public void Each_member_is_fitted_on_what_the_ones_before_leave()
    {
        var second = new AddOneEstimator("SizePlus");
        var chain = new AddOneEstimator("Size").Append(second);
        TransformerChain<AddOneTransformer> model = chain.Fit(Rows);
        CollectionAssert.AreEqual(new[] { 2f, 3f }, second.Seen);
        CollectionAssert.AreEqual(new[] { 3f, 4f }, model.Transform(Rows).GetColumn<float>("SizePlusPlus").ToArray());
        Assert.AreSame(second.Fitted, model.LastTransformer);
        Assert.HasCount(2, model);
        Assert.AreSame(second, chain.LastEstimator);
    }

    [TestMethod]
    public void Members_outside_the_scoring_scope_do_not_score()
    {
        var chain = new EstimatorChain<ITransformer>()
            .Append(new AddOneEstimator("Size"), TransformerScope.TrainTest)
            .Append(_context.Transforms.CopyColumns("Copy", "Name"));
        var model = chain.Fit(Rows);
        Assert.IsNull(model.Transform(Rows).Schema.GetColumnOrNull("SizePlus"));
        Assert.IsNotNull(model.Transform(Rows, TransformerScope.Training).Schema.GetColumnOrNull("SizePlus"));
        Assert.HasCount(1, model.GetModelFor(TransformerScope.Scoring));
    }

    [TestMethod]
    public void Cache_checkpoint_keeps_the_data_for_the_members_after_it()
    {
        int calls = 0;
        var mapping = _context.Transforms.CustomMapping<Row, Mapped>(
            (from, to) =>
            {
                Interlocked.Increment(ref calls);
                to.Length = from.Name.Length;
            },
            contractName: null);
        var chain = mapping.AppendCacheCheckpoint(_context)
            .Append(_context.Transforms.Conversion.MapValueToKey("K1", "Length"))
            .Append(_context.Transforms.Conversion.MapValueToKey("K2", "Length"));
        chain.Fit(Rows);
        Assert.AreEqual(2, calls);
    }

    [TestMethod]
    public void Observed_estimator_hands_over_what_it_fits()
    {
        AddOneTransformer? seen = null;
        var estimator = new AddOneEstimator("Size");
        AddOneTransformer fitted = estimator.WithOnFitDelegate<AddOneTransformer>(transformer => seen = transformer).Fit(Rows);
        Assert.AreSame(fitted, seen);
    }

    [TestMethod]
    public void Disposed_chain_disposes_its_members()
    {
        TransformerChain<AddOneTransformer> model = _context.Transforms.CopyColumns("Copy", "Name").Append(new AddOneEstimator("Size")).Fit(Rows);
        model.Dispose();
        Assert.IsTrue(model.LastTransformer.IsDisposed);
    }

    [TestMethod]
    public void Engine_predicts_and_ignores_members_without_a_column()
    {
        var model = new AddOneEstimator("Size").Append(_context.Transforms.CopyColumns("Copy", "Name")).Fit(Rows);
        using PredictionEngine<Row, Prediction> engine = _context.Model.CreatePredictionEngine<Row, Prediction>(model);
        Prediction first = engine.Predict(new Row { Name = "x", Size = 4 });
        Prediction second = engine.Predict(new Row { Name = "y", Size = 6 });
        Assert.AreEqual((5f, "x", -1), (first.Plus, first.Name, first.NotThere));
        Assert.AreEqual((7f, "y", -1), (second.Plus, second.Name, second.NotThere));
        Assert.IsNotNull(engine.OutputSchema.GetColumnOrNull("Copy"));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(
            () => _context.Model.CreatePredictionEngine<Row, Prediction>(model, ignoreMissingColumns: false));
    }

    [TestMethod]
    public void Engine_disposes_the_model_it_owns()
    {
        var owned = new AddOneEstimator("Size").Fit(Rows);
        _context.Model.CreatePredictionEngine<Row, Prediction>(owned).Dispose();
        Assert.IsTrue(owned.IsDisposed);

        var shared = new AddOneEstimator("Size").Fit(Rows);
        _context.Model.CreatePredictionEngine<Row, Prediction>(shared, new PredictionEngineOptions { OwnsTransformer = false }).Dispose();
        Assert.IsFalse(shared.IsDisposed);
    }

    [TestMethod]
    public void Engine_wants_a_model_that_maps_row_by_row()
    {
        var model = new AddOneEstimator("Size") { RowByRow = false }.Append(_context.Transforms.CopyColumns("Copy", "Name")).Fit(Rows);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _context.Model.CreatePredictionEngine<Row, Prediction>(model));
        CollectionAssert.AreEqual(new[] { 2f, 3f }, model.Transform(Rows).GetColumn<float>("SizePlus").ToArray(), "Views need no row mapper.");
    }

    private sealed class Mapped
    {
        public float Length { get; set; }
    }
}
