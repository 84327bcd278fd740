using MathNet.Numerics.LinearAlgebra;
using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.Peft;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Testing.Golden;
using Microsoft.ML.Continual.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Pgp.Tests.Golden;

/// <summary>The released code of PEGP over several tasks in two phases each, against <see cref="PeftMethod"/> and <see cref="GradientProjection"/>.</summary>
[TestClass, TestCategory("Golden")]
public sealed class PegpGoldenTests
{
    public static IEnumerable<object[]> AdapterCases => GoldenFolder.Rows("pegp-adapter-");

    public static IEnumerable<object[]> LoraCases => GoldenFolder.Rows("pegp-lora-");

    [TestMethod]
    [DynamicData(nameof(AdapterCases))]
    public void Adapters_with_PEGP_equal_the_released_code(string name) => RunCase(name,
        (golden, backbone) => new AdapterOptions { Backbone = backbone, Rank = Kwarg(golden, "down_sample"), Blocks = golden.Ints("adapt_blocks"), Epochs = golden.Int("num_epochs") }.UseReleasedCode(),
        PgpOptions.PegpAdapterReference);

    [TestMethod]
    [DynamicData(nameof(LoraCases))]
    public void Low_rank_updates_with_PEGP_equal_the_released_code(string name) => RunCase(name,
        (golden, backbone) => new LoraOptions { Backbone = backbone, Rank = Kwarg(golden, "rank"), Blocks = golden.Ints("adapt_blocks"), Epochs = golden.Int("num_epochs") }.UseReleasedCode(),
        PgpOptions.PegpLoraReference);

    private static int Kwarg(GoldenCase golden, string name) => golden.Config.GetProperty("pet_kwargs").GetProperty(name).GetInt32();

    private static void RunCase(string name, Func<GoldenCase, VisionTransformer, PeftOptions> options, PgpOptions projection)
    {
        using DisposeScope scope = NewDisposeScope();
        using GoldenCase golden = GoldenCase.Open(name);
        using VisionTransformer backbone = PegpGolden.Backbone(golden);
        PeftOptions chosen = options(golden, backbone);
        chosen.FrozenEpochs = golden.Int("num_freeze_epochs");
        new Run(golden, chosen, projection).All();
        golden.Finish();
    }

    private sealed class Run(GoldenCase golden, PeftOptions options, PgpOptions projectionOptions)
    {
        private readonly List<MemoryInspection> _inspections = [];
        private readonly int _tasks = golden.Int("num_tasks"), _perTask = golden.Int("num_classes") / golden.Int("num_tasks");
        private PeftMethod _method = null!;
        private GradientProjection _projection = null!;

        public void All()
        {
            using var method = (PeftMethod)options.CreateMethod(new SeededRandom(1));
            using var projection = (GradientProjection)projectionOptions.CreateConstraint();
            (_method, _projection) = (method, projection);
            projection.Attach(method);
            projection.MemoryMade = _inspections.Add;
            PegpGolden.Load(golden, method, "init.");
            double[,] accuracy = new double[_tasks, _tasks];
            for (int task = 0; task < _tasks; task++)
            {
                Train(task);
                Evaluate(task, accuracy);
                method.EndTask();
            }
            golden.Check("acc_matrix", tensor(accuracy));
        }

        private void Train(int task)
        {
            using DisposeScope scope = NewDisposeScope();
            string at = $"t{task}.";
            int[] classes = [.. Enumerable.Range(task * _perTask, _perTask)];
            Tensor images = golden["train.images"].narrow(0, classes[0], _perTask);   // [classes, samples, 3, H, W]
            long perClass = images.shape[1];
            images = images.flatten(0, 1);
            long[] labels = [.. classes.SelectMany(c => Enumerable.Repeat((long)c, (int)perClass))];
            _method.BeginTask(new MethodTask(task, classes, classes[^1] + 1, labels.Length, new SeededRandom(task)));
            using (no_grad())
            {
                Parameter("head.weight").copy_(golden[at + "newhead.weight"]);
                Parameter("head.bias").zero_();
            }
            golden.Check(at + "start.logits", Logits(golden["val.images"][classes[0]].narrow(0, 0, 2)));
            var constraintTask = new ConstraintTask(task, labels.Length, _ => images.chunk(3, 0), Console.WriteLine);
            _projection.BeginTask(constraintTask);

            using optim.Optimizer optimizer = optim.SGD(_method.Parameters.Select(p => p.Value), golden.Number("lr"), 0, 0, 0);
            long[] order = golden.Longs(at + "order");
            int epochs = (int)golden[at + "order"].shape[0], size = golden.Int("batch_size"), steps = golden.Int("batches");
            Assert.AreEqual(epochs, options.Epochs + _method.ExtraEpochs);
            var losses = new List<float>();
            for (int epoch = 0; epoch < epochs; epoch++)
            {
                if (epoch == options.Epochs) Check(at + "phase1.");
                _method.BeginEpoch(epoch);
                for (int batch = 0; batch < steps; batch++)
                {
                    using DisposeScope step = NewDisposeScope();
                    long[] rows = order[((epoch * steps + batch) * size)..((epoch * steps + batch + 1) * size)];
                    losses.Add(Step(at, losses.Count, new ImageBatch(images.index_select(0, tensor(rows)), tensor(rows.Select(r => labels[r]).ToArray()), [.. rows.Select(r => (int)r)], false), optimizer));
                }
            }
            golden.Check(at + "loss", tensor(losses.ToArray()));
            if (task > 0) Check(at + "phase2.");
            _method.FinishTraining();
            Check(at + "offline.");

            foreach ((string site, Tensor x) in _method.CollectActivations(images, [.. _method.Sites.Select(s => s.Name)])) golden.Check($"{at}{Place(site)}.raw_shape", tensor(new[] { x.shape[0], x.shape[1] * x.shape[2] }));
            _inspections.Clear();
            _projection.EndTask(constraintTask);
            foreach (MemoryInspection memory in _inspections)
            {
                string place = at + Place(memory.Site);
                golden.Check(place + ".gram_svals", tensor(memory.Gram.Diagonal().ToArray()));
                golden.Check(place + ".rank", tensor((long)memory.Growth.Basis.Rank));
                golden.Check(place + ".projector", PegpGolden.ToTensor(memory.Growth.Basis.Projector()));
            }
        }

        private float Step(string at, int step, ImageBatch batch, optim.Optimizer optimizer)
        {
            optimizer.zero_grad();
            LossTerms loss = _method.ComputeLoss(batch);
            loss.Total.backward();
            CheckGradients($"{at}step{step}.grad.");
            if (_method.IsConstrained) _projection.ProjectGradients();
            CheckGradients($"{at}step{step}.projected.");
            if (_method.IsConstrained) _projection.BeforeStep();
            optimizer.step();
            if (_method.IsConstrained) _projection.AfterStep();
            return loss.Total.item<float>();
        }

        private void Evaluate(int task, double[,] accuracy)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor images = golden["val.images"].narrow(0, 0, (task + 1) * _perTask);
            long perClass = images.shape[1];
            Tensor logits = Logits(images.flatten(0, 1));
            golden.Check($"t{task}.eval.logits", logits);
            long[] predicted = logits.argmax(1).data<long>().ToArray();
            for (int old = 0; old <= task; old++)
            {
                int count = (int)perClass * _perTask;
                accuracy[task, old] = (double)Enumerable.Range(old * count, count).Count(i => predicted[i] == i / perClass) / count;
            }
        }

        private Tensor Logits(Tensor images)
        {
            using IScorer scorer = _method.CreateScorer();
            return scorer.Score(images);
        }

        private Tensor Parameter(string name) => _method.Parameters.Single(p => p.Name == name).Value;

        private void Check(string at)
        {
            foreach (TrainableParameter p in PegpGolden.Tuned(_method)) golden.Check(at + p.Name["pets.".Length..], p.Value);
        }

        private void CheckGradients(string at)
        {
            foreach (TrainableParameter p in PegpGolden.Tuned(_method))
                if (p.Value.grad is { } gradient) golden.Check(at + p.Name["pets.".Length..], gradient);
        }

        // "block0.adapter.down" -> "block0.down"
        private static string Place(string site) => site[..site.IndexOf('.', StringComparison.Ordinal)] + site[site.LastIndexOf('.')..];
    }
}
