using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.L2P;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Pgp.Tests.Projection;

/// <summary>L2P on a small vision transformer whose patches of 3·2·2 numbers cannot fill its 32 dimensions.</summary>
[TestClass]
public sealed class L2PProjectionTests
{
    private const int Width = 32, MemoryImages = 20;

    private static VisionTransformer Backbone()
    {
        var config = new VisionTransformerConfig(ImageSize: 8, PatchSize: 2, Width: Width, Depth: 2, Heads: 2, MlpWidth: 48);
        var random = new SeededRandom(7);
        using DisposeScope scope = NewDisposeScope();
        var weights = config.TensorShapes().ToDictionary(s => s.Key, s => s.Key.EndsWith("norm1.weight", StringComparison.Ordinal) || s.Key.EndsWith("norm2.weight", StringComparison.Ordinal) || s.Key == "norm.weight"
            ? ones(s.Value) : random.UniformTensor(-0.3, 0.3, s.Value), StringComparer.Ordinal);
        return VisionTransformer.FromTensors(weights, config, CPU);
    }

    private static L2PMethod Method(VisionTransformer backbone) => (L2PMethod)new L2POptions { Backbone = backbone, PoolSize = 4, PromptLength = 2, TopK = 2 }.CreateMethod(new SeededRandom(3));

    private static Tensor Images(int task) => new SeededRandom(50 + task).UniformTensor(0, 1, MemoryImages, 3, 8, 8);

    private static void Train(L2PMethod method, UpdateConstraint? constraint, int task, Tensor images, int steps)
    {
        int[] own = [2 * task, 2 * task + 1];
        Tensor labels = tensor(Enumerable.Range(0, MemoryImages).Select(i => (long)own[i % 2]).ToArray());
        Loop.Train(method, constraint, task, images, steps, p => optim.Adam(p, lr: 0.01, beta1: 0.9, beta2: 0.999), (own, 2 * task + 2), labels);
    }

    private static Tensor Value(ContinualMethod method, string name) => method.Parameters.Single(p => p.Name == name).Value;

    [TestMethod]
    public void Stacked_with_energy_one_keeps_old_products_to_float32_rounding_over_whole_tasks_with_Adam()
    {
        using DisposeScope scope = NewDisposeScope();
        using VisionTransformer backbone = Backbone();
        using L2PMethod method = Method(backbone);
        using var projection = (GradientProjection)new PgpOptions { Energy = 1, KeyEnergy = 1 }.CreateConstraint();
        projection.Attach(method);
        Tensor first = Images(0);
        Train(method, projection, 0, first, 40);
        int promptRank = projection.Bases["prompt"].Rank;
        Assert.IsTrue(promptRank is > 12 and < Width, $"{promptRank} directions: patches of 12 numbers and a bias, and the selected prompts; room is left");
        Assert.AreEqual(MemoryImages, projection.Bases["key"].Rank, "as many query features as images");

        IReadOnlyDictionary<string, Tensor> old = method.CollectActivations(first, ["prompt", "key"]);
        Tensor prompts = Value(method, "prompt.prompt").detach().clone(), keys = Value(method, "prompt.prompt_key").detach().clone();
        Tensor xp = Loop.Products(old["prompt"], prompts), qk = Loop.Products(old["key"], keys);
        bool[] used = method.Sites[0].RowsInUse!.data<bool>().ToArray();

        Train(method, projection, 1, Images(1), 250);
        Tensor newPrompts = Value(method, "prompt.prompt"), newKeys = Value(method, "prompt.prompt_key");
        Assert.IsTrue(Loop.Relative(prompts, newPrompts) > 0.01 && Loop.Relative(keys, newKeys) > 0.01, "the task was learned, not frozen out");
        Assert.IsTrue(Loop.Relative(xp, Loop.Products(old["prompt"], newPrompts)) < 1e-6, $"x·pᵀ moved by {Loop.Relative(xp, Loop.Products(old["prompt"], newPrompts)):g3}");
        Assert.IsTrue(Loop.Relative(qk, Loop.Products(old["key"], newKeys)) < 1e-6, $"q·kᵀ moved by {Loop.Relative(qk, Loop.Products(old["key"], newKeys)):g3}");

        // Old prompts against the new ones' change: p·Δpᵀ = 0 for every prompt that task 1 had selected.
        Tensor p = prompts.to(ScalarType.Float64).reshape(-1, Width), step = newPrompts.detach().to(ScalarType.Float64).reshape(-1, Width) - p;
        long[] rows = [.. Enumerable.Range(0, used.Length).Where(i => used[i]).Select(i => (long)i)];
        Tensor selected = p.index_select(0, tensor(rows));
        Assert.IsTrue(selected.matmul(step.t()).norm().item<double>() < 1e-6 * selected.norm().item<double>() * p.norm().item<double>());

        Assert.IsTrue(projection.LastAudit!.Entries.All(e => e.RelativeChange < 1e-6 && e.UnconstrainedShare < 1e-5), string.Join('\n', projection.LastAudit.Entries));
        Console.WriteLine(string.Join('\n', projection.LastAudit.Entries));
    }

    [TestMethod]
    public void Without_projection_old_products_move_and_the_audit_says_how_far()
    {
        using DisposeScope scope = NewDisposeScope();
        using VisionTransformer backbone = Backbone();
        using L2PMethod method = Method(backbone);
        using var projection = (GradientProjection)new PgpOptions { Energy = 0, KeyEnergy = 0 }.CreateConstraint();
        projection.Attach(method);
        Tensor first = Images(0);
        Train(method, projection, 0, first, 40);
        IReadOnlyDictionary<string, Tensor> old = method.CollectActivations(first, ["prompt", "key"]);
        Dictionary<string, Tensor> before = method.Sites.ToDictionary(s => s.Name, s => Loop.Products(old[s.Name], s.Parameter));
        Train(method, projection, 1, Images(1), 100);
        foreach (ProjectionSite site in method.Sites)
        {
            double moved = Loop.Relative(before[site.Name], Loop.Products(old[site.Name], site.Parameter));
            Assert.IsTrue(moved > 0.01, $"{site.Name}: {moved:g3}");
            Assert.AreEqual(moved, projection.LastAudit!.Entries.Single(e => e.Site == site.Name).RelativeChange, 1e-5 * moved);
        }
    }

    [TestMethod]
    public void Old_rows_of_the_classifier_keep_their_bits()
    {
        using DisposeScope scope = NewDisposeScope();
        using VisionTransformer backbone = Backbone();
        using L2PMethod method = Method(backbone);
        using UpdateConstraint projection = PgpOptions.Stacked.CreateConstraint();
        projection.Attach(method);
        Train(method, projection, 0, Images(0), 20);
        float[] before = Value(method, "head.weight").detach().data<float>().ToArray();
        Train(method, projection, 1, Images(1), 20);
        float[] after = Value(method, "head.weight").detach().data<float>().ToArray();
        Assert.AreEqual(2 * before.Length, after.Length);
        CollectionAssert.AreEqual(before, after[..before.Length]);
    }

    [TestMethod]
    public void The_released_codes_preset_lets_old_products_move()
    {
        using DisposeScope scope = NewDisposeScope();
        using VisionTransformer backbone = Backbone();
        using L2PMethod method = Method(backbone);
        PgpOptions options = PgpOptions.Reference;
        (options.Energy, options.KeyEnergy) = (0.97, 0.97);
        using var projection = (GradientProjection)options.CreateConstraint();
        projection.Attach(method);
        for (int task = 0; task < 2; task++)
        {
            Tensor images = new SeededRandom(50 + task).UniformTensor(0, 1, Width, 3, 8, 8);
            int[] own = [2 * task, 2 * task + 1];
            Tensor labels = tensor(Enumerable.Range(0, Width).Select(i => (long)own[i % 2]).ToArray());
            Loop.Train(method, projection, task, images, 60, p => optim.Adam(p, lr: 0.01, beta1: 0.9, beta2: 0.999), (own, 2 * task + 2), labels);
        }
        Assert.IsTrue(projection.LastAudit!.Entries.All(e => e.PastTaskIndex == 0), "the memory is taken before a task, and a task is not audited against itself");
        Assert.IsTrue(projection.LastAudit.Entries.Single(e => e.Site == "prompt").RelativeChange > 0.01);
    }

    [TestMethod]
    public void The_projected_gradient_has_nothing_along_the_basis_and_is_the_slope_of_the_loss()
    {
        using DisposeScope scope = NewDisposeScope();
        using VisionTransformer backbone = Backbone();
        using L2PMethod method = Method(backbone);
        PgpOptions options = PgpOptions.Stacked;
        options.ProjectAt = ProjectAt.Gradient;
        using var projection = (GradientProjection)options.CreateConstraint();
        projection.Attach(method);
        Train(method, projection, 0, Images(0), 20);

        Tensor images = Images(1);
        method.BeginTask(new MethodTask(1, [2, 3], 4, MemoryImages, new SeededRandom(9)));
        projection.BeginTask(new ConstraintTask(1, MemoryImages, n => Loop.Sample(images, n), _ => { }));
        var batch = new ImageBatch(images, tensor(Enumerable.Range(0, MemoryImages).Select(i => 2L + i % 2).ToArray()), [.. Enumerable.Range(0, MemoryImages)], false);
        var prompts = (TorchSharp.Modules.Parameter)Value(method, "prompt.prompt");
        foreach (TrainableParameter parameter in method.Parameters) parameter.Value.grad?.zero_();   // what the last step of the first task left
        method.ComputeLoss(batch).Total.backward();
        Tensor raw = prompts.grad!.clone();
        projection.ProjectGradients();
        Tensor slope = prompts.grad!.clone();
        double length = slope.norm().item<float>();
        Assert.IsTrue(length > 0 && length < raw.norm().item<float>());
        SubspaceBasis basis = projection.Bases["prompt"];
        Tensor f = TensorMatrix.ToTensor(basis.ToRowMajorArray(), Width, basis.Rank);
        Assert.IsTrue(slope.to(ScalarType.Float64).reshape(-1, Width).matmul(f).norm().item<double>() < 1e-6 * length);

        // Central difference along the projected gradient: ⟨g, gP⊥⟩ = ‖gP⊥‖², so that a small step against it descends. Prompts do not change what is selected.
        double Loss(double step)
        {
            using DisposeScope inner = NewDisposeScope();
            using IDisposable frozen = no_grad();
            Tensor shift = slope * (step / length);
            prompts.add_(shift);
            double loss = method.ComputeLoss(batch).Total.item<float>();
            prompts.sub_(shift);
            return loss;
        }
        double rise = (Loss(0.05) - Loss(-0.05)) / 0.1;
        Assert.AreEqual(length, rise, 0.01 * length);
    }
}
