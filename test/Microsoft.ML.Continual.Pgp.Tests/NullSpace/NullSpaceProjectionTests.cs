using MathNet.Numerics.LinearAlgebra;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.DeepPrompt;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Pgp.Tests.Projection;
using Microsoft.ML.Continual.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Pgp.Tests.NullSpace;

/// <summary>The projection over whole tasks: what it remembers, measures, saves and refuses.</summary>
[TestClass]
public sealed class NullSpaceProjectionTests
{
    private static Tensor Images(int seed, int count) => new SeededRandom(seed).UniformTensor(-1, 1, count, 3, 4, 4);

    private static void Train(DeepPromptLab lab, int task, Tensor images, int steps, double rate = 0.01)
    {
        int[] own = [2 * task, 2 * task + 1];
        Tensor labels = tensor(Enumerable.Range(0, (int)images.shape[0]).Select(i => (long)own[i % 2]).ToArray());
        Loop.Train(lab.Method, lab.Projection, task, images, steps, p => optim.Adam(p, lr: rate, beta1: 0.9, beta2: 0.999, weight_decay: 5e-5), (own, 2 * task + 2), labels);
    }

    private static Tensor Features(DeepPromptLab lab, Tensor images) => DeepPromptMethod.Features(lab.Backbone, images, lab.Method.Sites.Select((s, b) => (b, (Tensor)s.Parameter.detach())).ToDictionary(p => p.b, p => p.Item2));

    [TestMethod]
    public void The_factored_moments_are_those_of_the_wide_activations()
    {
        using DisposeScope scope = NewDisposeScope();
        using var lab = new DeepPromptLab(1, new NullSpaceOptions());
        Tensor images = Images(2, 40).to(ScalarType.Float64);
        Loop.Train(lab.Method, lab.Projection, 0, images, steps: 0);
        foreach (NullSpaceSite state in lab.Projection.States)
        {
            ProjectionSite site = state.Attached;
            Dictionary<string, Tensor> activations = new(lab.Method.CollectActivations(images, [site.Readers!.Name, site.MixingName!]));
            Tensor queries = activations[site.Readers.Name];                                                        // [B, T, H·d]
            Tensor wide = queries.reshape(-1, 2, 12).transpose(0, 1).bmm(site.Readers.Maps).reshape(-1, DeepPromptLab.Width);   // q_h·W_k,h, heads one after another
            AssertClose(TensorMatrix.ToMatrix(wide.t().matmul(wide), DeepPromptLab.Width), state.Moments.ReadersMatrix(site));
            Tensor mixing = activations[site.MixingName!].reshape(-1, DeepPromptLab.Prompts);
            AssertClose(TensorMatrix.ToMatrix(mixing.t().matmul(mixing), DeepPromptLab.Prompts), state.Moments.MixingMatrix(site));
            Assert.AreEqual(40 * 2 * 2, mixing.shape[0]);
            Assert.IsTrue(mixing.min().item<double>() > 0 && mixing.sum(1).max().item<double>() < 1, "the prompts' share of attention");
        }

        static void AssertClose(Matrix<double> expected, Matrix<double> found) => Assert.IsTrue((expected - found).FrobeniusNorm() < 1e-10 * expected.FrobeniusNorm());
    }

    [TestMethod]
    public void The_order_and_the_batches_of_the_images_do_not_matter()
    {
        using DisposeScope scope = NewDisposeScope();
        using var lab = new DeepPromptLab(3, new NullSpaceOptions());
        using var other = new DeepPromptLab(3, new NullSpaceOptions());
        Tensor images = Images(4, 50).to(ScalarType.Float64);
        Loop.Train(lab.Method, lab.Projection, 0, images, steps: 0);
        other.Projection.BeginTask(Task(images));
        other.Projection.EndTask(Task(images.flip(0)));
        foreach ((NullSpaceSite one, NullSpaceSite two) in lab.Projection.States.Zip(other.Projection.States))
        {
            Assert.IsTrue(one.Moments.Readers.Zip(two.Moments.Readers).All(p => Math.Abs(p.First - p.Second) < 1e-10 * one.Moments.Readers.Max()));
            Assert.IsTrue(one.Moments.Mixing!.Zip(two.Moments.Mixing!).All(p => Math.Abs(p.First - p.Second) < 1e-10 * one.Moments.Mixing!.Max()));
        }

        static ConstraintTask Task(Tensor images) => new(0, 50, _ => images.split(7), _ => { });
    }

    [TestMethod]
    public void The_first_task_is_trained_as_if_there_were_no_projection()
    {
        using DisposeScope scope = NewDisposeScope();
        using var lab = new DeepPromptLab(5, new NullSpaceOptions(), type: ScalarType.Float32);
        using var plain = new DeepPromptLab(5, new NullSpaceOptions(), type: ScalarType.Float32);
        Tensor images = Images(6, 16), labels = tensor(Enumerable.Range(0, 16).Select(i => (long)(i % 2)).ToArray());
        Train(lab, 0, images, 10);
        Loop.Train(plain.Method, null, 0, images, 10, p => optim.Adam(p, lr: 0.01, beta1: 0.9, beta2: 0.999, weight_decay: 5e-5), ([0, 1], 2), labels);
        foreach ((ProjectionSite one, ProjectionSite other) in lab.Method.Sites.Zip(plain.Method.Sites))
            CollectionAssert.AreEqual(one.Parameter.detach().data<float>().ToArray(), other.Parameter.detach().data<float>().ToArray());
        Assert.IsNull(lab.Projection.LastAudit);
    }

    [TestMethod]
    public void Over_a_whole_task_strict_keeps_old_features_and_the_audit_agrees()
    {
        using DisposeScope scope = NewDisposeScope();
        var drifts = new Dictionary<string, double>();
        var audits = new Dictionary<string, InterferenceAudit>();
        NullSpaceOptions free = new() { AffinityEta = 0, AggregationEta = 0, DriftWeight = 0 };
        foreach ((string name, NullSpaceOptions options, double rate) in new[] { ("free", free, 4e-4), ("strict", NullSpaceOptions.Strict, 4e-4), ("strict, half", NullSpaceOptions.Strict, 2e-4), ("published", new NullSpaceOptions(), 4e-4) })
        {
            using var lab = new DeepPromptLab(7, options, type: ScalarType.Float32);
            Train(lab, 0, lab.OldImages, 5);
            Tensor before = Features(lab, lab.OldImages), start = lab.Method.Sites[0].Parameter.detach().clone();
            Train(lab, 1, Images(8, 16), 30, rate);
            Assert.IsTrue((lab.Method.Sites[0].Parameter - start).abs().max().item<float>() > 1e-4, $"{name}: the task was learned, not frozen out");
            drifts[name] = Loop.Relative(before, Features(lab, lab.OldImages));
            audits[name] = lab.Projection.LastAudit!;
            CollectionAssert.AreEqual(new[] { "block0.prompt", "block0.prompt.mixing", "block1.prompt", "block1.prompt.mixing" }, audits[name].Entries.Select(e => e.Site).ToArray());
            Assert.IsTrue(audits[name].Entries.All(e => e.PastTaskIndex == 0 && e.UnconstrainedShare is > 0 and <= 1));
        }
        Console.WriteLine(string.Join('\n', drifts.Select(d => $"{d.Key}: {d.Value:g3}; {string.Join(", ", audits[d.Key].Entries.Select(e => $"{e.RelativeChange:g3}"))}")));
        Assert.IsTrue(drifts["strict"] < 0.02 * drifts["free"] && drifts["published"] < 0.5 * drifts["free"]);
        for (int i = 0; i < 4; i++) Assert.IsTrue(audits["strict"].Entries[i].RelativeChange < 0.01 * audits["free"].Entries[i].RelativeChange);
        Assert.AreEqual(4, audits["strict"].Entries[0].RelativeChange / audits["strict, half"].Entries[0].RelativeChange, 0.5, "half the way, a quarter of the change");
    }

    [TestMethod]
    public void The_audit_measures_the_rows_as_attention_reads_them()
    {
        using DisposeScope scope = NewDisposeScope();
        using var lab = new DeepPromptLab(9, new NullSpaceOptions { AffinityEta = 0, AggregationEta = 0, DriftWeight = 0 });
        Loop.Train(lab.Method, lab.Projection, 0, lab.OldImages, steps: 0);
        ProjectionSite site = lab.Method.Sites[1];
        IReadOnlyDictionary<string, Tensor> old = lab.Method.CollectActivations(lab.OldImages, [site.Readers!.Name, site.MixingName!]);
        Tensor wide = old[site.Readers.Name].reshape(-1, 2, 12).transpose(0, 1).bmm(site.Readers.Maps).reshape(-1, DeepPromptLab.Width), mixing = old[site.MixingName!].reshape(-1, DeepPromptLab.Prompts);
        Tensor Read() => nn.functional.layer_norm(site.Parameter.detach().to(ScalarType.Float64), [DeepPromptLab.Width], site.Norm!.Weight, site.Norm.Bias, 1e-6);
        Tensor before = Read();
        lab.Projection.BeginTask(new ConstraintTask(1, 2, _ => [lab.OldImages], _ => { }));
        using (no_grad()) site.Parameter.add_(new SeededRandom(10).UniformTensor(-0.1, 0.1, DeepPromptLab.Prompts, DeepPromptLab.Width));
        Tensor change = Read() - before;
        lab.Projection.EndTask(new ConstraintTask(1, 2, _ => [lab.OldImages], _ => { }));
        AssertEntry(site.Name, wide.matmul(change.t()), wide.matmul(before.t()));
        AssertEntry(site.MixingName!, mixing.matmul(change), mixing.matmul(before));
        Assert.AreEqual(0, lab.Projection.LastAudit!.Entries.Single(e => e.Site == "block0.prompt").RelativeChange);

        void AssertEntry(string name, Tensor moved, Tensor products)
        {
            double expected = (moved.norm() / products.norm()).item<double>();
            Assert.AreEqual(expected, lab.Projection.LastAudit!.Entries.Single(e => e.Site == name).RelativeChange, 1e-9 * expected);
        }
    }

    [TestMethod]
    public void What_is_kept_does_not_grow_with_the_images()
    {
        using DisposeScope scope = NewDisposeScope();
        var sizes = new List<string>();
        foreach (int count in new[] { 4, 200 })
        {
            using var lab = new DeepPromptLab(11, new NullSpaceOptions());
            Loop.Train(lab.Method, lab.Projection, 0, Images(12, count).to(ScalarType.Float64), steps: 0);
            using var state = new StateDictionary();
            lab.Projection.SaveState(state);
            sizes.Add(string.Join('\n', state.Tensors.Select(t => $"{t.Key} [{string.Join(", ", t.Value.shape)}]")));
            Assert.AreEqual(count, lab.Projection.ImagesSeen);
        }
        Assert.AreEqual(sizes[0], sizes[1]);
        StringAssert.Contains(sizes[0], "block1.prompt.affinity [2, 12, 12]");
    }

    [TestMethod]
    public void A_sample_can_stand_for_the_task_and_the_audit_can_forget()
    {
        using DisposeScope scope = NewDisposeScope();
        using var lab = new DeepPromptLab(13, new NullSpaceOptions { MemorySamples = 5, AuditedTasks = 2 }, type: ScalarType.Float32);
        for (int task = 0; task < 4; task++) Train(lab, task, Images(14 + task, 12), 1);
        Assert.AreEqual(20, lab.Projection.ImagesSeen);
        CollectionAssert.AreEquivalent(new[] { 1, 2 }, lab.Projection.LastAudit!.Entries.Select(e => e.PastTaskIndex).Distinct().ToArray());
    }

    [TestMethod]
    public void A_run_goes_on_from_a_saved_state_bit_for_bit_and_damaged_states_are_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        using var lab = new DeepPromptLab(15, NullSpaceOptions.Reference, type: ScalarType.Float32);
        using var resumed = new DeepPromptLab(15, NullSpaceOptions.Reference, type: ScalarType.Float32);
        Train(lab, 0, Images(16, 12), 5);
        Train(lab, 1, Images(17, 12), 5);
        using var method = new StateDictionary();
        using var state = new StateDictionary();
        lab.Method.SaveState(method);
        lab.Projection.SaveState(state);
        resumed.Method.LoadState(method);
        resumed.Projection.LoadState(state);
        Assert.AreEqual(lab.Projection.LastAudit!.Entries[0], resumed.Projection.LastAudit!.Entries[0]);
        foreach (DeepPromptLab one in new[] { lab, resumed }) Train(one, 2, Images(18, 12), 5);
        foreach ((ProjectionSite one, ProjectionSite other) in lab.Method.Sites.Zip(resumed.Method.Sites))
            CollectionAssert.AreEqual(one.Parameter.detach().data<float>().ToArray(), other.Parameter.detach().data<float>().ToArray());

        foreach (Action<StateDictionary> damage in new Action<StateDictionary>[]
        {
            s => s.Values["constraint"] = "PGP", s => s.Values["version"] = 9, s => s.Values["weights"] = "Images", s => s.Values["sites"]!.AsArray().RemoveAt(0),
            s => s.Values["sites"]![0]!["heads"] = 3, s => s.Values["images"] = "many", s => s.Values["sites"] = 3,
        })
        {
            using StateDictionary bad = state.Clone();
            damage(bad);
            Assert.ThrowsExactly<InvalidDataException>(() => resumed.Projection.LoadState(bad));
        }
    }

    [TestMethod]
    public void Activations_that_are_not_finite_change_nothing()
    {
        using DisposeScope scope = NewDisposeScope();
        using var lab = new DeepPromptLab(19, new NullSpaceOptions());
        Loop.Train(lab.Method, lab.Projection, 0, lab.OldImages, steps: 0);
        double[] before = lab.Projection.States[0].Moments.Readers;
        lab.Projection.BeginTask(new ConstraintTask(1, 2, _ => [lab.OldImages], _ => { }));
        InvalidOperationException error = Assert.ThrowsExactly<InvalidOperationException>(() => lab.Projection.EndTask(new ConstraintTask(1, 2, _ => [lab.OldImages * double.NaN], _ => { })));
        StringAssert.Contains(error.Message, "block0.prompt");
        Assert.AreSame(before, lab.Projection.States[0].Moments.Readers);
        Assert.AreEqual(2, lab.Projection.ImagesSeen);
    }

    [TestMethod]
    public void Sites_of_which_only_activations_are_known_are_projected_from_one_side()
    {
        using DisposeScope scope = NewDisposeScope();
        using var method = new TableMethod(3, 6);
        NullSpaceOptions options = NullSpaceOptions.Strict;
        using var projection = (NullSpaceProjection)options.CreateConstraint();
        projection.Attach(method);
        Tensor old = Loop.Images(20, 5, 2, 6, rank: 2);
        Loop.Train(method, projection, 0, old, 5);
        Tensor products = Loop.Products(old, method["prompt"]), start = method["prompt"].detach().clone();
        Loop.Train(method, projection, 1, Loop.Images(21, 5, 2, 6, rank: 2), 100);
        Assert.IsTrue(Loop.Relative(start, method["prompt"]) > 0.05);
        Assert.IsTrue(Loop.Relative(products, Loop.Products(old, method["prompt"])) < 1e-6);
        Assert.IsNull(projection.Penalty());
        CollectionAssert.AreEqual(new[] { "prompt", "key" }, projection.LastAudit!.Entries.Select(e => e.Site).ToArray());
        Assert.IsTrue(projection.LastAudit.Entries.All(e => e.RelativeChange < 1e-6));
    }

    [TestMethod]
    public void Where_old_images_use_every_direction_strict_lets_prompts_stand_still_and_says_so()
    {
        using DisposeScope scope = NewDisposeScope();
        using var lab = new DeepPromptLab(23, NullSpaceOptions.Strict, type: ScalarType.Float32);
        var log = new List<string>();
        Train(lab, 0, Images(24, 40), 5);
        float[] before = lab.Method.Sites[0].Parameter.detach().data<float>().ToArray();
        Tensor images = Images(25, 8), labels = tensor(Enumerable.Range(0, 8).Select(i => 2L + i % 2).ToArray());
        Loop.Train(lab.Method, lab.Projection, 1, images, 5, classes: ([2, 3], 4), labels: labels, log: log.Add);
        CollectionAssert.AreEqual(before, lab.Method.Sites[0].Parameter.detach().data<float>().ToArray());
        StringAssert.Contains(log[0], "site 'block0.prompt': no null direction among 24 channels: these rows stand still");
        Assert.IsTrue(lab.Projection.LastAudit!.Entries.All(e => e is { RelativeChange: 0, UnconstrainedShare: 0 }));
    }

    [TestMethod]
    public void A_method_without_sites_is_refused_and_a_projection_serves_one_method()
    {
        using var lab = new DeepPromptLab(22, new NullSpaceOptions());
        Assert.ThrowsExactly<InvalidOperationException>(() => lab.Projection.Attach(lab.Method));
        using UpdateConstraint loose = new NullSpaceOptions().CreateConstraint();
        Assert.ThrowsExactly<InvalidOperationException>(() => loose.BeginTask(new ConstraintTask(0, 1, _ => [], _ => { })));
    }

    [TestMethod]
    public void Options_out_of_range_are_named()
    {
        foreach ((string name, Action<NullSpaceOptions> set) in new (string, Action<NullSpaceOptions>)[]
        {
            ("AffinityEta", o => o.AffinityEta = 1.1), ("AggregationEta", o => o.AggregationEta = double.NaN), ("Nullity", o => o.Nullity = (NullityRule)9),
            ("AffinityOffset", o => o.AffinityOffset = double.NaN), ("AggregationOffset", o => o.AggregationOffset = double.PositiveInfinity),
            ("AffinityMultiple", o => o.AffinityMultiple = 0.5), ("AggregationMultiple", o => o.AggregationMultiple = double.NaN), ("NullityTolerance", o => o.NullityTolerance = 1),
            ("AffinityNullity", o => o.AffinityNullity = -1), ("AggregationNullity", o => o.AggregationNullity = -1), ("DriftWeight", o => o.DriftWeight = -1),
            ("CovarianceWeights", o => o.CovarianceWeights = (CovarianceWeights)9), ("MemorySamples", o => o.MemorySamples = 0), ("AuditedTasks", o => o.AuditedTasks = 0),
        })
        {
            var options = new NullSpaceOptions();
            set(options);
            StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(options.Validate).Message, $"Option {name}:");
        }
    }

    [TestMethod]
    [DataRow(Recipe.SplitCifar100, 28, .97)]
    [DataRow(Recipe.SplitCifar100In20Tasks, 25, .95)]
    [DataRow(Recipe.SplitCifar100In50Tasks, 28, .97)]
    [DataRow(Recipe.SplitImageNetR, 30, .94)]
    [DataRow(Recipe.SplitImageNetRIn100Tasks, 30, .94)]
    [DataRow(Recipe.SplitDomainNet, 30, .95)]
    [DataRow(Recipe.SplitDomainNetIn50Tasks, 30, .95)]
    public void Recipes_are_the_rows_of_the_papers_tables(Recipe recipe, double temperature, double eta)
    {
        NullSpaceOptions projection = new NullSpaceOptions(recipe);
        DeepPromptOptions method = new DeepPromptOptions(recipe);
        Assert.AreEqual((eta, eta, temperature), (projection.AffinityEta, projection.AggregationEta, method.Temperature));
        bool isCifar = recipe is Recipe.SplitCifar100 or Recipe.SplitCifar100In20Tasks or Recipe.SplitCifar100In50Tasks;
        (ResizeFilter filter, AutoAugmentPolicy policy) = isCifar ? (ResizeFilter.Bicubic, AutoAugmentPolicy.Cifar10) : (ResizeFilter.Bilinear, AutoAugmentPolicy.ImageNet);
        Assert.AreEqual(new TrainingView(TrainingViewKind.RandomResizedCrop, 0.08, 0, filter, policy), method.TrainingView);
        Assert.AreEqual(isCifar ? EvaluationView.Resize : new EvaluationView(Crop: true, Filter: ResizeFilter.Bilinear, Squash: true), method.EvaluationView);
        Assert.ThrowsExactly<ArgumentException>(() => new NullSpaceOptions(Recipe.SplitCub200));
        Assert.ThrowsExactly<ArgumentException>(() => new DeepPromptOptions(Recipe.SplitCub200));
        method.Epochs = 10;
        CollectionAssert.AreEqual(new[] { 1, 1, 1, 1, .1, .1, .1, .01, .01, .01 }, Enumerable.Range(0, 10).Select(e => Math.Round(Optimizers.RateOf(method, e) / 0.01, 9)).ToArray());
    }
}
