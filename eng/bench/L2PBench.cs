using System.Diagnostics;
using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.L2P;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Pgp;
using Microsoft.ML.Continual.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Bench;

/// <summary>Our side of one model at one batch size: turns of training, prediction and subspace update on one batch of random images.</summary>
internal sealed class L2PBench : IDisposable
{
    private readonly BenchModel _model;
    private readonly VisionTransformer _backbone;
    private readonly L2POptions _options;
    private readonly L2PMethod _method;
    private readonly Tensor _images, _labels;
    private readonly int _batch;
    private IScorer? _scorer;
    private L2PMethod? _cachedMethod;
    private List<Parameter>? _cachedParameters;
    private optim.Optimizer? _cachedOptimizer;

    public L2PBench(BenchModel model, int batch, Device device, ScalarType type)
    {
        (_model, _batch) = (model, batch);
        using DisposeScope scope = NewDisposeScope();
        var random = new SeededRandom(1);
        Dictionary<string, Tensor> weights = model.Config.TensorShapes().ToDictionary(pair => pair.Key, pair => random.UniformTensor(-0.03, 0.03, pair.Value));
        _backbone = VisionTransformer.FromTensors(weights, model.Config, device, type);
        _options = new L2POptions
        {
            Backbone = _backbone,
            BatchSize = batch,
            PoolSize = BenchModel.PoolSize,
            PromptLength = BenchModel.PromptLength,
            TopK = BenchModel.TopK,
        };
        _method = (L2PMethod)_options.CreateMethod(random);
        int side = model.Config.ImageSize;
        _images = random.UniformTensor(0, 1, batch, 3, side, side).to(type).to(device).DetachFromDisposeScope();
        _labels = tensor(Enumerable.Range(0, batch).Select(i => (long)i % BenchModel.Classes).ToArray()).to(device).DetachFromDisposeScope();
    }

    /// <summary>Training steps: the baseline's mathematics token by token, then the library as its users get it.</summary>
    /// <param name="steps">Steps a turn. Only a whole task is longer: so many batches in each of the default number of epochs, of which the first fills the cache of queries.</param>
    public Measurement Training(int steps) => new($"train {_model.Name} batch {_batch}", steps * _batch, baseline => baseline.Train(steps),
    [
        new("two full passes", steps * _batch, QueryOperations + TrainedOperations, () => TrainPlainly(steps)),
        new("defaults, random views", steps * _batch, QueryOperations + TrainedOperations, () => TrainTask(steps, 1, deterministic: false)),
        new("defaults, fixed views", steps * _batch, TrainedOperations, () => TrainCached(steps)),
        new($"defaults, fixed views, a task of {_options.Epochs} epochs", steps * _batch * _options.Epochs, QueryOperations / _options.Epochs + TrainedOperations,
            () => TrainTask(steps, _options.Epochs, deterministic: true)),
    ]);

    /// <summary>Prediction by the library's scorer.</summary>
    public Measurement Prediction(int steps) => new($"predict {_model.Name} batch {_batch}", steps * _batch, baseline => baseline.Predict(steps),
    [
        new("", steps * _batch, QueryOperations + PromptedOperations, () => Predict(steps)),
    ]);

    /// <summary>The memory of a first task: the activations of so many images, streamed, and the bases of both sites.</summary>
    public Measurement Subspace(int images) => new($"subspace {_model.Name} batch {_batch}", images, baseline => baseline.Subspace(images),
    [
        new("", images, QueryOperations, () => Remember(images)),
    ]);

    public void Dispose()
    {
        _scorer?.Dispose();
        _cachedOptimizer?.Dispose();
        _cachedMethod?.Dispose();
        _method.Dispose();
        _backbone.Dispose();
        _images.Dispose();
        _labels.Dispose();
    }

    private double QueryOperations => _model.ForwardOperations(_model.QueryTokens);

    private double TrainedOperations => PromptedOperations + _model.BackwardOperations(_model.PromptedTokens);

    private double PromptedOperations => _model.ForwardOperations(_model.PromptedTokens);

    // A task of its own, as in a Fit: a cache of queries starts empty, and each image comes once an epoch.
    private double TrainTask(int batches, int epochs, bool deterministic)
    {
        _method.BeginTask(Task(batches * _batch));
        List<Parameter> parameters = [.. _method.Parameters.Select(parameter => parameter.Value)];
        using optim.Optimizer optimizer = Optimizers.Create(_options, parameters);
        double seconds = Time(() => Train(_method, parameters, optimizer, batches, epochs, deterministic));
        _method.EndTask();
        return seconds;
    }

    // From the second epoch on: a task that stays open, so that its cache stays full.
    private double TrainCached(int batches)
    {
        if (_cachedMethod is null)
        {
            _cachedMethod = (L2PMethod)_options.CreateMethod(new SeededRandom(4));
            _cachedMethod.BeginTask(Task(batches * _batch));
            _cachedParameters = [.. _cachedMethod.Parameters.Select(parameter => parameter.Value)];
            _cachedOptimizer = Optimizers.Create(_options, _cachedParameters);
            Train(_cachedMethod, _cachedParameters, _cachedOptimizer, batches, 1, deterministic: true);
        }
        return Time(() => Train(_cachedMethod, _cachedParameters!, _cachedOptimizer!, batches, 1, deterministic: true));
    }

    private void Train(L2PMethod method, List<Parameter> parameters, optim.Optimizer optimizer, int batches, int epochs, bool deterministic)
    {
        int steps = batches * epochs;
        for (int step = 0; step < steps; step++)
        {
            using DisposeScope scope = NewDisposeScope();
            int first = step % batches * _batch;
            LossTerms terms = method.ComputeLoss(new ImageBatch(_images, _labels, [.. Enumerable.Range(first, _batch)], deterministic));
            Step(terms.Total, parameters, optimizer);
            if (step == steps - 1) terms.Total.item<float>();   // waits for the device
        }
    }

    private double Predict(int steps)
    {
        if (_scorer is null)
        {
            _method.BeginTask(Task(_batch));
            _method.EndTask();
            _scorer = _method.CreateScorer();
        }
        return Time(() =>
        {
            for (int step = 0; step < steps; step++)
            {
                using DisposeScope scope = NewDisposeScope();
                Tensor best = _scorer.Score(_images).argmax(1);
                if (step == steps - 1) best.cpu();   // waits for the device
            }
        });
    }

    // What the baseline computes, no token less: both passes over all tokens of all blocks.
    private double TrainPlainly(int steps)
    {
        var random = new SeededRandom(2);
        int width = _model.Config.Width;
        Parameter prompts = Trainable(random, -1, 1, BenchModel.PoolSize, BenchModel.PromptLength * width), keys = Trainable(random, -1, 1, BenchModel.PoolSize, width);
        Parameter weight = Trainable(random, -0.02, 0.02, BenchModel.Classes, width), bias = Trainable(random, 0, 0, BenchModel.Classes);
        List<Parameter> parameters = [prompts, keys, weight, bias];
        using optim.Optimizer optimizer = Optimizers.Create(_options, parameters);
        double seconds = Time(() =>
        {
            for (int step = 0; step < steps; step++)
            {
                using DisposeScope scope = NewDisposeScope();
                Tensor query;
                using (no_grad())
                    query = _backbone.Forward(_images, new BlockEdits { Output = OutputTokens.All }).select(1, 0).to(ScalarType.Float32);   // [B, T, D] -> [B, D]
                Tensor similarity = PromptMatching.Similarity(query, keys);                                                                // [B, M]
                Tensor ids = PromptMatching.Select(similarity, BenchModel.TopK, PromptSelection.PerImage);                                // [B, k]
                // [M, L·D] -> [B·k, L·D] -> [B, k·L, D]
                Tensor tokens = prompts.index_select(0, ids.reshape(-1)).view(_batch, BenchModel.TopK * BenchModel.PromptLength, width);
                Tensor output = _backbone.Forward(_images, new BlockEdits { InputTokens = tokens, Output = OutputTokens.All });            // [B, T, D]
                Tensor features = output.narrow(1, 1, tokens.shape[1]).to(ScalarType.Float32).mean([1]);                                   // [B, D]
                Tensor logits = nn.functional.linear(features, weight, bias);
                Tensor loss = nn.functional.cross_entropy(logits, _labels) - similarity.gather(1, ids).sum() * (0.1 / _batch);
                Step(loss, parameters, optimizer);
                if (step == steps - 1) loss.item<float>();
            }
        });
        foreach (Parameter parameter in parameters) parameter.Dispose();
        return seconds;
    }

    // As TrainingLoop does.
    private void Step(Tensor loss, List<Parameter> parameters, optim.Optimizer optimizer)
    {
        optimizer.zero_grad();
        loss.backward();
        GradientClipping.ClipGlobalNorm(parameters, _options.MaximumGradientNorm!.Value);
        optimizer.step();
    }

    private double Remember(int images)
    {
        _method.BeginTask(Task(images));
        using UpdateConstraint constraint = new PgpOptions { MemorySamples = images }.CreateConstraint();
        constraint.Attach(_method);
        var task = new ConstraintTask(0, images, Sample, _ => { });
        double seconds = Time(() =>
        {
            constraint.BeginTask(task);
            constraint.EndTask(task);
        });
        _method.EndTask();
        return seconds;
    }

    private IEnumerable<Tensor> Sample(int count)
    {
        for (int left = count; left > 0; left -= _batch)
        {
            using DisposeScope scope = NewDisposeScope();
            yield return _images.narrow(0, 0, Math.Min(left, _batch));
        }
    }

    private Parameter Trainable(SeededRandom random, double low, double high, params long[] shape) =>
        TrainableTensor.Create(random.UniformTensor(low, high, shape), _backbone.Device);

    private static MethodTask Task(int images) => new(0, [.. Enumerable.Range(0, BenchModel.Classes)], BenchModel.Classes, images, new SeededRandom(3));

    private static double Time(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
