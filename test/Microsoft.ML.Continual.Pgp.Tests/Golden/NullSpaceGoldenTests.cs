using System.Globalization;
using System.Text.RegularExpressions;
using MathNet.Numerics.LinearAlgebra;
using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Evaluation;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.DeepPrompt;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Testing.Golden;
using Microsoft.ML.Continual.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Pgp.Tests.Golden;

/// <summary>The released code of VPT-NSP² over several tasks, against <see cref="DeepPromptMethod"/> and <see cref="NullSpaceProjection"/> with the Reference preset.</summary>
[TestClass, TestCategory("Golden")]
public sealed class NullSpaceGoldenTests
{
    public static IEnumerable<object[]> Cases => GoldenFolder.Rows("nsp2-");

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void A_run_over_tasks_equals_the_released_code(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using GoldenCase golden = GoldenCase.Open(name);
        int dim = golden.Int("dim");
        using var backbone = VisionTransformer.FromTensors(golden.Named("init."),
            new VisionTransformerConfig(golden.Int("image"), golden.Int("patch"), dim, golden.Int("depth"), golden.Int("heads"), (int)(golden.Number("mlp_ratio") * dim)), CPU);
        using var run = new Run(golden, backbone);
        run.All();
        golden.Finish();
    }

    private sealed class Run : IDisposable
    {
        private readonly GoldenCase _golden;
        private readonly VisionTransformer _backbone;
        private readonly DeepPromptOptions _options;
        private readonly DeepPromptMethod _method;
        private readonly NullSpaceProjection _projection;
        private readonly int _tasks, _perTask, _firstBlock, _blockCount;
        private readonly long[] _classOrder;

        public Run(GoldenCase golden, VisionTransformer backbone)
        {
            (_golden, _backbone) = (golden, backbone);
            (_tasks, _perTask, _classOrder) = (golden.Int("num_tasks"), (int)golden["class_order"].shape[1], golden.Longs("class_order"));
            _firstBlock = golden.Int("prompt_start_block");
            _blockCount = Math.Min(golden.Int("prompt_end_block"), golden.Int("depth") - 1) - _firstBlock + 1;
            int epochs = golden.Int("epochs");
            _options = new DeepPromptOptions
            {
                Backbone = backbone, PromptLength = golden.Int("prompt_len"), FirstBlock = _firstBlock, BlockCount = _blockCount, Temperature = golden.Number("temperature"),
                HeadInitialization = HeadInitialization.ReleasedCode, Epochs = epochs, BatchSize = golden.Int("batch_size"),
                LearningRate = golden.Number("lr"), ScaleLearningRateByBatch = false, WeightDecay = golden.Number("weight_decay"), MaximumGradientNorm = null,
                // The released code's scheduler counts from 1 and is one epoch early.
                Schedule = LearningRateSchedule.Steps, DecayFactor = golden.Number("decay_rate"), DecayAt = [.. golden.Ints("decay_milestones").Select(m => (m - 1.0) / epochs).Where(share => share < 1)],
            };
            _method = (DeepPromptMethod)_options.CreateMethod(new SeededRandom(1));
            NullSpaceOptions options = NullSpaceOptions.Reference;
            (double first, double second) = (golden.Number("null_thres_value1"), golden.Number("null_thres_value2"));
            switch (golden.Text("null_thres_mode", "adaptive"))
            {
                case "adaptive": (options.AffinityOffset, options.AggregationOffset) = (first, second); break;
                case "times": (options.Nullity, options.AffinityMultiple, options.AggregationMultiple) = (NullityRule.Multiple, first, second); break;
                case string other: throw new NotSupportedException($"{golden.Name}: null_thres_mode '{other}'.");
            }
            (options.AffinityEta, options.AggregationEta) = (golden.Number("null_eta1"), golden.Number("null_eta2"));
            options.CovarianceWeights = golden.Text("null_interm_accum", "sum") switch
            {
                "sum" => CovarianceWeights.Batches,
                "mean" => CovarianceWeights.BatchMeans,
                string other => throw new NotSupportedException($"{golden.Name}: null_interm_accum '{other}'."),
            };
            _projection = (NullSpaceProjection)options.CreateConstraint();
            _projection.Attach(_method);
        }

        public void All()
        {
            var matrix = new AccuracyMatrix();
            var accuracies = new double[_tasks, _tasks];
            for (int task = 0; task < _tasks; task++)
            {
                using DisposeScope scope = NewDisposeScope();
                Train(task);
                Evaluate(task, matrix);
                for (int i = 0; i <= task; i++) accuracies[task, i] = matrix[task, i];
                _golden.Check($"t{task}.metrics", tensor(new[]
                {
                    matrix.WeightedAccuracyAfter(task, [.. Enumerable.Repeat((long)_perTask * _golden.Int("val_per_class"), _tasks)]), matrix.ForgettingAfter(task, maximumIncludesCurrent: true),
                }));
            }
            _golden.Check("acc_matrix", tensor(accuracies));
        }

        public void Dispose()
        {
            _projection.Dispose();
            _method.Dispose();
        }

        private Tensor OfTask(string images, int task) => cat([.. Enumerable.Range(0, _perTask).Select(c => _golden[images].select(0, _classOrder[task * _perTask + c]))], 0);

        private void Train(int task)
        {
            string prefix = $"t{task}.";
            Tensor images = OfTask("train.images", task);
            int perClass = _golden.Int("train_per_class"), count = perClass * _perTask;
            Tensor labels = tensor(Enumerable.Range(0, count).Select(i => (long)(task * _perTask + i / perClass)).ToArray());
            _method.BeginTask(new MethodTask(task, [.. Enumerable.Range(task * _perTask, _perTask)], (task + 1) * _perTask, count, new SeededRandom(task)));
            Give(task);
            if (task == 0) CheckForward();
            var constraintTask = new ConstraintTask(task, count, _ => throw new InvalidOperationException("The projection looks at the view of prediction."), Console.WriteLine)
            {
                SampleEvaluationImages = asked => asked == count ? images.split(_golden.Int("eval_batch_size")) : throw new InvalidOperationException($"asked for {asked} of {count} images"),
            };
            _projection.BeginTask(constraintTask);
            foreach (TrainableParameter p in _method.Parameters) _golden.Check($"{prefix}step0.before.{p.Name}", AsGiven(p, p.Value));

            using optim.Optimizer optimizer = Optimizers.Create(_options, _method.Parameters.Select(p => p.Value));
            Dictionary<string, Tensor> moments = _method.Parameters.ToDictionary(p => p.Name, p => zeros_like(p.Value.detach()), StringComparer.Ordinal);
            var losses = new Dictionary<string, List<double>> { ["lr"] = [], ["loss.ce"] = [], ["loss.lnm"] = [], ["loss.lns"] = [], ["loss.loss"] = [] };
            int step = 0;
            for (int epoch = 0; epoch < _options.Epochs; epoch++)
            {
                double rate = Optimizers.RateOf(_options, epoch);
                Optimizers.SetRate(optimizer, rate);
                foreach (long[] rows in _golden.Longs(prefix + "order").Skip(epoch * count).Take(count).Chunk(_options.BatchSize))
                {
                    using DisposeScope scope = NewDisposeScope();
                    Tensor index = tensor(rows);
                    Step(prefix, step++, new ImageBatch(images.index_select(0, index), labels.index_select(0, index), [.. rows.Select(r => (int)r)], false), optimizer, moments, losses);
                    losses["lr"].Add(rate);
                }
            }
            foreach ((string what, List<double> values) in losses) _golden.Check(prefix + what, tensor(values.ToArray()));
            foreach (TrainableParameter p in _method.Parameters) _golden.Check($"{prefix}after.{p.Name}", AsGiven(p, p.Value));
            _projection.EndTask(constraintTask);
            _method.EndTask();
            CheckSpaces(prefix);
        }

        // The values that the case gives in place of random ones. The head of the second task starts from the first's.
        private void Give(int task)
        {
            using IDisposable frozen = no_grad();
            foreach (TrainableParameter p in _method.Parameters)
            {
                string name = task == 0 ? "init." + p.Name : $"t{task}.new{p.Name}";
                if (_golden.Has(name)) p.Value.copy_(_golden[name].reshape(p.Value.shape));
            }
        }

        private void Step(string prefix, int step, ImageBatch batch, optim.Optimizer optimizer, Dictionary<string, Tensor> moments, Dictionary<string, List<double>> losses)
        {
            Dictionary<string, Tensor> before = _method.Parameters.ToDictionary(p => p.Name, p => p.Value.detach().clone(), StringComparer.Ordinal);
            optimizer.zero_grad();
            LossTerms terms = _method.ComputeLoss(batch);
            _golden.Check($"{prefix}step{step}.logits", terms.Logits.narrow(1, terms.Logits.shape[1] - _perTask, _perTask));
            (Tensor Means, Tensor Deviations)? drift = _projection.Drift();
            Tensor total = _projection.Penalty() is { } penalty ? terms.Total + penalty : terms.Total;
            losses["loss.ce"].Add(terms.CrossEntropy.item<float>());
            losses["loss.lnm"].Add(drift?.Means.item<float>() ?? 0);
            losses["loss.lns"].Add(drift?.Deviations.item<float>() ?? 0);
            losses["loss.loss"].Add(total.item<float>());
            total.backward();
            foreach (TrainableParameter p in _method.Parameters) _golden.Check($"{prefix}step{step}.grad.{p.Name}", AsGiven(p, p.Value.grad!));
            _projection.ProjectGradients();
            _projection.BeforeStep();
            optimizer.step();
            foreach (TrainableParameter p in _method.Parameters)
            {
                _golden.Check($"{prefix}step{step}.adam_update.{p.Name}", AsGiven(p, p.Value.detach() - before[p.Name]));
                moments[p.Name].mul_(0.9).add_((p.Value.grad! + before[p.Name] * _options.WeightDecay) * 0.1);   // the projection reaches no moment
                _golden.Check($"{prefix}step{step}.exp_avg.{p.Name}", AsGiven(p, moments[p.Name]));
            }
            _projection.AfterStep();
            foreach (TrainableParameter p in _method.Parameters) _golden.Check($"{prefix}step{step}.delta.{p.Name}", AsGiven(p, p.Value.detach() - before[p.Name]));
        }

        private void CheckSpaces(string prefix)
        {
            foreach (NullSpaceSite state in _projection.States)
            {
                ProjectionSite site = state.Attached;
                string at = $"{prefix}{site.Name.Split('.')[0]}.";
                SiteNullSpaces spaces = SiteNullSpaces.Create(site, state.Moments, _projection.Options);
                foreach ((int side, Matrix<double> covariance, BlendedProjector blended, double[] values) in new[]
                {
                    (1, state.Moments.ReadersMatrix(site), spaces.Affinity, spaces.AffinityValues), (2, state.Moments.MixingMatrix(site), spaces.Aggregation, spaces.AggregationValues!),
                })
                {
                    _golden.Check($"{at}cov{side}", ToTensor(covariance));
                    _golden.Check($"{at}svals{side}", tensor(values));
                    _golden.Check($"{at}first_null{side}", tensor((long)(blended.Dimension - blended.Nullity)));
                    _golden.Check($"{at}projector{side}", ToTensor(blended.Projector()));
                    _golden.Check($"{at}B{side}", ToTensor(blended.ToDense()));
                }
            }
        }

        private void CheckForward()
        {
            using DisposeScope scope = NewDisposeScope();
            using IDisposable frozen = no_grad();
            Tensor images = _golden["val.images"].select(0, _classOrder[0]).narrow(0, 0, 2);
            int wanted = int.Parse(Regex.Match(Meaning("forward.attention"), @"of block (\d+)").Groups[1].Value, CultureInfo.InvariantCulture);
            Dictionary<int, Tensor> prompts = Enumerable.Range(_firstBlock, _blockCount).ToDictionary(b => b, b => (Tensor)Parameter($"blocks.{b}.prompt.prompt"));
            _backbone.Forward(images, new BlockEdits
            {
                ContextTokens = prompts, Output = OutputTokens.All,
                Capture = block => _golden.Check($"forward.block{block.Block}", block.Output),
                CaptureAttention = attention =>
                {
                    if (attention.Block != wanted) return;
                    Tensor queries = attention.Queries;
                    if (prompts.TryGetValue(wanted, out Tensor? prompt)) queries = cat([queries, PromptQueries(wanted, prompt)], 2);   // the released code lets prompts ask too, and drops the answers
                    _golden.Check("forward.query", queries);
                    _golden.Check("forward.attention", (attention with { Queries = queries }).Weights());
                },
            });
            Tensor features = DeepPromptMethod.Features(_backbone, images, prompts);
            _golden.Check("forward.features", features);
            _golden.Check("forward.logits", nn.functional.linear(features, Parameter("head.weight"), Parameter("head.bias")));
        }

        // [M, D] -> [2, H, M, d].
        private Tensor PromptQueries(int block, Tensor prompt)
        {
            string at = $"init.blocks.{block}.";
            int dim = _golden.Int("dim"), heads = _golden.Int("heads");
            Tensor normed = nn.functional.layer_norm(prompt, [dim], _golden[at + "norm1.weight"], _golden[at + "norm1.bias"], 1e-6);
            Tensor queries = nn.functional.linear(normed, _golden[at + "attn.qkv.weight"].narrow(0, 0, dim), _golden[at + "attn.qkv.bias"].narrow(0, 0, dim));
            return queries.reshape(1, -1, heads, dim / heads).transpose(1, 2).expand(2, heads, prompt.shape[0], dim / heads);
        }

        private void Evaluate(int after, AccuracyMatrix matrix)
        {
            using DisposeScope scope = NewDisposeScope();
            using IScorer scorer = _method.CreateScorer();
            Tensor logits = scorer.Score(cat([.. Enumerable.Range(0, after + 1).Select(t => OfTask("val.images", t))], 0));
            _golden.Check($"t{after}.eval.logits", logits);
            long[] best = logits.argmax(1).data<long>().ToArray();
            int perClass = _golden.Int("val_per_class"), perTask = perClass * _perTask;
            matrix.AddRow([.. Enumerable.Range(0, after + 1).Select(t => Enumerable.Range(t * perTask, perTask).Count(i => best[i] == i / perClass) / (double)perTask)]);
        }

        private Parameter Parameter(string name) => _method.Parameters.Single(p => p.Name == name).Value;

        private string Meaning(string name) => _golden.Root.GetProperty("tensors").GetProperty(name).GetProperty("meaning").GetString()!;

        // The case's prompts are [1, M, D].
        private static Tensor AsGiven(TrainableParameter parameter, Tensor value) => parameter.Name.EndsWith("prompt", StringComparison.Ordinal) ? value.unsqueeze(0) : value;

        private static Tensor ToTensor(Matrix<double> matrix) => TensorMatrix.ToTensor(matrix.ToRowMajorArray(), matrix.RowCount, matrix.ColumnCount);
    }
}
