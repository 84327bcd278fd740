using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Conformance;

/// <summary>Options of <see cref="ColourMethod"/>, with hooks for tests.</summary>
internal sealed class ColourOptions : MethodOptions
{
    public ColourOptions()
    {
        Backbone = new StubBackbone();
        LearningRate = 0.5;
        ScaleLearningRateByBatch = false;
        Epochs = 2;
        BatchSize = 4;
        TrainingView = TrainingView.Deterministic;
        EvaluationView = EvaluationView.Resize;
    }

    /// <summary>Told of each call, in order.</summary>
    public Action<string>? Calls { get; set; }

    /// <summary>Told of the rows of each batch.</summary>
    public Action<IReadOnlyList<int>>? Batches { get; set; }

    /// <summary>Multiplied into the loss of each step, by step number.</summary>
    public Func<int, float>? LossFactor { get; set; }

    /// <summary>Told of the size of each scored batch.</summary>
    public Action<int>? Scored { get; set; }

    /// <summary>Makes the scorer one that is told of tasks; it prefers the class that this gives by task.</summary>
    public Func<int, int>? FavouriteOfTask { get; set; }

    /// <summary>Epochs beyond the options'. No constraint works on the steps of these.</summary>
    public int ExtraEpochs { get; set; }

    public override ContinualMethod CreateMethod(SeededRandom random) => new ColourMethod(this, random);
}

/// <summary>A linear classifier of the mean colour: the smallest method there is.</summary>
internal sealed class ColourMethod : ContinualMethod
{
    private readonly ColourOptions _options;
    private readonly ClassifierHead _head = new(3, CPU);
    private readonly Parameter _offset;
    private int _steps;
    private bool _isExtra;

    public ColourMethod(ColourOptions options, SeededRandom random)
    {
        _options = options;
        using var scope = NewDisposeScope();
        _offset = TrainableTensor.Create(random.UniformTensor(-0.1, 0.1, 1, 3), CPU);
    }

    public override string Name => "Colour";

    public override Backbone Backbone => _options.Backbone!;

    public override int ClassCount => _head.ClassCount;

    public override IReadOnlyList<TrainableParameter> Parameters => [new("offset", _offset), .. _head.Parameters];

    public override IReadOnlyList<ProjectionSite> Sites => [new("offset", _offset, 3, false)];

    public override void BeginTask(MethodTask task)
    {
        _options.Calls?.Invoke("method.BeginTask");
        _head.BeginTask(task, ClassMask.SeenClasses);
    }

    public override int ExtraEpochs => _options.ExtraEpochs;

    public override bool IsConstrained => !_isExtra;

    public override void BeginEpoch(int epoch)
    {
        _options.Calls?.Invoke($"method.BeginEpoch {epoch}");
        _isExtra = epoch >= _options.Epochs;
    }

    public override void AfterBackward() => _options.Calls?.Invoke("method.AfterBackward");

    public override void FinishTraining() => _options.Calls?.Invoke("method.FinishTraining");

    public override LossTerms ComputeLoss(ImageBatch batch)
    {
        _options.Calls?.Invoke("method.ComputeLoss");
        _options.Batches?.Invoke(batch.Rows);
        Tensor logits = _head.Logits(Features(batch.Images, _offset));
        Tensor loss = nn.functional.cross_entropy(logits, batch.Labels);
        if (_options.LossFactor is { } factor) loss = loss.mul(factor(_steps));
        _steps++;
        return new LossTerms(loss, loss.detach(), logits.detach());
    }

    public override void EndTask() => _options.Calls?.Invoke("method.EndTask");

    public override IReadOnlyDictionary<string, Tensor> CollectActivations(Tensor images, IReadOnlyCollection<string> sites) => new Dictionary<string, Tensor>
    {
        ["offset"] = images.mean([2, 3]).unsqueeze(1),   // [B, 3] -> [B, 1, 3]
    };

    public override IScorer CreateScorer() => _options.FavouriteOfTask is null ? new Scorer(_options, _offset, _head) : new AwareScorer(_options, _offset, _head);

    public override void SaveState(StateDictionary state)
    {
        state.Values["method"] = Name;
        state.Add("offset", _offset);
        _head.SaveState(state);
    }

    public override void LoadState(StateDictionary state)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        _offset.copy_(state.Get("offset", 1, 3));
        _head.LoadState(state);
    }

    public override void Dispose()
    {
        _offset.Dispose();
        _head.Dispose();
    }

    private static Tensor Features(Tensor images, Tensor offset) => images.mean([2, 3]).add(offset);   // [B, 3, S, S] -> [B, 3]

    private sealed class AwareScorer(ColourOptions options, Tensor offset, ClassifierHead head) : Scorer(options, offset, head), ITaskAwareScorer
    {
        private readonly Func<int, int> _favourite = options.FavouriteOfTask!;

        public Tensor Score(Tensor images, int task)
        {
            Tensor scores = Score(images);
            scores.select(1, _favourite(task)).add_(100);
            return scores;
        }
    }

    private class Scorer(ColourOptions options, Tensor offset, ClassifierHead head) : IScorer
    {
        private readonly Tensor _offset = TrainableTensor.Freeze(offset), _weight = TrainableTensor.Freeze(head.Weight), _bias = TrainableTensor.Freeze(head.Bias);

        public int ClassCount => (int)_weight.shape[0];

        public Tensor Score(Tensor images)
        {
            options.Scored?.Invoke((int)images.shape[0]);
            return nn.functional.linear(Features(images, _offset), _weight, _bias);
        }

        public void Dispose()
        {
            _offset.Dispose();
            _weight.Dispose();
            _bias.Dispose();
        }
    }
}
