using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.L2P;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Testing.Golden;
using Microsoft.ML.Continual.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Pgp.Tests.Golden;

/// <summary>The released code of L2P-PGP over several tasks, against <see cref="L2PMethod"/> and <see cref="GradientProjection"/> with the Reference preset.</summary>
[TestClass, TestCategory("Golden")]
public sealed class L2PPgpGoldenTests
{
    public static IEnumerable<object[]> Cases => GoldenFolder.Rows("l2p-pgp-");

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void A_run_over_tasks_equals_the_released_code(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using GoldenCase golden = GoldenCase.Open(name);
        new Run(golden).All();
        golden.Finish();
    }

    private sealed class Run(GoldenCase golden)
    {
        private L2PMethod _method = null!;
        private GradientProjection? _projection;
        private readonly List<MemoryInspection> _inspections = [];

        public void All()
        {
            int dim = golden.Int("dim"), tasks = golden.Int("tasks_run", golden.Int("tasks"));
            using var backbone = VisionTransformer.FromTensors(golden.Named("backbone."),
                new VisionTransformerConfig(golden.Int("image"), golden.Int("patch"), dim, golden.Int("depth"), golden.Int("heads"), (int)(golden.Number("mlp_ratio") * dim)), CPU);
            using var method = (L2PMethod)MethodOptions(backbone).CreateMethod(new SeededRandom(1));
            _method = method;
            using var projection = golden.Flag("pgp") ? (GradientProjection)ProjectionOptions().CreateConstraint() : null;
            _projection = projection;
            if (projection is not null)
            {
                projection.Attach(method);
                projection.MemoryMade = _inspections.Add;
            }
            var accuracy = new double[tasks, tasks];
            for (int task = 1; task <= tasks; task++)
            {
                Train(task);
                Evaluate(task, accuracy);
            }
            golden.Check("acc_matrix", tensor(accuracy));
        }

        private L2POptions MethodOptions(VisionTransformer backbone)
        {
            PromptSelection selection = golden.Flag("batchwise") ? PromptSelection.BatchwiseVote : PromptSelection.PerImage;
            return new L2POptions
            {
                Backbone = backbone, PoolSize = golden.Int("pool"), PromptLength = golden.Int("length"), TopK = golden.Int("top_k"), PullConstraint = golden.Number("pull_coeff"),
                TrainingSelection = selection, PredictionSelection = selection,
                Pooling = golden.Text("head_type", "prompt") switch
                {
                    "prompt" => PromptPooling.Prompt,
                    "token" => PromptPooling.ClassToken,
                    "token+prompt" => PromptPooling.ClassAndPrompt,
                    "gap" => PromptPooling.MeanOfAll,
                    string other => throw new NotSupportedException($"{golden.Name}: head_type '{other}'."),
                },
                Query = golden.Text("embedding_key", "cls") switch
                {
                    "cls" => L2PQuery.ClassFeature,
                    "mean" => L2PQuery.PatchMean,
                    "max" => L2PQuery.PatchMaximum,
                    "mean_max" => L2PQuery.PatchMaximumAndMean,
                    string other => throw new NotSupportedException($"{golden.Name}: embedding_key '{other}'."),
                },
            };
        }

        private PgpOptions ProjectionOptions()
        {
            PgpOptions options = PgpOptions.Reference;
            options.Energy = golden.Number("threshold_prompt");
            options.KeyEnergy = golden.Number("threshold_key");
            options.Components = golden.Int("n_components_prompt");
            options.KeyComponents = golden.Int("n_components_key");
            return options;
        }

        private Tensor Parameter(string name) => _method.Parameters.Single(p => p.Name == name).Value;

        private void Train(int task)
        {
            using DisposeScope scope = NewDisposeScope();
            string prefix = $"task{task}.";
            Tensor images = golden[prefix + "images"], labels = golden[prefix + "labels"];
            Tensor classes = golden["class_mask"];
            int perTask = (int)classes.shape[1], imageCount = (int)images.shape[0];
            int[] own = [.. golden.Longs("class_mask").Skip((task - 1) * perTask).Take(perTask).Select(c => (int)c)];
            _method.BeginTask(new MethodTask(task - 1, [.. own.Order()], golden.Int("classes"), imageCount, new SeededRandom(task)));
            if (task == 1)
                using (no_grad())
                    foreach (TrainableParameter parameter in _method.Parameters) parameter.Value.copy_(golden["init." + parameter.Name]);

            Tensor? memory = golden.Has(prefix + "mem_idx") ? images.index_select(0, golden[prefix + "mem_idx"]) : null;
            var constraintTask = new ConstraintTask(task - 1, imageCount, asked =>
            {
                Assert.AreEqual(memory!.shape[0], asked, "the released code takes as many images as there are channels");
                return memory.chunk(3, 0);
            }, Console.WriteLine);
            CheckActivations(prefix, memory, task);
            _inspections.Clear();
            _projection?.BeginTask(constraintTask);
            foreach (MemoryInspection inspection in _inspections) GoldenMemory.Check(golden, $"{prefix}pgp.{inspection.Site}.", inspection, inspection.Site == "key" ? "key_pca" : "rep_pca");

            using optim.Optimizer optimizer = optim.Adam(_method.Parameters.Select(p => p.Value), lr: golden.Number("lr"), beta1: 0.9, beta2: 0.999, eps: 1e-8);
            long[] order = golden.Longs(prefix + "batches");
            int batchSize = (int)golden[prefix + "batches"].shape[1], steps = order.Length / batchSize;
            var losses = new Dictionary<string, List<float>> { ["loss_ce"] = [], ["loss_pull"] = [], ["loss_total"] = [] };
            for (int step = 1; step <= steps; step++)
            {
                long[] rows = order[((step - 1) * batchSize)..(step * batchSize)];
                Tensor index = tensor(rows);
                var batch = new ImageBatch(images.index_select(0, index), labels.index_select(0, index), [.. rows.Select(r => (int)r)], false);
                Step(prefix, step, batch, optimizer, losses);
            }
            foreach ((string what, List<float> values) in losses) golden.Check(prefix + what, tensor(values.ToArray()));
            _projection?.EndTask(constraintTask);
            _method.EndTask();
        }

        private void Step(string prefix, int step, ImageBatch batch, optim.Optimizer optimizer, Dictionary<string, List<float>> losses)
        {
            using DisposeScope scope = NewDisposeScope();
            string at = $"{prefix}step{step}.";
            L2PPass pass = _method.Run(batch);
            losses["loss_pull"].Add(L2PNetwork.Pull(pass).item<float>());
            using (no_grad())
            {
                CheckPass(at, pass, nn.functional.linear(pass.Features, Parameter("head.weight"), Parameter("head.bias")));
                var backbone = (VisionTransformer)_method.Backbone;
                golden.Check(at + "cls_features", backbone.ClassFeature(batch.Images));
                golden.Check(at + "seq_len", tensor((long)(1 + golden.Int("top_k") * golden.Int("length") + backbone.Config.PatchCount)));
            }

            optimizer.zero_grad();
            LossTerms loss = _method.ComputeLoss(batch);
            golden.Check(at + "logits_masked", loss.Logits);
            losses["loss_ce"].Add(loss.CrossEntropy.item<float>());
            losses["loss_total"].Add(loss.Total.item<float>());
            loss.Total.backward();
            foreach (TrainableParameter p in _method.Parameters) golden.Check($"{at}grad_raw.{p.Name}", p.Value.grad!);
            golden.Check(at + "grad_total_norm", nn.utils.clip_grad_norm_(_method.Parameters.Select(p => p.Value), golden.Number("clip_grad")));
            _projection?.ProjectGradients();
            foreach (TrainableParameter p in _method.Parameters) golden.Check($"{at}grad_final.{p.Name}", p.Value.grad!);
            _projection?.BeforeStep();
            optimizer.step();
            _projection?.AfterStep();
            foreach (TrainableParameter p in _method.Parameters) golden.Check($"{prefix}after{step}.{p.Name}", p.Value);
        }

        private void CheckPass(string at, L2PPass pass, Tensor logits)
        {
            golden.Check(at + "logits", logits);
            golden.Check(at + "similarity", pass.Similarity);
            golden.Check(at + "prompt_idx", pass.Selected.expand(pass.Similarity.shape[0], -1), rowsAsSets: golden.Flag("batchwise"));
            golden.Check(at + "reduce_sim", L2PNetwork.Pull(pass));
        }

        private void CheckActivations(string prefix, Tensor? memory, int task)
        {
            if (memory is null) return;
            using DisposeScope scope = NewDisposeScope();
            IReadOnlyDictionary<string, Tensor> activations = _method.CollectActivations(memory, ["prompt", "key"]);
            golden.Check(prefix + "pgp.prompt.rep", activations["prompt"].reshape(memory.shape[0], -1));
            golden.Check(prefix + "pgp.key.rep_key", activations["key"].reshape(memory.shape[0], -1));
            if (task > 1) golden.Check(prefix + "pgp.prompt.p_matrix", Parameter("prompt.prompt").detach().reshape(-1, golden.Int("dim")).t());
        }

        private void Evaluate(int after, double[,] accuracy)
        {
            using var scorer = (L2PScorer)_method.CreateScorer();
            int batchSize = golden.Int("batch"), number = 0;
            for (int task = 1; task <= after; task++)
            {
                using DisposeScope scope = NewDisposeScope();
                Tensor images = golden[$"task{task}.val_images"], labels = golden[$"task{task}.val_labels"];
                long right = 0, count = images.shape[0];
                for (long start = 0; start < count; start += batchSize, number++)
                {
                    long n = Math.Min(batchSize, count - start);
                    Tensor part = images.narrow(0, start, n), logits = scorer.Score(part);
                    CheckPass($"eval_after_task{after}.batch{number}.", scorer.Run(part), logits);
                    right += logits.argmax(1).eq(labels.narrow(0, start, n)).sum().item<long>();
                }
                accuracy[task - 1, after - 1] = 100.0 * right / count;
            }
        }
    }
}
