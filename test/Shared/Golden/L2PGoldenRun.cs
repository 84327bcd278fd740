using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.L2P;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Testing.Golden;

/// <summary>Runs an L2P case task by task, step by step, and checks whatever the case lists. A projection may take part.</summary>
internal sealed class L2PGoldenRun : IDisposable
{
    private readonly GoldenCase _case;
    private readonly int _classCount;
    private readonly bool _vote;
    private readonly double[,] _accuracy;

    public L2PGoldenRun(GoldenCase @case)
    {
        _case = @case;
        _classCount = @case.Int("classes");
        _vote = @case.Flag("batchwise");
        TaskCount = @case.Int("tasks_run", 1);
        _accuracy = new double[TaskCount, TaskCount];
        Backbone = MakeBackbone(@case);
        PromptSelection selection = _vote ? PromptSelection.BatchwiseVote : PromptSelection.PerImage;
        Options = new L2POptions
        {
            Backbone = Backbone,
            PoolSize = @case.Int("pool"),
            PromptLength = @case.Int("length"),
            TopK = @case.Int("top_k"),
            PullConstraint = @case.Number("pull_coeff"),
            Pooling = @case.Text("head_type", "prompt") switch
            {
                "prompt" => PromptPooling.Prompt,
                "token" => PromptPooling.ClassToken,
                "token+prompt" => PromptPooling.ClassAndPrompt,
                var other => throw new NotSupportedException($"head_type '{other}'"),
            },
            Query = Query(@case.Text("embedding_key", "cls"), withClassFeature: true),
            PromptMask = @case.Flag("use_prompt_mask"),
            SharePrompts = @case.Flag("shared_prompt_pool"),
            ShareKeys = @case.Flag("shared_prompt_key"),
            TrainingSelection = selection,
            PredictionSelection = selection,
        };
        Method = (L2PMethod)Options.CreateMethod(new SeededRandom(0));
        using var state = new StateDictionary();
        Method.SaveState(state);
        using var start = new StateDictionary();
        foreach ((string name, System.Text.Json.Nodes.JsonNode? value) in state.Values) start.Values[name] = value?.DeepClone();
        foreach (TrainableParameter parameter in Method.Parameters) start.Add(parameter.Name, @case["init." + parameter.Name]);
        Method.LoadState(start);
    }

    public int TaskCount { get; }

    public VisionTransformer Backbone { get; }

    public L2POptions Options { get; }

    public L2PMethod Method { get; }

    /// <summary>The backbone whose weights a case holds under <c>backbone.</c>.</summary>
    public static VisionTransformer MakeBackbone(GoldenCase @case)
    {
        int width = @case.Int("dim");
        var config = new VisionTransformerConfig(@case.Int("image"), @case.Int("patch"), width, @case.Int("depth"), @case.Int("heads"), (int)(width * @case.Number("mlp_ratio")));
        return VisionTransformer.FromTensors(@case.Named("backbone."), config);
    }

    /// <summary>What a case's embedding key means. Without class features the published code falls back to the maximum.</summary>
    public static L2PQuery Query(string key, bool withClassFeature) => key switch
    {
        "cls" => withClassFeature ? L2PQuery.ClassFeature : L2PQuery.PatchMaximum,
        "mean" => L2PQuery.PatchMean,
        "max" => L2PQuery.PatchMaximum,
        "mean_max" => L2PQuery.PatchMaximumAndMean,
        _ => throw new NotSupportedException($"embedding_key '{key}'"),
    };

    /// <summary>Checks <c>variant.*</c>: similarities and selected prompts of the first batch for other queries, with the initial keys.</summary>
    public void CheckQueryVariants()
    {
        const string Prefix = "variant.", Suffix = ".similarity";
        using DisposeScope scope = NewDisposeScope();
        foreach (string output in _case.Outputs.Where(o => o.StartsWith(Prefix, StringComparison.Ordinal) && o.EndsWith(Suffix, StringComparison.Ordinal)))
        {
            string key = output[Prefix.Length..^Suffix.Length];
            Tensor images = _case["task1.images"].index_select(0, _case["task1.batches"].select(0, 0));
            Tensor queries = L2PNetwork.PatchQuery(Backbone.EmbedPatches(images), Query(key, withClassFeature: false));
            Tensor similarity = PromptMatching.Similarity(queries, _case["init.prompt.prompt_key"]);
            _case.Check(output, similarity);
            Tensor ids = PromptMatching.Select(similarity, Options.TopK, Options.TrainingSelection).expand(images.shape[0], Options.TopK);
            _case.Check($"{Prefix}{key}.prompt_idx", ids, rowsAsSets: _vote);
        }
    }

    /// <summary>Trains a task with a fresh Adam and evaluates after it.</summary>
    /// <param name="task">1-based, among those run.</param>
    /// <param name="constraint">Takes part in each step; its <c>BeginTask</c> and <c>EndTask</c> are the caller's.</param>
    public void RunTask(int task, UpdateConstraint? constraint = null)
    {
        BeginTask(task);
        Train(task, constraint);
        Method.EndTask();
        Evaluate(task);
    }

    /// <summary>Opens a task in the method.</summary>
    public void BeginTask(int task)
    {
        int index = _case.Int("first_task", 0) + task - 1;
        int[] classes = [.. _case["class_mask"].select(0, index).contiguous().data<long>().ToArray().Select(c => (int)c)];
        Method.BeginTask(new MethodTask(index, classes, _classCount, (int)_case[$"task{task}.images"].shape[0], new SeededRandom(task)));
    }

    /// <summary>The steps of one task.</summary>
    public void Train(int task, UpdateConstraint? constraint)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor images = _case[$"task{task}.images"], labels = _case[$"task{task}.labels"], batches = _case[$"task{task}.batches"];
        using OptimizerHelper optimizer = optim.Adam(Method.Parameters.Select(p => p.Value), _case.Number("lr"));
        long steps = batches.shape[0];
        double[] crossEntropy = new double[steps], pull = new double[steps], total = new double[steps];
        for (int s = 0; s < steps; s++)
        {
            using DisposeScope step = NewDisposeScope();
            Tensor rows = batches.select(0, s);
            var batch = new ImageBatch(images.index_select(0, rows), labels.index_select(0, rows), [.. rows.data<long>().ToArray().Select(r => (int)r)], IsDeterministic: true);
            string prefix = $"task{task}.step{s + 1}.";
            L2PPass pass = Method.Run(batch);
            CheckPass(prefix, batch.Images, pass);
            pull[s] = L2PNetwork.Pull(pass).item<float>();
            optimizer.zero_grad();
            LossTerms terms = Method.ComputeLoss(batch);
            _case.Check(prefix + "logits_masked", terms.Logits);
            crossEntropy[s] = terms.CrossEntropy.item<float>();
            total[s] = terms.Total.item<float>();
            terms.Total.backward();
            foreach (TrainableParameter p in Method.Parameters) _case.Check($"{prefix}grad_raw.{p.Name}", p.Value.grad!);
            _case.Check(prefix + "grad_total_norm", ClipGradients(_case.Number("clip_grad")));
            constraint?.ProjectGradients();
            foreach (TrainableParameter p in Method.Parameters) _case.Check($"{prefix}grad_final.{p.Name}", p.Value.grad!);
            constraint?.BeforeStep();
            optimizer.step();
            constraint?.AfterStep();
            foreach (TrainableParameter p in Method.Parameters) _case.Check($"task{task}.after{s + 1}.{p.Name}", p.Value);
        }
        _case.Check($"task{task}.loss_ce", from_array(crossEntropy));
        _case.Check($"task{task}.loss_pull", from_array(pull));
        _case.Check($"task{task}.loss_total", from_array(total));
    }

    /// <summary>Scores the test batches of all tasks so far.</summary>
    public void Evaluate(int task)
    {
        using IScorer scorer = Method.CreateScorer();
        for (int i = 0; i < task; i++)
        {
            if (!_case.Has($"task{i + 1}.val_images")) continue;
            using DisposeScope scope = NewDisposeScope();
            Tensor images = _case[$"task{i + 1}.val_images"], labels = _case[$"task{i + 1}.val_labels"];
            L2PPass pass = ((L2PScorer)scorer).Run(images);
            Tensor logits = scorer.Score(images);
            foreach (string prefix in new[] { $"eval_after_task{task}.batch{i}.", $"eval.batch{i}." })
            {
                if (prefix.StartsWith("eval.", StringComparison.Ordinal) && task != TaskCount) continue;
                CheckPass(prefix, images, pass);
                _case.Check(prefix + "logits", logits);
            }
            _accuracy[i, task - 1] = 100.0 * logits.argmax(1).eq(labels).to(ScalarType.Float64).mean().item<double>();
        }
        if (task == TaskCount) _case.Check("acc_matrix", from_array(_accuracy));
    }

    public void Dispose()
    {
        Method.Dispose();
        Backbone.Dispose();
    }

    private void CheckPass(string prefix, Tensor images, L2PPass pass)
    {
        using DisposeScope scope = NewDisposeScope();
        long count = images.shape[0];
        int k = Options.TopK, length = Options.PromptLength, width = Backbone.Width;
        IReadOnlyDictionary<string, Tensor> activations = Method.CollectActivations(images, ["prompt", "key"]);
        _case.Check(prefix + "cls_features", activations["key"].squeeze(1));
        _case.Check(prefix + "similarity", pass.Similarity);
        Tensor ids = pass.Selected.expand(count, k);
        _case.Check(prefix + "prompt_idx", ids, rowsAsSets: _vote);
        _case.Check(prefix + "reduce_sim", L2PNetwork.Pull(pass));
        _case.Check(prefix + "pre_logits", pass.Features);
        TrainableParameter[] head = [.. Method.Parameters.Where(p => p.Name.StartsWith("head.", StringComparison.Ordinal))];
        if (prefix.StartsWith("task", StringComparison.Ordinal)) _case.Check(prefix + "logits", nn.functional.linear(pass.Features, head[0].Value, head[1].Value));
        Tensor prompts = pass.PromptTokens.expand(count, k * length, width).reshape(count, k, length, width);
        if (_vote && _case.Has(prefix + "prompt_idx")) prompts = InTheCasesOrder(prompts, ids, _case[prefix + "prompt_idx"]);
        Tensor embedded = cat([prompts.reshape(count, k * length, width), activations["prompt"]], 1);
        _case.Check(prefix + "prompted_embedding", embedded);
        _case.Check(prefix + "seq_len", tensor(1 + embedded.shape[1], ScalarType.Int64));
    }

    // Among prompts with equal votes any order is right; the blocks are compared in the case's order.
    private static Tensor InTheCasesOrder(Tensor prompts, Tensor ids, Tensor order)
    {
        Tensor position = ids.unsqueeze(1).eq(order.unsqueeze(2)).to(ScalarType.Int64).argmax(2);   // [B, k]: where each of the case's ids stands in ours
        return prompts.gather(1, position.unsqueeze(-1).unsqueeze(-1).expand(prompts.shape));
    }

    private double ClipGradients(double maximum)
    {
        using DisposeScope scope = NewDisposeScope();
        double square = 0;
        foreach (TrainableParameter p in Method.Parameters) square += p.Value.grad!.to(ScalarType.Float64).square().sum().item<double>();
        double norm = Math.Sqrt(square), factor = Math.Min(1, maximum / (norm + 1e-6));
        foreach (TrainableParameter p in Method.Parameters) p.Value.grad!.mul_(factor);
        return norm;
    }
}
