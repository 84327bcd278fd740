using System.Diagnostics;
using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Samples.Scenes;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Microsoft.ML.Continual.Samples.Pretraining;

/// <summary>Trains all weights of a vision transformer to name the classes of the pre-training world.</summary>
internal sealed class Pretrainer : IDisposable
{
    private const double MaximumGradientNorm = 1;

    private readonly PretrainingSettings _settings;
    private readonly SceneWorld _world = SceneWorld.Pretraining;
    private readonly IReadOnlyList<SceneTargets> _targets;
    private readonly Dictionary<string, Parameter> _weights;
    private readonly (Parameter Weight, Parameter Bias)[] _heads;
    private readonly VisionTransformer _network;
    private readonly optim.Optimizer _optimizer;

    public Pretrainer(PretrainingSettings settings)
    {
        _settings = settings;
        var random = new SeededRandom(settings.Seed);
        _targets = SceneTargets.Of(_world);
        _weights = InitialWeights.Create(settings.Config, random);
        _heads = [.. _targets.Select(t => InitialWeights.CreateHead(t.Count, settings.Config.Width, random))];
        _network = VisionTransformer.FromTensors(_weights.ToDictionary(w => w.Key, w => (Tensor)w.Value), settings.Config,
                                                 normalization: PretrainingSettings.Normalization, trainable: true);
        _optimizer = optim.AdamW(Parameters, settings.LearningRate, 0.9, 0.999, 1e-8, settings.WeightDecay);
    }

    /// <summary>The trained weights by timm's names, without the heads.</summary>
    public IReadOnlyDictionary<string, Parameter> Weights => _weights;

    private IEnumerable<Parameter> Parameters => _weights.Values.Concat(_heads.SelectMany(h => new[] { h.Weight, h.Bias }));

    /// <summary>Runs all steps.</summary>
    /// <param name="report">Takes a line every hundredth of the way.</param>
    /// <param name="milestone">Called after each tenth of the way with the step's number, for evaluation and saving.</param>
    /// <param name="cancellationToken">Stops between two steps.</param>
    public async Task TrainAsync(Action<string> report, Action<int> milestone, CancellationToken cancellationToken)
    {
        int step = 0, every = Math.Max(1, _settings.Steps / 100), tenth = Math.Max(1, _settings.Steps / 10);
        using Tensor running = zeros(1);   // the sum of the class losses since the last report; read then only
        var watch = Stopwatch.StartNew();
        var batches = new SceneBatches(_world, _settings.Config.ImageSize, _settings.BatchSize, _settings.Steps, _settings.Seed, cancellationToken);
        await foreach ((byte[] pixels, int[] classes) in batches.ReadAsync(cancellationToken))
        {
            foreach (optim.ILearningRateController group in _optimizer.ParamGroups) group.LearningRate = _settings.LearningRateAt(step);
            TrainStep(pixels, classes, running);
            step++;
            if (step % every == 0)
            {
                float loss = running.item<float>() / every;
                using (no_grad()) running.zero_();
                report(FormattableString.Invariant($"step {step,6} of {_settings.Steps}  loss {loss:0.000}  {step * _settings.BatchSize / watch.Elapsed.TotalSeconds:0} images/s"));
            }
            if (step % tenth == 0 && step + tenth <= _settings.Steps) milestone(step);
        }
    }

    /// <summary>The share of held-out images answered rightly, by question.</summary>
    public IReadOnlyDictionary<string, double> Evaluate(int imagesPerClass)
    {
        (byte[] pixels, int[] classes) = SceneBatches.HeldOut(_world, _settings.Config.ImageSize, imagesPerClass, _settings.Seed);
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        Tensor features = Features(pixels, classes.Length);   // [images, D]
        var accuracies = new Dictionary<string, double>();
        for (int t = 0; t < _targets.Count; t++)
        {
            Tensor answers = linear(features, _heads[t].Weight, _heads[t].Bias).argmax(1);
            accuracies.Add(_targets[t].Name, answers.eq(AnswersOf(_targets[t], classes)).to(ScalarType.Float32).mean().item<float>());
        }
        return accuracies;
    }

    /// <summary>
    /// How well the features tell the quick start's classes apart, none of which the network was trained on: the accuracy of the nearest class
    /// mean (cosine), from ten images a class.
    /// </summary>
    public double EvaluateTransfer()
    {
        const int known = 10, asked = 20;
        SceneWorld world = SceneWorld.QuickStart;
        (byte[] pixels, int[] classes) = SceneBatches.HeldOut(world, _settings.Config.ImageSize, known + asked, _settings.Seed);
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        Tensor features = normalize(Features(pixels, classes.Length)).view(world.Classes.Count, known + asked, _settings.Config.Width);
        Tensor means = normalize(features.narrow(1, 0, known).mean([1]));                                                     // [classes, D]
        Tensor questions = features.narrow(1, known, asked).reshape(world.Classes.Count * asked, _settings.Config.Width);   // [classes · asked, D]
        Tensor truth = arange(world.Classes.Count).unsqueeze(1).expand(world.Classes.Count, asked).reshape(world.Classes.Count * asked);
        return questions.mm(means.t()).argmax(1).eq(truth).to(ScalarType.Float32).mean().item<float>();

        static Tensor normalize(Tensor x) => x / x.square().sum(-1, keepdim: true).sqrt();
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        _network.Dispose();
        foreach (Parameter parameter in Parameters) parameter.Dispose();
    }

    private void TrainStep(byte[] pixels, int[] classes, Tensor running)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor images = SceneBatches.ToTensor(pixels, 0, classes.Length, _settings.Config.ImageSize, PretrainingSettings.Normalization);
        Tensor feature = _network.Forward(images).squeeze(1);   // [B, 1, D] -> [B, D]: the class token
        Tensor? total = null;
        for (int t = 0; t < _targets.Count; t++)
        {
            Tensor logits = linear(feature, _heads[t].Weight, _heads[t].Bias);   // [B, answers]
            Tensor loss = cross_entropy(logits, AnswersOf(_targets[t], classes), label_smoothing: t == 0 ? _settings.LabelSmoothing : 0);
            if (t == 0) using (no_grad()) running.add_(loss.detach());
            total = total is null ? loss : total + loss * _settings.HelpingWeight;
        }
        _optimizer.zero_grad();
        total!.backward();
        nn.utils.clip_grad_norm_(Parameters, MaximumGradientNorm);
        _optimizer.step();
    }

    private Tensor Features(byte[] pixels, int count)
    {
        const int chunk = 128;
        List<Tensor> parts = [];
        for (int from = 0; from < count; from += chunk)
        {
            using DisposeScope scope = NewDisposeScope();
            int size = Math.Min(chunk, count - from);
            Tensor images = SceneBatches.ToTensor(pixels, from, size, _settings.Config.ImageSize, PretrainingSettings.Normalization);
            parts.Add(_network.ClassFeature(images).MoveToOuterDisposeScope());
        }
        return cat(parts, 0);
    }

    private static Tensor AnswersOf(SceneTargets target, int[] classes) => from_array(classes.Select(c => target.OfClass[c]).ToArray());
}
