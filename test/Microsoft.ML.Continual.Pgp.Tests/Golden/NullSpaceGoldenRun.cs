using System.Globalization;
using System.Text.RegularExpressions;
using MathNet.Numerics.LinearAlgebra;
using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Evaluation;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Testing.Golden;
using Microsoft.ML.Continual.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Pgp.Tests.Golden;

/// <summary>A run of NSP² over the tasks of a case, with the released code's order of operations; what differs between ViT and CLIP is in the derived classes.</summary>
internal abstract class NullSpaceGoldenRun : IDisposable
{
    private readonly NullSpaceProjection _projection;
    private readonly double _normEpsilon;

    protected NullSpaceGoldenRun(GoldenCase golden, double normEpsilon)
    {
        (Golden, _normEpsilon) = (golden, normEpsilon);
        (Tasks, PerTask, ClassOrder) = (golden.Int("num_tasks"), (int)golden["class_order"].shape[1], golden.Longs("class_order"));
        FirstBlock = golden.Int("prompt_start_block");
        BlockCount = Math.Min(golden.Int("prompt_end_block"), golden.Int("depth") - 1) - FirstBlock + 1;
        _projection = (NullSpaceProjection)ProjectionOptions().CreateConstraint();
    }

    protected GoldenCase Golden { get; }

    protected int Tasks { get; }

    protected int PerTask { get; }

    /// <summary>The case's class of each of our class indices.</summary>
    protected long[] ClassOrder { get; }

    protected int FirstBlock { get; }

    protected int BlockCount { get; }

    protected abstract MethodOptions Options { get; }

    protected abstract ContinualMethod Method { get; }

    public void All()
    {
        _projection.Attach(Method);
        var matrix = new AccuracyMatrix();
        var accuracies = new double[Tasks, Tasks];
        for (int task = 0; task < Tasks; task++)
        {
            using DisposeScope scope = NewDisposeScope();
            Train(task);
            Evaluate(task, matrix);
            for (int i = 0; i <= task; i++) accuracies[task, i] = matrix[task, i];
            Golden.Check($"t{task}.metrics", tensor(new[]
            {
                matrix.WeightedAccuracyAfter(task, [.. Enumerable.Repeat((long)PerTask * Golden.Int("val_per_class"), Tasks)]), matrix.ForgettingAfter(task, maximumIncludesCurrent: true),
            }));
        }
        Golden.Check("acc_matrix", tensor(accuracies));
    }

    public virtual void Dispose()
    {
        _projection.Dispose();
        Method.Dispose();
    }

    protected abstract MethodTask Task(int index, IReadOnlyList<int> classes, int classCount, int imageCount);

    /// <summary>The tower with tokens of all prompted blocks; <paramref name="edits"/> says what is captured.</summary>
    protected abstract Tensor Forward(Tensor images, BlockEdits edits);

    /// <summary>Features and logits at the initial parameters.</summary>
    protected abstract void CheckOutputs(Tensor images, IReadOnlyDictionary<int, Tensor> prompts);

    /// <summary>What the method does between the projection's end of the task and its own.</summary>
    protected virtual void Conclude(int task, Tensor images, Tensor labels) { }

    /// <summary>Options of the method's base class, by the case.</summary>
    protected void Configure(MethodOptions options)
    {
        int epochs = Golden.Int("epochs");
        (options.Epochs, options.BatchSize, options.LearningRate, options.WeightDecay) = (epochs, Golden.Int("batch_size"), Golden.Number("lr"), Golden.Number("weight_decay"));
        // The released code's scheduler counts from 1 and is one epoch early.
        (options.Schedule, options.DecayFactor) = (LearningRateSchedule.Steps, Golden.Number("decay_rate"));
        options.DecayAt = [.. Golden.Ints("decay_milestones").Select(m => (m - 1.0) / epochs).Where(share => share < 1)];
    }

    protected Parameter Parameter(string name) => Method.Parameters.Single(p => p.Name == name).Value;

    private NullSpaceOptions ProjectionOptions()
    {
        NullSpaceOptions options = NullSpaceOptions.Reference;
        (double first, double second) = (Golden.Number("null_thres_value1"), Golden.Number("null_thres_value2"));
        switch (Golden.Text("null_thres_mode", "adaptive"))
        {
            case "adaptive": (options.AffinityOffset, options.AggregationOffset) = (first, second); break;
            case "times": (options.Nullity, options.AffinityMultiple, options.AggregationMultiple) = (NullityRule.Multiple, first, second); break;
            case string other: throw new NotSupportedException($"{Golden.Name}: null_thres_mode '{other}'.");
        }
        (options.AffinityEta, options.AggregationEta) = (Golden.Number("null_eta1"), Golden.Number("null_eta2"));
        options.CovarianceWeights = Golden.Text("null_interm_accum", "sum") switch
        {
            "sum" => CovarianceWeights.Batches,
            "mean" => CovarianceWeights.BatchMeans,
            string other => throw new NotSupportedException($"{Golden.Name}: null_interm_accum '{other}'."),
        };
        return options;
    }

    private Tensor OfTask(string images, int task) => cat([.. Enumerable.Range(0, PerTask).Select(c => Golden[images].select(0, ClassOrder[task * PerTask + c]))], 0);

    private void Train(int task)
    {
        string prefix = $"t{task}.";
        Tensor images = OfTask("train.images", task);
        int perClass = Golden.Int("train_per_class"), count = perClass * PerTask;
        Tensor labels = tensor(Enumerable.Range(0, count).Select(i => (long)(task * PerTask + i / perClass)).ToArray());
        Method.BeginTask(Task(task, [.. Enumerable.Range(task * PerTask, PerTask)], (task + 1) * PerTask, count));
        Give(task);
        if (task == 0) CheckForward();
        var constraintTask = new ConstraintTask(task, count, _ => throw new InvalidOperationException("The projection looks at the view of prediction."), Console.WriteLine)
        {
            SampleEvaluationImages = asked => asked == count ? images.split(Golden.Int("eval_batch_size")) : throw new InvalidOperationException($"asked for {asked} of {count} images"),
        };
        _projection.BeginTask(constraintTask);
        foreach (TrainableParameter p in Method.Parameters) Golden.Check($"{prefix}step0.before.{p.Name}", AsGiven(p, p.Value));

        using optim.Optimizer optimizer = Optimizers.Create(Options, Method.Parameters.Select(p => p.Value));
        Dictionary<string, Tensor> moments = Method.Parameters.ToDictionary(p => p.Name, p => zeros_like(p.Value.detach()), StringComparer.Ordinal);
        var losses = new Dictionary<string, List<double>> { ["lr"] = [], ["loss.ce"] = [], ["loss.lnm"] = [], ["loss.lns"] = [], ["loss.loss"] = [] };
        int step = 0;
        for (int epoch = 0; epoch < Options.Epochs; epoch++)
        {
            double rate = Optimizers.RateOf(Options, epoch);
            Optimizers.SetRate(optimizer, rate);
            foreach (long[] rows in Golden.Longs(prefix + "order").Skip(epoch * count).Take(count).Chunk(Options.BatchSize))
            {
                using DisposeScope scope = NewDisposeScope();
                Tensor index = tensor(rows);
                Step(prefix, step++, new ImageBatch(images.index_select(0, index), labels.index_select(0, index), [.. rows.Select(r => (int)r)], false), optimizer, moments, losses);
                losses["lr"].Add(rate);
            }
        }
        foreach ((string what, List<double> values) in losses) Golden.Check(prefix + what, tensor(values.ToArray()));
        foreach (TrainableParameter p in Method.Parameters) Golden.Check($"{prefix}after.{p.Name}", AsGiven(p, p.Value));
        _projection.EndTask(constraintTask);
        Conclude(task, images, labels);
        Method.EndTask();
        CheckSpaces(prefix);
    }

    // The values that the case gives in place of random ones. The head of the second task starts from the first's.
    private void Give(int task)
    {
        using IDisposable frozen = no_grad();
        foreach (TrainableParameter p in Method.Parameters)
        {
            string name = task == 0 ? "init." + p.Name : $"t{task}.new{p.Name}";
            if (Golden.Has(name)) p.Value.copy_(Golden[name].reshape(p.Value.shape));
        }
    }

    private void Step(string prefix, int step, ImageBatch batch, optim.Optimizer optimizer, Dictionary<string, Tensor> moments, Dictionary<string, List<double>> losses)
    {
        Dictionary<string, Tensor> before = Method.Parameters.ToDictionary(p => p.Name, p => p.Value.detach().clone(), StringComparer.Ordinal);
        optimizer.zero_grad();
        LossTerms terms = Method.ComputeLoss(batch);
        Golden.Check($"{prefix}step{step}.logits", terms.Logits.narrow(1, terms.Logits.shape[1] - PerTask, PerTask));
        (Tensor Means, Tensor Deviations)? drift = _projection.Drift();
        Tensor total = _projection.Penalty() is { } penalty ? terms.Total + penalty : terms.Total;
        losses["loss.ce"].Add(terms.CrossEntropy.item<float>());
        losses["loss.lnm"].Add(drift?.Means.item<float>() ?? 0);
        losses["loss.lns"].Add(drift?.Deviations.item<float>() ?? 0);
        losses["loss.loss"].Add(total.item<float>());
        total.backward();
        foreach (TrainableParameter p in Method.Parameters) Golden.Check($"{prefix}step{step}.grad.{p.Name}", AsGiven(p, p.Value.grad!));
        _projection.ProjectGradients();
        _projection.BeforeStep();
        optimizer.step();
        foreach (TrainableParameter p in Method.Parameters)
        {
            Golden.Check($"{prefix}step{step}.adam_update.{p.Name}", AsGiven(p, p.Value.detach() - before[p.Name]));
            moments[p.Name].mul_(0.9).add_((p.Value.grad! + before[p.Name] * Options.WeightDecay) * 0.1);   // the projection reaches no moment
            Golden.Check($"{prefix}step{step}.exp_avg.{p.Name}", AsGiven(p, moments[p.Name]));
        }
        _projection.AfterStep();
        foreach (TrainableParameter p in Method.Parameters) Golden.Check($"{prefix}step{step}.delta.{p.Name}", AsGiven(p, p.Value.detach() - before[p.Name]));
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
                Golden.Check($"{at}cov{side}", ToTensor(covariance));
                Golden.Check($"{at}svals{side}", tensor(values));
                Golden.Check($"{at}first_null{side}", tensor((long)(blended.Dimension - blended.Nullity)));
                Golden.Check($"{at}projector{side}", ToTensor(blended.Projector()));
                Golden.Check($"{at}B{side}", ToTensor(blended.ToDense()));
            }
        }
    }

    private void CheckForward()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        Tensor images = Golden["val.images"].select(0, ClassOrder[0]).narrow(0, 0, 2);
        string meaning = Golden.Root.GetProperty("tensors").GetProperty("forward.attention").GetProperty("meaning").GetString()!;
        int shown = int.Parse(Regex.Match(meaning, @"of block (\d+)").Groups[1].Value, CultureInfo.InvariantCulture);
        Dictionary<int, Tensor> prompts = Enumerable.Range(FirstBlock, BlockCount).ToDictionary(b => b, b => (Tensor)Parameter($"blocks.{b}.prompt.prompt"));
        Forward(images, new BlockEdits
        {
            ContextTokens = prompts, Output = OutputTokens.All,
            Capture = block => Golden.Check($"forward.block{block.Block}", block.Output),
            CaptureAttention = attention =>
            {
                if (attention.Block != shown) return;
                Tensor queries = attention.Queries;
                if (prompts.TryGetValue(shown, out Tensor? prompt)) queries = cat([queries, PromptQueries(shown, prompt)], 2);   // the released code lets prompts ask too, and drops the answers
                Golden.Check("forward.query", queries);
                Golden.Check("forward.attention", (attention with { Queries = queries }).Weights());
            },
        });
        CheckOutputs(images, prompts);
    }

    // [M, D] -> [2, H, M, d].
    private Tensor PromptQueries(int block, Tensor prompt)
    {
        string at = $"init.blocks.{block}.";
        int dim = Golden.Int("dim"), heads = Golden.Int("heads");
        Tensor normed = nn.functional.layer_norm(prompt, [dim], Golden[at + "norm1.weight"], Golden[at + "norm1.bias"], _normEpsilon);
        Tensor queries = nn.functional.linear(normed, Golden[at + "attn.qkv.weight"].narrow(0, 0, dim), Golden[at + "attn.qkv.bias"].narrow(0, 0, dim));
        return queries.reshape(1, -1, heads, dim / heads).transpose(1, 2).expand(2, heads, prompt.shape[0], dim / heads);
    }

    private void Evaluate(int after, AccuracyMatrix matrix)
    {
        using DisposeScope scope = NewDisposeScope();
        using IScorer scorer = Method.CreateScorer();
        Tensor logits = scorer.Score(cat([.. Enumerable.Range(0, after + 1).Select(t => OfTask("val.images", t))], 0));
        Golden.Check($"t{after}.eval.logits", logits);
        long[] best = logits.argmax(1).data<long>().ToArray();
        int perClass = Golden.Int("val_per_class"), perTask = perClass * PerTask;
        matrix.AddRow([.. Enumerable.Range(0, after + 1).Select(t => Enumerable.Range(t * perTask, perTask).Count(i => best[i] == i / perClass) / (double)perTask)]);
    }

    // The case's prompts are [1, M, D].
    private static Tensor AsGiven(TrainableParameter parameter, Tensor value) => parameter.Name.EndsWith("prompt", StringComparison.Ordinal) ? value.unsqueeze(0) : value;

    private static Tensor ToTensor(Matrix<double> matrix) => TensorMatrix.ToTensor(matrix.ToRowMajorArray(), matrix.RowCount, matrix.ColumnCount);
}
