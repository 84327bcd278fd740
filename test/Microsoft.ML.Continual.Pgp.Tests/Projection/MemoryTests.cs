using MathNet.Numerics.LinearAlgebra;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Pgp.Tests.Projection;

/// <summary>What enters the memory, and what happens when it is odd.</summary>
[TestClass]
public sealed class MemoryTests
{
    private static GradientProjection Make(PgpOptions options, TableMethod method)
    {
        var projection = (GradientProjection)options.CreateConstraint();
        projection.Attach(method);
        return projection;
    }

    private static ConstraintTask Task(int index, Tensor images, Action<string>? log = null) => new(index, (int)images.shape[0], n => Loop.Sample(images, n), log ?? (_ => { }));

    private static MemoryInspection Learn(PgpOptions options, TableMethod method, Tensor images)
    {
        using GradientProjection projection = Make(options, method);
        MemoryInspection? seen = null;
        projection.MemoryMade = i => seen ??= i;
        projection.BeginTask(Task(0, images));
        projection.EndTask(Task(0, images));
        return seen!;
    }

    private static Matrix<double> Rows(Tensor tensor, int d) => TensorMatrix.ToMatrix(tensor, d);

    private static Matrix<double> MeanGram(Matrix<double> rows) => rows.TransposeThisAndMultiply(rows) / rows.RowCount;

    private static Matrix<double> UnitRows(Matrix<double> rows) => Matrix<double>.Build.DenseOfRowVectors(rows.EnumerateRows().Select(r => r / r.L2Norm()));

    private static Matrix<double> Centred(Matrix<double> rows) => Matrix<double>.Build.DenseOfRowVectors(rows.EnumerateRows().Select(r => r - rows.ColumnSums() / rows.RowCount));

    [TestMethod]
    public void Each_space_makes_the_matrix_it_says()
    {
        using DisposeScope scope = NewDisposeScope();
        const int d = 6;
        using var method = new TableMethod(3, d, 1, "prompt");
        Tensor images = Loop.Images(1, 30, 4, d, d);   // two batches
        Matrix<double> x = Rows(images, d), p = Rows(method["prompt"], d);
        Matrix<double> Scores(Matrix<double> gram, int? c = null) => PrincipalScores.FromGram(gram, c, centre: false);
        Matrix<double> Sum(Matrix<double> a, Matrix<double> b) => (a + b).TransposeAndMultiply(a + b);

        void Check(Matrix<double> expected, Action<PgpOptions> set)
        {
            var options = new PgpOptions();
            set(options);
            Matrices.AreClose(expected, Learn(options, method, images).Gram, 1e-12 * Matrices.Largest(expected), $"{options.Space}");
        }
        Check(MeanGram(x), o => o.Space = PgpSpace.InputOnly);
        Check(MeanGram(x) + MeanGram(p), o => o.Space = PgpSpace.Stacked);
        Check(MeanGram(x), o => o.PromptsInMemory = PromptsInMemory.None);
        Check(Sum(Scores(MeanGram(x)), Scores(MeanGram(p))), o => o.Space = PgpSpace.ChannelSum);
        Check(Sum(Scores(MeanGram(x), 2), Scores(MeanGram(p), 2)), o => (o.Space, o.Components) = (PgpSpace.ChannelSum, 2));
        Check(MeanGram(UnitRows(x)) + MeanGram(UnitRows(p)), o => o.RowNormalise = true);
        Check(MeanGram(Centred(x)) + MeanGram(Centred(p)), o => o.Centre = true);
        Check(MeanGram(Centred(UnitRows(x))), o => (o.Space, o.Centre, o.RowNormalise) = (PgpSpace.InputOnly, true, true));
        Check(Scores(MeanGram(x), 2).TransposeAndMultiply(Scores(MeanGram(x), 2)), o => (o.Space, o.Components) = (PgpSpace.InputOnly, 2));
        Check(Scores(MeanGram(x), 1).TransposeAndMultiply(Scores(MeanGram(x), 1)), o =>
        {
            o.Space = PgpSpace.InputOnly;
            o.Sites["prompt"] = new PgpSiteOptions { Components = 1 };
        });

        // Images in place of channels: the first six, each as one long row.
        Matrix<double> byImage = Rows(images.narrow(0, 0, d).reshape(d, -1), 4 * d);
        Matrix<double> inputs = PrincipalScores.FromRows(byImage, 3, centre: true), rows = PrincipalScores.FromRows(p.Transpose(), 3, centre: true);
        Check(Sum(inputs, rows), o => (o.Space, o.Centre, o.Components, o.PromptsInMemory) = (PgpSpace.SampleIndexSum, true, 3, PromptsInMemory.WholePool));
    }

    [TestMethod]
    public void Only_selected_rows_enter_unless_the_whole_pool_is_asked_for()
    {
        using DisposeScope scope = NewDisposeScope();
        const int d = 6;
        using var method = new TableMethod(4, d, 1, "prompt");
        Tensor nothing = zeros(8, 2, d);
        Matrix<double> p = Rows(method["prompt"], d), chosen = Matrix<double>.Build.DenseOfRowVectors(p.Row(1), p.Row(3));
        method.Sites[0].RowsInUse = tensor(new[] { false, true, false, true }).DetachFromDisposeScope();
        var options = new PgpOptions { Energy = 1 };
        Matrices.AreClose(MeanGram(chosen), Learn(options, method, nothing).Gram, 1e-12);
        Assert.AreEqual(2, Learn(options, method, nothing).Growth.Basis.Rank);
        options.PromptsInMemory = PromptsInMemory.WholePool;
        Matrices.AreClose(MeanGram(p), Learn(options, method, nothing).Gram, 1e-12);
        options.PromptsInMemory = PromptsInMemory.SelectedOnly;
        method.Sites[0].RowsInUse!.fill_(false);
        Assert.AreEqual(0, Learn(options, method, nothing).Growth.Basis.Rank, "no row was selected, and the images are black");
    }

    [TestMethod]
    public void A_memory_taken_before_the_task_holds_the_rows_of_the_task_before()
    {
        using DisposeScope scope = NewDisposeScope();
        const int d = 6;
        using var method = new TableMethod(3, d, 1, "prompt");
        method.Sites[0].RowsInUse = tensor(new[] { false, true, false }).DetachFromDisposeScope();
        using GradientProjection projection = Make(new PgpOptions { MemoryTiming = MemoryTiming.BeforeTask, Energy = 1 }, method);
        var seen = new List<MemoryInspection>();
        projection.MemoryMade = seen.Add;
        Tensor black = zeros(8, 2, d);
        projection.BeginTask(Task(0, black));
        Assert.AreEqual(0, seen.Single().Growth.Basis.Rank, "no rows in the first task");
        projection.EndTask(Task(0, black));
        method.Sites[0].RowsInUse!.fill_(false);   // as a method does when the next task begins
        projection.BeginTask(Task(1, black));
        Matrix<double> second = Rows(method["prompt"], d).SubMatrix(1, 1, 0, d);
        Matrices.AreClose(MeanGram(second), seen[1].Gram, 1e-12);
        Assert.AreEqual(1, projection.Bases["prompt"].Rank);
        // What was learned just now protects from the next task on.
        (method["prompt"] * tensor(second.ToRowMajorArray()).to(ScalarType.Float32)).sum().backward();
        Tensor gradient = method["prompt"].grad!.clone();
        projection.ProjectGradients();
        Assert.AreEqual(0.0, Loop.Relative(gradient, method["prompt"].grad!));
    }

    [TestMethod]
    public void Fewer_images_than_asked_for_are_taken_as_they_are_and_no_more_than_asked_for()
    {
        using DisposeScope scope = NewDisposeScope();
        using var method = new TableMethod(3, 8, 1, "key");
        Tensor images = Loop.Images(1, 20, 1, 8, 8);
        Assert.AreEqual(8, Learn(new PgpOptions { KeyEnergy = 1 }, method, images).Growth.Basis.Rank);
        Assert.AreEqual(3, Learn(new PgpOptions { KeyEnergy = 1, MemorySamples = 3 }, method, images).Growth.Basis.Rank, "three images span three of eight dimensions");
        string? line = null;
        using GradientProjection projection = Make(new PgpOptions { KeyEnergy = 1 }, method);
        projection.BeginTask(Task(0, images));
        projection.EndTask(Task(0, images, l => line = l));
        Assert.AreEqual("PGP: task 1, site 'key': 8 of 8 directions protected (8 new, from 20 images), 100.0 % of the task's energy.", line);
    }

    [TestMethod]
    public void More_components_than_there_are_keep_all()
    {
        using DisposeScope scope = NewDisposeScope();
        using var method = new TableMethod(3, 8, 1, "prompt");
        Tensor images = Loop.Images(1, 20, 1, 8, 3);
        foreach (PgpSpace space in new[] { PgpSpace.Stacked, PgpSpace.ChannelSum, PgpSpace.InputOnly, PgpSpace.SampleIndexSum })
        {
            MemoryInspection all = Learn(new PgpOptions { Space = space }, method, images), many = Learn(new PgpOptions { Space = space, Components = 500 }, method, images);
            Matrices.AreClose(all.Gram, many.Gram, 1e-12 * Matrices.Largest(all.Gram), $"{space}");
        }
    }

    [TestMethod]
    public void Activations_that_are_not_finite_throw_and_change_nothing()
    {
        using DisposeScope scope = NewDisposeScope();
        foreach (PgpSpace space in Enum.GetValues<PgpSpace>())
            foreach (float bad in new[] { float.NaN, float.PositiveInfinity })
            {
                using var method = new TableMethod(3, 8);
                using GradientProjection projection = Make(new PgpOptions { Space = space }, method);
                Tensor images = Loop.Images(1, 20, 2, 8, 3);
                projection.BeginTask(Task(0, images));
                projection.EndTask(Task(0, images));
                using var before = new StateDictionary();
                projection.SaveState(before);
                projection.BeginTask(Task(1, images));
                Tensor spoiled = images.clone();
                using (no_grad()) spoiled.narrow(0, 5, 1).fill_(bad);
                string message = Assert.ThrowsExactly<InvalidOperationException>(() => projection.EndTask(Task(1, spoiled))).Message;
                StringAssert.Contains(message, "'prompt' in task 2");
                using var after = new StateDictionary();
                projection.SaveState(after);
                StateTests.AssertEqual(before, after);
            }
    }

    [TestMethod]
    public void The_released_codes_space_asks_for_as_many_images_as_dimensions()
    {
        using DisposeScope scope = NewDisposeScope();
        using var method = new TableMethod(3, 8);
        using GradientProjection projection = Make(PgpOptions.Reference, method);
        string message = Assert.ThrowsExactly<InvalidOperationException>(() => projection.BeginTask(Task(0, Loop.Images(1, 7, 2, 8, 3)))).Message;
        StringAssert.Contains(message, "8 training images");
        StringAssert.Contains(message, "task 1 has 7");
        projection.BeginTask(Task(0, Loop.Images(1, 9, 2, 8, 3)));
        Assert.AreEqual(0, projection.States[0].Past.Single().TaskIndex);
    }

    [TestMethod]
    public void Activations_of_another_width_are_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        using var method = new TableMethod(3, 8);
        using GradientProjection projection = Make(new PgpOptions(), method);
        projection.BeginTask(Task(0, zeros(4, 2, 9)));
        StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(() => projection.EndTask(Task(0, zeros(4, 2, 9)))).Message, "[4, 2, 9]");
    }

    [TestMethod]
    public void Streamed_products_are_those_of_all_rows_in_float64()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor rows = Loop.Images(3, 9001, 2, 5, 5);   // more than two blocks
        using var gram = new ActivationGram(5, unitRows: false, centre: false);
        gram.Add(rows.narrow(0, 0, 10));
        gram.Add(rows.narrow(0, 10, 8991));
        Assert.AreEqual(18002, gram.Count);
        Matrix<double> x = Rows(rows, 5), expected = x.TransposeThisAndMultiply(x);
        Matrices.AreClose(expected, gram.ToMatrix(), 1e-13 * Matrices.Largest(expected));
        using var half = new ActivationGram(5, unitRows: false, centre: false);
        half.Add(rows.to(ScalarType.BFloat16));
        x = Rows(rows.to(ScalarType.BFloat16), 5);
        Matrices.AreClose(x.TransposeThisAndMultiply(x), half.ToMatrix(), 1e-13 * Matrices.Largest(expected));
        using var empty = new ActivationGram(5, unitRows: true, centre: true);
        Assert.AreEqual(0.0, empty.ToMatrix().FrobeniusNorm());
    }

    [TestMethod]
    public void The_audit_of_black_images_and_of_rows_that_stand_still_is_zero()
    {
        Matrix<double> before = Matrices.Of(new double[,] { { 1, 2 } }), still = Matrices.Of(new double[,] { { 0, 0 } }), moved = Matrices.Of(new double[,] { { 0.5, 0 } });
        Assert.AreEqual((0.0, 0.0), PastActivations.From(0, Matrix<double>.Build.Dense(2, 2)).Measure(before, moved));
        PastActivations past = PastActivations.From(0, Matrices.Of(new double[,] { { 4, 0 }, { 0, 1 } }));
        Assert.AreEqual((0.0, 0.0), past.Measure(before, still));
        (double relative, double share) = past.Measure(before, moved);
        Assert.AreEqual(1 / Math.Sqrt(8), relative, 1e-15);   // ‖XΔpᵀ‖² = 4·0.25, ‖Xpᵀ‖² = 4 + 4
        Assert.AreEqual(1, share, 1e-12);
    }
}
