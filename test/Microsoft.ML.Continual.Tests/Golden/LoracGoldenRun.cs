using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.Alignment;
using Microsoft.ML.Continual.Methods.Lorac;
using Microsoft.ML.Continual.Methods.TaskInference;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Testing.Golden;
using Microsoft.ML.Continual.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Golden;

/// <summary>Runs a LoRAC case task by task and step by step.</summary>
internal sealed class LoracGoldenRun : IDisposable
{
    private readonly GoldenCase _case;
    private readonly int[][] _classes;   // by task
    private readonly string[] _kinds;
    private readonly int _classCount, _depth;
    private readonly bool _infers;
    private readonly VisionTransformer _backbone;
    private readonly LoracOptions _options;
    private readonly LoracMethod _method;
    private readonly double[,] _accuracy, _before;

    public LoracGoldenRun(GoldenCase @case)
    {
        _case = @case;
        _classes = [.. Enumerable.Range(0, @case.Int("num_tasks")).Select(t => @case["class_mask"].select(0, t).contiguous().data<long>().ToArray().Select(c => (int)c).ToArray())];
        _kinds = [.. @case.Root.GetProperty("attributes").EnumerateArray().Select(name => name.GetString()!)];
        (_classCount, _depth, _infers) = (@case.Int("num_classes"), @case.Int("depth"), @case.Text("engine", "") == "tii");
        _accuracy = new double[_classes.Length, _classes.Length];
        _before = new double[_classes.Length, _classes.Length];
        int width = @case.Int("dim"), batch = @case.Int("batch_size");
        var config = new VisionTransformerConfig(@case.Int("image"), @case.Int("patch"), width, _depth, @case.Int("heads"), (int)@case["init.blocks.0.mlp.fc1.bias"].shape[0]);
        _backbone = VisionTransformer.FromTensors(@case.Named("init."), config);
        double first = @case.Number("first_session_lr");
        _options = new LoracOptions
        {
            Backbone = _backbone, Rank = @case.Int("rank"), Placement = @case.Flag("lora_fc1") ? LoracPlacement.All : LoracPlacement.Qkvo,
            OrthogonalityWeight = @case.Number("ortho"), OmegaLearningRateScale = @case.Number("omega_lr_scale"),
            FrozenShare = @case.Number("threshold"), ShareOfRemaining = @case.Flag("new_mask"), ImportanceDecay = @case.Number("beta1"), UncertaintyDecay = @case.Number("beta2"),
            MaximumGradientNorm = @case.Number("clip_grad"), WeightDecay = @case.Number("weight_decay"), Epochs = @case.Int("epochs"), BatchSize = batch,
            LearningRate = @case.Number("lr") * batch / 256, FirstTaskLearningRate = first == 0 ? null : first,
            TaskInference = _infers ? new TaskInferenceOptions { Clusters = @case.Int("tii_modes"), BatchVote = @case.Flag("batch_wise") } : null,
            Alignment = !_infers ? null : new ClassifierAlignmentOptions
            {
                Epochs = @case.Int("crct_epochs"), LearningRate = @case.Number("ca_lr"), Samples = 5 * batch, Centroids = @case.Int("n_centroids"),
                Statistics = @case.Text("ca_method", "") switch
                {
                    "multi-centroid" => AlignmentStatistics.Centroids,
                    "covariance" => AlignmentStatistics.Covariance,
                    "variance" => AlignmentStatistics.Variance,
                    var other => throw new NotSupportedException($"ca_method '{other}'"),
                },
            },
        };
        _options.UseReleasedCode();
        if (@case.Text("sched", "") == "constant") _options.Schedule = LearningRateSchedule.Constant;
        _method = (LoracMethod)_options.CreateMethod(new SeededRandom(0));
        _method.Composition.MeasuresFrozen = true;
        if (!_infers) return;
        _method.Alignment!.Distributions.Labels = c => Ints($"stat.c{c}.labels");
        _method.Clusters!.Labels = c => Ints($"tii.c{c}.labels");
    }

    public void Run()
    {
        for (int task = 0; task < _classes.Length; task++)
        {
            using DisposeScope scope = NewDisposeScope();
            bool[] frozen = [.. _method.Composition.Matrices.Select(m => m.IsFrozen)];
            _method.InitialDown = m => _case[$"init.lora_layer.{Kind(m)}_A"].select(0, task).select(0, m.Block);
            _method.BeginTask(new MethodTask(task, _classes[task], _classCount, 1, new SeededRandom(task)));
            if (task == 0) SetHead("init.head");
            foreach (int block in Enumerable.Range(0, _depth))
                CheckDeltas($"t{task}.start", block, m => m.TrainingFactors(m.Down is null ? null : m.CurrentDown(_options.Orthogonality)) is { } f ? f.Downs.mm(f.Ups) : zeros(m.Inputs, m.Outputs));
            Train(task);
            CheckImportance(task, frozen);
            CheckPools(task);
            Conclude(task);
        }
        _case.Check("acc_matrix", from_array(_accuracy));
        _case.Check("acc_matrix_before_alignment", from_array(_before));
    }

    public void Dispose()
    {
        _method.Dispose();
        _backbone.Dispose();
    }

    private void Train(int task)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor order = _case[$"t{task}.order"];
        (Tensor images, long[] labels) = Images("train.images", _classes[task]);
        List<double> crossEntropy = [], penalty = [], total = [], norms = [], rates = [];
        List<Tensor> importance = [];
        using var optimizer = new TaskOptimizer(_options, _method.Parameters, task == 0);
        int last = _options.Epochs * (int)((order.shape[1] + _options.BatchSize - 1) / _options.BatchSize) - 1, step = 0;
        for (int epoch = 0; epoch < _options.Epochs; epoch++)
        {
            optimizer.SetEpoch(epoch);
            foreach (long[] rows in order.select(0, epoch).contiguous().data<long>().ToArray().Chunk(_options.BatchSize))
            {
                using DisposeScope inner = NewDisposeScope();
                Tensor index = tensor((IList<long>)rows, new long[] { rows.Length });
                var batch = new ImageBatch(images.index_select(0, index), tensor((IList<long>)[.. rows.Select(r => labels[r])], new long[] { rows.Length }), [.. rows.Select(r => (int)r)], false);
                if (step == 0) CheckLogits(task, batch.Images);
                Tensor before = _method.Importance.Sensitivity.clone();
                optimizer.ZeroGradients();
                LossTerms terms = _method.ComputeLoss(batch);
                terms.Total.backward();
                _method.AfterBackward();
                importance.Add(((_method.Importance.Sensitivity - before * _options.ImportanceDecay) / (1 - _options.ImportanceDecay)).reshape(_kinds.Length, _depth).MoveToOuterDisposeScope());
                if (step == 0 || step == last) CheckGradients($"t{task}.step{step}.grad.");
                norms.Add(Norm());
                GradientClipping.ClipGlobalNorm(_method.Parameters.Select(p => p.Value), _options.MaximumGradientNorm!.Value);
                optimizer.Step();
                crossEntropy.Add(terms.CrossEntropy.item<float>());
                total.Add(terms.Total.item<float>());
                penalty.Add(total[^1] - crossEntropy[^1]);
                rates.AddRange([Optimizers.RateOf(_options, epoch, task == 0), Optimizers.RateOf(_options, epoch, task == 0, _options.OmegaLearningRateScale)]);
                step++;
            }
        }
        _case.Check($"t{task}.loss.ce", Numbers(crossEntropy));
        _case.Check($"t{task}.loss.ortho", Numbers(penalty));
        _case.Check($"t{task}.loss.total", Numbers(total));
        _case.Check($"t{task}.gradnorm", Numbers(norms));
        _case.Check($"t{task}.lr", Numbers(rates).reshape(-1, 2));
        _case.Check($"t{task}.ipt.per_step", stack(importance));
    }

    // By low-rank updates beside the frozen weights: the way of training without importance.
    private void CheckLogits(int task, Tensor images)
    {
        using IDisposable frozen = no_grad();
        Tensor features = _backbone.Forward(images, new BlockEdits { Linears = _method.Composition.Train(null).Edits }).AverageTokens();
        _case.Check($"t{task}.step0.logits", _method.Head.Logits(features));
    }

    private void CheckGradients(string prefix)
    {
        _case.Check(prefix + "head.weight", _method.Head.Weight.grad!);
        _case.Check(prefix + "head.bias", _method.Head.Bias.grad!);
        foreach (string kind in _kinds)
        {
            _case.Check($"{prefix}{kind}_A", Rows(kind, m => m.Down?.grad ?? zeros(m.Inputs, _options.Rank)));
            _case.Check($"{prefix}{kind}_B", Rows(kind, m => m.Up?.grad ?? zeros(_options.Rank, m.Outputs)));
            _case.Check($"{prefix}{kind}_O", Rows(kind, m => m.Omegas is { } o ? cat([o.grad!, zeros(_classes.Length - o.shape[0])], 0) : zeros(_classes.Length)).t());
        }
    }

    private void CheckImportance(int task, bool[] frozen)
    {
        _case.Check($"t{task}.ipt.ema", _method.Importance.Sensitivity.reshape(_kinds.Length, _depth));
        _case.Check($"t{task}.ipt.unc", _method.Importance.Uncertainty.reshape(_kinds.Length, _depth));
        _method.Scored = scores => _case.Check($"t{task}.ipt.score", Numbers([.. scores.Zip(frozen, (score, isFrozen) => isFrozen ? 0 : score)]).reshape(_kinds.Length, _depth));
        _method.FinishTraining();
        _case.Check($"t{task}.mask", tensor((IList<long>)[.. _method.Composition.Matrices.Select(m => m.IsFrozen ? 0L : 1L)], new long[] { _kinds.Length, _depth }));
    }

    private void CheckPools(int task)
    {
        foreach (string kind in _kinds)
        {
            _case.Check($"t{task}.after.{kind}_A", Rows(kind, m => m.Factors.Downs.Count > task ? m.Factors.Downs[task] : _case[$"init.lora_layer.{kind}_A"].select(0, task).select(0, m.Block)));
            _case.Check($"t{task}.after.{kind}_B", Rows(kind, m => m.Factors.Ups.Count > task ? m.Factors.Ups[task] : zeros(_options.Rank, m.Outputs)));
            _case.Check($"t{task}.after.{kind}_O", Rows(kind, m => Omegas(m, task)).t());
        }
        _case.Check($"t{task}.omega_bank", stack(_kinds.Select(kind => Rows(kind, m => Omegas(m, task)).t())));
        _case.Check($"t{task}.after.head.weight", _method.Head.Weight);
        _case.Check($"t{task}.after.head.bias", _method.Head.Bias);
        foreach (int block in Enumerable.Range(0, _depth)) CheckDeltas($"t{task}.end", block, m => m.Factors.Delta(task, _options.Rank)!);
    }

    private void CheckDeltas(string prefix, int block, Func<LoracMatrix, Tensor> delta)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        Dictionary<LoracMap, Tensor> own = _method.Composition.Matrices.Where(m => m.Block == block).ToDictionary(m => m.Map, delta);
        _case.Check($"{prefix}.deltaW.qkv.{block}", cat([own[LoracMap.Query], own[LoracMap.Key], own[LoracMap.Value]], 1));
        foreach ((LoracMap map, string name) in new[] { (LoracMap.Out, "out"), (LoracMap.Fc1, "fc1"), (LoracMap.Fc2, "fc2") })
            if (own.TryGetValue(map, out Tensor? value)) _case.Check($"{prefix}.deltaW.{name}.{block}", value);
    }

    private void Conclude(int task)
    {
        var losses = new List<double>();
        if (_infers && _case.Has($"t{task}.ca.z"))
        {
            _method.Alignment!.Aligner = new ClassifierAligner(_options.Alignment!)
            {
                Normals = epoch => _case[$"t{task}.ca.z"].select(0, epoch),
                Order = epoch => [.. _case[$"t{task}.ca.perm"].select(0, epoch).contiguous().data<long>().ToArray().Select(i => (int)i)],
                Drawn = (epoch, all) => { if (epoch == 0 && _case.Wants($"t{task}.ca.samples0")) _case.Check($"t{task}.ca.samples0", all.narrow(0, 0, _case[$"t{task}.ca.samples0"].shape[0])); },
                Stepped = loss => losses.Add(loss.item<float>()),
            };
        }
        else if (_infers) _method.Alignment!.Aligner = null;
        (Tensor images, long[] labels) = Images("train.images", _classes[task]);
        Tensor weight = _method.Head.Weight.detach().clone(), bias = _method.Head.Bias.detach().clone();
        var batch = new ImageBatch(images, tensor((IList<long>)labels, new long[] { labels.Length }), [.. Enumerable.Range(0, labels.Length)], true);
        _method.Conclude(new FinishedTask(labels.Length, _ => [batch], new SeededRandom(task), _ => { }));
        _method.EndTask();
        if (losses.Count > 0) _case.Check($"t{task}.ca.loss", Numbers(losses));
        _case.Check($"t{task}.ca.head.weight", _method.Head.Weight);
        _case.Check($"t{task}.ca.head.bias", _method.Head.Bias);
        if (task > 0)
        {
            SetHead(weight, bias);
            using var unaligned = (LoracScorer)_method.CreateScorer();
            Evaluate(unaligned, task, _before);
        }
        if (_case.Has($"t{task}.ca.head.weight")) SetHead($"t{task}.ca.head");
        using var scorer = (LoracScorer)_method.CreateScorer();
        CheckStatistics(scorer, task);
        CheckForward(scorer, task);
        CheckEvaluation(scorer, task);
    }

    private void CheckStatistics(LoracScorer scorer, int task)
    {
        if (!_infers) return;
        foreach (int c in _classes[task])
        {
            Tensor images = _case["train.images"].select(0, c);
            _case.Check($"stat.c{c}.features", scorer.Features(images, task));
            ClassDistribution[] own = [.. _method.Alignment!.Distributions.All.Where(d => d.Class == c)];
            bool isFull = own[0].Spread.dim() == 2, isOne = _options.Alignment!.Statistics != AlignmentStatistics.Centroids;
            _case.Check($"stat.c{c}.mean", isOne ? own[0].Mean : stack(own.Select(d => d.Mean)));
            _case.Check($"stat.c{c}.var", isOne ? own[0].Spread : stack(own.Select(d => d.Spread)));
            if (isFull) _case.Check($"stat.c{c}.cov", own[0].Spread.mm(own[0].Spread.t()));
            Tensor features = scorer.Features(images, 0).to(ScalarType.Float64), unit = features / features.square().sum(1).sqrt().unsqueeze(1);
            _case.Check($"tii.c{c}.mean", stack(_method.Clusters!.All.Where(cluster => cluster.Class == c).Select(cluster => cluster.Mean)));
            int[] labels = Ints($"tii.c{c}.labels");
            Tensor[] covariances = [.. Enumerable.Range(0, labels.Max() + 1).Select(cluster => FeatureCluster.Covariance(unit.index_select(0, Indices(labels, cluster)), _options.TaskInference!.ReferenceCovariance))];
            _case.Check($"tii.c{c}.cov", stack(covariances));
            _case.Check($"tii.c{c}.shrunk", stack(covariances.Select(covariance => FeatureCluster.Shrink(covariance, _options.TaskInference!.Shrinkage))));
        }
    }

    private void CheckForward(LoracScorer scorer, int task)
    {
        Tensor[] features = [.. Enumerable.Range(0, task + 1).Select(s => scorer.Features(_case["forward.images"], s))];
        _case.Check($"t{task}.fw.features", stack(features));
        _case.Check($"t{task}.fw.logits", stack(Enumerable.Range(0, task + 1).Select(s => scorer.Score(_case["forward.images"], s))));
    }

    private void CheckEvaluation(LoracScorer scorer, int task)
    {
        (Tensor logits, long[] tasks, double taskAccuracy) = Evaluate(scorer, task, _accuracy);
        _case.Check($"t{task}.eval.lora_id", tensor((IList<long>)tasks, new long[] { tasks.Length }));
        int[] seen = [.. _classes.Take(task + 1).SelectMany(c => c)];
        _case.Check($"t{task}.eval.logits", _infers ? logits : logits.index_select(1, tensor((IList<long>)[.. seen.Select(c => (long)c)], new long[] { seen.Length })));
        if (_infers) _case.Check($"t{task}.eval.mahalanobis", _method.Clusters!.Distances(scorer.Features(Images("val.images", seen).Images, 0)));
        double average = Enumerable.Range(0, task + 1).Average(i => _accuracy[i, task]);
        double forgetting = task == 0 ? 0 : Enumerable.Range(0, task).Average(i => Enumerable.Range(0, task).Max(j => _accuracy[i, j]) - _accuracy[i, task]);
        double backward = task == 0 ? 0 : Enumerable.Range(0, task).Average(i => _accuracy[i, task] - _accuracy[i, i]);
        _case.Check($"t{task}.metrics", Numbers([average, forgetting, backward, taskAccuracy]));
    }

    private (Tensor Logits, long[] Tasks, double TaskAccuracy) Evaluate(LoracScorer scorer, int task, double[,] accuracy)
    {
        int[] seen = [.. _classes.Take(task + 1).SelectMany(c => c)];
        List<Tensor> all = [];
        List<long> tasks = [];
        int rightTasks = 0;
        for (int i = 0; i <= task; i++)
        {
            (Tensor images, long[] labels) = Images("val.images", _classes[i]);
            int right = 0;
            foreach (int[] rows in Enumerable.Range(0, labels.Length).Chunk(_case.Int("eval_batch")))
            {
                Tensor part = images.narrow(0, rows[0], rows.Length), logits = scorer.Score(part);
                all.Add(logits);
                float[] flat = logits.contiguous().data<float>().ToArray();
                int[] predicted = [.. rows.Select((_, r) => (_infers ? Enumerable.Range(0, _classCount) : seen).MaxBy(c => flat[r * _classCount + c]))];
                int[] inferred = _infers ? scorer.InferTasks(part) : [.. predicted.Select(c => Array.FindIndex(_classes, own => own.Contains(c)))];
                tasks.AddRange(inferred.Select(t => (long)t));
                rightTasks += inferred.Count(t => t == i);
                right += predicted.Where((c, r) => c == labels[rows[r]]).Count();
            }
            accuracy[i, task] = 100.0 * right / labels.Length;
        }
        return (cat(all, 0), [.. tasks], 100.0 * rightTasks / tasks.Count);
    }

    // Class by class: [n, 3, S, S] and the labels.
    private (Tensor Images, long[] Labels) Images(string name, int[] classes)
    {
        Tensor all = _case[name];
        int each = (int)all.shape[1];
        return (cat([.. classes.Select(c => all.select(0, c))], 0), [.. classes.SelectMany(c => Enumerable.Repeat((long)c, each))]);
    }

    private Tensor Rows(string kind, Func<LoracMatrix, Tensor> value) => stack(_method.Composition.Matrices.Where(m => Kind(m) == kind).Select(m => value(m).detach()));

    private Tensor Omegas(LoracMatrix matrix, int task) => cat([matrix.Factors.Bank[task], ones(_classes.Length - task - 1)], 0);

    private double Norm() => Math.Sqrt(_method.Parameters.Where(p => p.Value.grad is not null).Sum(p => p.Value.grad!.to(ScalarType.Float64).square().sum().item<double>()));

    private void SetHead(string name) => SetHead(_case[name + ".weight"], _case[name + ".bias"]);

    private void SetHead(Tensor weight, Tensor bias)
    {
        using IDisposable frozen = no_grad();
        _method.Head.Weight.copy_(weight);
        _method.Head.Bias.copy_(bias);
    }

    private int[] Ints(string name) => [.. _case.Longs(name).Select(value => (int)value)];

    private static Tensor Indices(int[] labels, int cluster)
    {
        long[] rows = [.. labels.Select((c, row) => (c, (long)row)).Where(image => image.c == cluster).Select(image => image.Item2)];
        return tensor((IList<long>)rows, new long[] { rows.Length });
    }

    private static Tensor Numbers(List<double> values) => from_array(values.ToArray());

    private static string Kind(LoracMatrix matrix) => matrix.Name[(matrix.Name.LastIndexOf('.') + 1)..];
}
