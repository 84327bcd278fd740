using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.DualPrompt;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Testing.Golden;
using Microsoft.ML.Continual.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Pgp.Tests.Golden;

/// <summary>The released code of DualPrompt and DualPrompt-PGP over several tasks, against <see cref="DualPromptMethod"/> and <see cref="GradientProjection"/>.</summary>
[TestClass, TestCategory("Golden")]
public sealed class DualPromptGoldenTests
{
    public static IEnumerable<object[]> Cases => GoldenFolder.Rows("dualprompt-");

    public static IEnumerable<object[]> PgpCases => GoldenFolder.Rows("dualprompt-pgp-");

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void DualPrompt_equals_the_released_code(string name) => RunCase(name);

    [TestMethod]
    [DynamicData(nameof(PgpCases))]
    public void DualPrompt_with_PGP_equals_the_released_code(string name) => RunCase(name);

    private static void RunCase(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using GoldenCase golden = GoldenCase.Open(name);
        new Run(golden).All();
        golden.Finish();
    }

    private sealed class Run(GoldenCase golden)
    {
        private readonly List<MemoryInspection> _inspections = [];
        private DualPromptMethod _method = null!;
        private DualPromptOptions _options = null!;
        private GradientProjection? _projection;

        public void All()
        {
            int dim = golden.Int("dim"), tasks = golden.Int("tasks_run", golden.Int("tasks"));
            using var backbone = VisionTransformer.FromTensors(golden.Named("backbone."),
                new VisionTransformerConfig(golden.Int("image"), golden.Int("patch"), dim, golden.Int("depth"), golden.Int("heads"), (int)(golden.Number("mlp_ratio") * dim)), CPU);
            _options = MethodOptions(backbone);
            using var method = (DualPromptMethod)_options.CreateMethod(new SeededRandom(1));
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

        private DualPromptOptions MethodOptions(VisionTransformer backbone)
        {
            DualPromptOptions options = new DualPromptOptions
            {
                Backbone = backbone, PoolSize = golden.Int("pool"), EPromptLength = golden.Int("length"), GPromptLength = golden.Int("g_length"), PullConstraint = golden.Number("pull_coeff"),
            }.UseReleasedCode();
            // The only place where a case says which layout it was made with.
            if (golden.Notes.Any(note => note.StartsWith("VARIANT", StringComparison.Ordinal) && note.Contains("permuted", StringComparison.Ordinal))) options.EPromptLayout = EPromptLayout.Correct;
            return options;
        }

        private PgpOptions ProjectionOptions()
        {
            PgpOptions options = PgpOptions.DualPromptReference;
            (options.Energy, options.Components) = (golden.Number("threshold"), golden.Int("n_components"));
            return options;
        }

        private Tensor Parameter(string name) => _method.Parameters.Single(p => p.Name == name).Value;

        private void Train(int task)
        {
            using DisposeScope scope = NewDisposeScope();
            string prefix = $"task{task}.";
            Tensor images = golden[prefix + "images"], labels = golden[prefix + "labels"];
            int perTask = (int)golden["class_mask"].shape[1], imageCount = (int)images.shape[0];
            int[] own = [.. golden.Longs("class_mask").Skip((task - 1) * perTask).Take(perTask).Select(c => (int)c)];
            _method.BeginTask(new MethodTask(task - 1, [.. own.Order()], golden.Int("classes"), imageCount, new SeededRandom(task)));
            if (task == 1)
                using (no_grad())
                    foreach (TrainableParameter parameter in _method.Parameters) parameter.Value.copy_(golden["init." + parameter.Name]);
            foreach (TrainableParameter p in _method.Parameters) golden.Check($"{prefix}before.{p.Name}", p.Value);

            Tensor? memory = golden.Has(prefix + "mem_idx") ? images.index_select(0, golden[prefix + "mem_idx"]) : null;
            var constraintTask = new ConstraintTask(task - 1, imageCount, asked =>
            {
                Assert.AreEqual(memory!.shape[0], asked, "the released code takes as many images as there are channels");
                return memory.chunk(3, 0);
            }, Console.WriteLine);
            _projection?.BeginTask(constraintTask);

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

            CheckActivations(prefix, memory);
            _inspections.Clear();
            _projection?.EndTask(constraintTask);
            foreach (MemoryInspection inspection in _inspections) GoldenMemory.Check(golden, $"{prefix}pgp.L{BlockOf(inspection.Site)}.", inspection);
            _method.EndTask();
        }

        private void Step(string prefix, int step, ImageBatch batch, optim.Optimizer optimizer, Dictionary<string, List<float>> losses)
        {
            using DisposeScope scope = NewDisposeScope();
            string at = $"{prefix}step{step}.";
            DualPromptPass pass = _method.Run(batch);
            losses["loss_pull"].Add(PromptMatching.Pull(pass.Similarity, pass.SelectedMask).item<float>());
            using (no_grad())
            {
                CheckPass(at, pass, nn.functional.linear(pass.Features, Parameter("head.weight"), Parameter("head.bias")));
                var backbone = (VisionTransformer)_method.Backbone;
                golden.Check(at + "cls_features", backbone.ClassFeature(batch.Images));
                golden.Check(at + "seq_len", tensor(SequenceLength(backbone, batch.Images)));
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

        // The tokens that the last block reads when the prompts are in place.
        private long SequenceLength(VisionTransformer backbone, Tensor images)
        {
            long tokens = 0;
            Tensor patches = backbone.EmbedPatches(images), mask = PromptMatching.OneHot(zeros(new long[] { 1, 1 }, ScalarType.Int64), _options.PoolSize);
            BlockEdits edits = DualPromptNetwork.Edits(_options, new DualPromptTensors(Parameter("g_prompt"), Parameter("e_prompt.prompt"), Parameter("e_prompt.prompt_key")), mask, images.shape[0], EPromptLayout.Correct);
            backbone.ForwardPatches(patches, edits with { Capture = block => tokens = block.Input.shape[1] });
            return tokens;
        }

        private void CheckPass(string at, DualPromptPass pass, Tensor logits)
        {
            golden.Check(at + "logits", logits);
            golden.Check(at + "pre_logits", pass.Features);
            golden.Check(at + "similarity", pass.Similarity);
            golden.Check(at + "prompt_idx", pass.Selected.expand(pass.Similarity.shape[0], -1));
            golden.Check(at + "reduce_sim", PromptMatching.Pull(pass.Similarity, pass.SelectedMask));
        }

        private void CheckActivations(string prefix, Tensor? memory)
        {
            if (memory is null) return;
            using DisposeScope scope = NewDisposeScope();
            Tensor queries = _method.ActivationQueries(((VisionTransformer)_method.Backbone).EmbedPatches(memory));
            golden.Check(prefix + "pgp.mem_prompt_idx", DualPromptNetwork.Select(_options, Parameter("e_prompt.prompt_key"), queries, PromptSelection.PerImage, null).Selected.reshape(-1));
            string[] sites = [.. _method.Sites.Where(s => s.Role == SiteRole.KeyPrefix).Select(s => s.Name)];
            foreach ((string site, Tensor x) in _method.CollectActivations(memory, sites))
            {
                int heads = golden.Int("heads");
                // [B, T, H·d] -> [B, T, H, d] -> [B, H, T, d] -> [B, H·T·d]: the released code's order
                golden.Check($"{prefix}pgp.L{BlockOf(site)}.rep", x.view(x.shape[0], x.shape[1], heads, -1).transpose(1, 2).reshape(x.shape[0], -1));
            }
        }

        private void Evaluate(int after, double[,] accuracy)
        {
            using var scorer = (DualPromptScorer)_method.CreateScorer();
            int number = 0;
            for (int task = 1; task <= after; task++)
            {
                using DisposeScope scope = NewDisposeScope();
                Tensor images = golden[$"task{task}.val_images"], labels = golden[$"task{task}.val_labels"];
                long right = 0, count = images.shape[0];
                for (long start = 0; start < count; number++)
                {
                    // The batches of the case vote among themselves: they are cut as its outputs are.
                    string at = $"eval_after_task{after}.batch{number}.";
                    long n = golden.Has(at + "logits") ? golden[at + "logits"].shape[0] : Math.Min(golden.Int("batch"), count - start);
                    Tensor part = images.narrow(0, start, n), logits = scorer.Score(part);
                    CheckPass(at, scorer.Run(part), logits);
                    right += logits.argmax(1).eq(labels.narrow(0, start, n)).sum().item<long>();
                    start += n;
                }
                accuracy[task - 1, after - 1] = 100.0 * right / count;
            }
        }

        // "block3.e_prompt.key" -> 3
        private static int BlockOf(string site) => int.Parse(site["block".Length..site.IndexOf('.', StringComparison.Ordinal)], System.Globalization.CultureInfo.InvariantCulture);
    }
}
