using Microsoft.ML.Continual.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Pgp.Tests.Projection;

/// <summary>What the projection guarantees, on a method without a network.</summary>
[TestClass]
public sealed class GradientProjectionTests
{
    private const int Dimension = 24, Rows = 5;

    // Float32 rounding of a row is 6e-8 of its length; a product's relative change can be a few times that.
    private const double Rounding = 1e-6;

    private static GradientProjection Make(PgpOptions options, TableMethod method)
    {
        var projection = (GradientProjection)options.CreateConstraint();
        projection.Attach(method);
        return projection;
    }

    private static PgpOptions Everything(PgpOptions options, ProjectAt at)
    {
        (options.Energy, options.KeyEnergy, options.ProjectAt) = (1, 1, at);
        return options;
    }

    /// <summary>Two tasks; how far the second moved x·pᵀ of the first, and what the audit says.</summary>
    private static (double Change, InterferenceAudit Audit) SecondTask(PgpOptions options, Loop.MakeOptimizer optimizer, string site = "prompt", int rank = 9)
    {
        using DisposeScope scope = NewDisposeScope();
        using var method = new TableMethod(Rows, Dimension);
        using GradientProjection projection = Make(options, method);
        Tensor old = Loop.Images(1, 40, 3, Dimension, rank);
        Loop.Train(method, projection, 0, old, 30, optimizer);
        Assert.IsNull(projection.LastAudit, "there is no task before the first");
        Tensor before = Loop.Products(old, method[site]);
        Loop.Train(method, projection, 1, Loop.Images(2, 40, 3, Dimension, rank), 300, optimizer);
        return (Loop.Relative(before, Loop.Products(old, method[site])), projection.LastAudit!);
    }

    [TestMethod]
    [DataRow(ProjectAt.Update)]
    [DataRow(ProjectAt.Both)]
    public void Projected_updates_leave_old_products_alone_whatever_the_optimiser(ProjectAt at)
    {
        foreach (PgpOptions preset in new[] { PgpOptions.Stacked, PgpOptions.InputOnly })
            foreach (Loop.MakeOptimizer optimizer in new Loop.MakeOptimizer[] { Loop.Adam, Loop.Sgd })
                foreach (string site in new[] { "prompt", "key" })
                {
                    (double change, InterferenceAudit audit) = SecondTask(Everything(preset, at), optimizer, site);
                    Assert.IsTrue(change < Rounding, $"{preset.Space}, {site}: {change:g3}");
                    foreach (InterferenceEntry entry in audit.Entries) Assert.IsTrue(entry.RelativeChange < Rounding && entry.UnconstrainedShare < Rounding, entry.ToString());
                }
    }

    [TestMethod]
    public void Projected_gradients_hold_with_plain_descent_and_leak_with_Adam()
    {
        (double plain, InterferenceAudit audit) = SecondTask(Everything(PgpOptions.Stacked, ProjectAt.Gradient), Loop.Sgd);
        Assert.IsTrue(plain < 20 * Rounding, $"300 roundings: {plain:g3}");
        Assert.IsTrue(audit.Entries.All(e => e.RelativeChange < 20 * Rounding));
        (double adam, audit) = SecondTask(Everything(PgpOptions.Stacked, ProjectAt.Gradient), Loop.Adam);
        Assert.IsTrue(adam > 0.01, $"{adam:g3}");
        Assert.AreEqual(adam, audit.Entries.Single(e => e.Site == "prompt").RelativeChange, 1e-6 * adam, "the audit measures the same without the data");
    }

    [TestMethod]
    public void Without_projection_the_audit_shows_what_was_disturbed()
    {
        (double change, InterferenceAudit audit) = SecondTask(new PgpOptions { Energy = 0, KeyEnergy = 0 }, Loop.Adam);
        Assert.IsTrue(change > 0.1, $"{change:g3}");
        Assert.AreEqual(1, audit.TaskIndex);
        CollectionAssert.AreEqual(new[] { "prompt", "key" }, audit.Entries.Select(e => e.Site).ToArray());
        foreach (InterferenceEntry entry in audit.Entries)
        {
            Assert.AreEqual(0, entry.PastTaskIndex);
            Assert.IsTrue(entry.RelativeChange > 0.1 && entry.UnconstrainedShare is > 0.1 and <= 1, entry.ToString());
        }
    }

    [TestMethod]
    public void Images_as_channels_do_not_protect_old_products()
    {
        // TV-6 at work: as many images as channels, every direction of the image space that there is, and yet the products move.
        PgpOptions options = Everything(PgpOptions.Reference, ProjectAt.Update);
        (options.ProjectedRows, options.Components, options.KeyComponents, options.RankRule) = (ProjectedRows.All, null, null, RankRule.ReachThreshold);
        (options.Centre, options.MemoryTiming, options.PromptsInMemory) = (false, MemoryTiming.AfterTask, PromptsInMemory.None);
        (double byImage, InterferenceAudit audit) = SecondTask(options, Loop.Adam, rank: 4);
        Assert.IsTrue(byImage > 0.01, $"{byImage:g3}");
        Assert.IsTrue(audit.Entries.All(e => e.RelativeChange > 0.01), "and the audit, which works on channels in every space, says so");
        options.Space = PgpSpace.InputOnly;
        Assert.IsTrue(SecondTask(options, Loop.Adam, rank: 4).Change < Rounding);
    }

    [TestMethod]
    public void Products_of_the_rows_with_each_other_change_in_the_second_order_only()
    {
        using DisposeScope scope = NewDisposeScope();
        double[] change = new double[2];
        for (int halved = 0; halved < 2; halved++)
        {
            using var method = new TableMethod(Rows, Dimension, 1, "prompt");
            using GradientProjection projection = Make(Everything(PgpOptions.Stacked, ProjectAt.Update), method);
            Loop.Train(method, projection, 0, Loop.Images(1, 40, 3, Dimension, 9), 30);
            Tensor p = method["prompt"].detach().to(ScalarType.Float64);
            double rate = 0.2 / (1 + halved);
            Loop.Train(method, projection, 1, Loop.Images(2, 40, 3, Dimension, 9), 1, parameters => optim.SGD(parameters, rate));
            Tensor now = method["prompt"].detach().to(ScalarType.Float64), step = now - p;
            Assert.IsTrue(step.norm().item<double>() > 1e-3, "something moved");
            Assert.IsTrue(p.matmul(step.t()).norm().item<double>() < Rounding * p.norm().item<double>(), "p·Δpᵀ = 0");
            Assert.IsTrue((now.matmul(now.t()) - p.matmul(p.t()) - step.matmul(step.t())).norm().item<double>() < Rounding * p.square().sum().item<double>());
            change[halved] = (now.matmul(now.t()) - p.matmul(p.t())).norm().item<double>();
        }
        Assert.AreEqual(4, change[0] / change[1], 0.02, "half the rate, a quarter of the change");
    }

    [TestMethod]
    public void TV7_Adam_takes_the_first_step_off_the_free_space_and_the_projected_update_does_not()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor ones = tensor(new[] { 1f, 1, 1 }).reshape(1, 1, 3);   // one image that is u = (1, 1, 1)
        foreach (ProjectAt at in new[] { ProjectAt.Gradient, ProjectAt.Both, ProjectAt.Update })
        {
            using var method = new TableMethod(1, 3, 1, "key");
            using GradientProjection projection = Make(Everything(PgpOptions.InputOnly, at), method);
            var task = new ConstraintTask(0, 1, _ => [ones], _ => { });
            projection.BeginTask(task);
            projection.EndTask(task);
            var p = method["key"];
            using (no_grad()) p.zero_();
            projection.BeginTask(task with { Index = 1 });
            (p * tensor(new[] { 3f, 0, 0 })).sum().backward();   // g = (3, 0, 0)
            projection.ProjectGradients();
            AssertRow(at == ProjectAt.Update ? [3, 0, 0] : [2, -1, -1], p.grad!, 1e-6);
            const double rate = 0.1;
            using optim.Optimizer adam = optim.Adam([p], lr: rate, beta1: 0.9, beta2: 0.999);
            projection.BeforeStep();
            adam.step();
            projection.AfterStep();
            double[] expected = at switch
            {
                ProjectAt.Gradient => [-rate, rate, rate],                          // −lr · sign
                ProjectAt.Both => [-4 * rate / 3, 2 * rate / 3, 2 * rate / 3],      // without its part along u
                _ => [-2 * rate / 3, rate / 3, rate / 3],                           // −lr · (1, 0, 0) without its part along u
            };
            AssertRow(expected, p, 1e-6);
        }

        static void AssertRow(double[] expected, Tensor row, double tolerance)
        {
            double[] found = TensorMatrix.ToArray(row);
            for (int i = 0; i < expected.Length; i++) Assert.AreEqual(expected[i], found[i], tolerance, $"[{i}]");
        }
    }

    [TestMethod]
    public void A_full_space_freezes_the_rows_to_the_last_bit()
    {
        using DisposeScope scope = NewDisposeScope();
        foreach (ProjectAt at in new[] { ProjectAt.Update, ProjectAt.Both, ProjectAt.Gradient })
        {
            using var method = new TableMethod(Rows, Dimension);
            using GradientProjection projection = Make(Everything(PgpOptions.Stacked, at), method);
            Loop.Train(method, projection, 0, Loop.Images(1, 40, 3, Dimension, Dimension), 10);
            Assert.AreEqual(Dimension, projection.Bases["prompt"].Rank);
            Tensor before = method["prompt"].detach().clone();
            Loop.Train(method, projection, 1, Loop.Images(2, 40, 3, Dimension, Dimension), 50);
            CollectionAssert.AreEqual(before.data<float>().ToArray(), method["prompt"].detach().data<float>().ToArray());
            Assert.IsTrue(projection.LastAudit!.Entries.All(e => e.RelativeChange == 0 && e.UnconstrainedShare == 0));
        }
    }

    [TestMethod]
    public void The_guarantee_covers_every_task_before()
    {
        using DisposeScope scope = NewDisposeScope();
        using var method = new TableMethod(Rows, Dimension, 1, "key");
        using GradientProjection projection = Make(Everything(PgpOptions.Stacked, ProjectAt.Update), method);
        for (int task = 0; task < 4; task++)
        {
            Loop.Train(method, projection, task, Loop.Images(10 + task, 40, 2, Dimension, 4), 100);
            Assert.AreEqual(4 * (task + 1), projection.Bases["key"].Rank);
            if (task == 0) continue;
            CollectionAssert.AreEqual(Enumerable.Range(0, task).ToArray(), projection.LastAudit!.Entries.Select(e => e.PastTaskIndex).ToArray());
            Assert.IsTrue(projection.LastAudit.Entries.All(e => e.RelativeChange < Rounding));
        }
    }

    [TestMethod]
    [DataRow(MemoryTiming.AfterTask)]
    [DataRow(MemoryTiming.BeforeTask)]
    public void The_audit_covers_as_many_of_the_latest_tasks_as_asked_for(MemoryTiming timing)
    {
        using DisposeScope scope = NewDisposeScope();
        using var method = new TableMethod(Rows, Dimension, 1, "key");
        using GradientProjection projection = Make(new PgpOptions { AuditedTasks = 2, MemoryTiming = timing }, method);
        for (int task = 0; task < 5; task++) Loop.Train(method, projection, task, Loop.Images(10 + task, 20, 1, Dimension, 4), 3);
        CollectionAssert.AreEqual(new[] { 2, 3 }, projection.LastAudit!.Entries.Select(e => e.PastTaskIndex).ToArray());
    }
}
