using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.DeepPrompt;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Pgp;
using Microsoft.ML.Continual.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Bench;

/// <summary>
/// What the null-space projection of NSP² costs beside the training it serves: the update between two tasks in its parts, the projected step, and the share of a CIFAR-100 task by the recipe.
/// </summary>
internal sealed class NullSpaceBench : IDisposable
{
    private readonly BenchModel _model;
    private readonly DeepPromptOptions _options;
    private readonly DeepPromptMethod _method;
    private readonly UpdateConstraint _projection;
    private readonly Tensor _images, _labels;
    private readonly int _batch;
    private long _peak;

    public NullSpaceBench(BenchModel model, int batch, Device device, ScalarType type)
    {
        (_model, _batch) = (model, batch);
        using DisposeScope scope = NewDisposeScope();
        var random = new SeededRandom(1);
        // Strong enough that queries differ: spectra like those of a network without use would make other nullities.
        Dictionary<string, Tensor> weights = model.Config.TensorShapes().ToDictionary(pair => pair.Key, pair => random.UniformTensor(-0.05, 0.05, pair.Value));
        foreach (string name in weights.Keys.Where(n => n.Contains("norm", StringComparison.Ordinal) && n.EndsWith("weight", StringComparison.Ordinal))) weights[name] = weights[name] + 1;
        _options = new DeepPromptOptions(Recipe.SplitCifar100) { Backbone = VisionTransformer.FromTensors(weights, model.Config, device, type), BatchSize = batch };
        _method = (DeepPromptMethod)_options.CreateMethod(random);
        _projection = new NullSpaceOptions(Recipe.SplitCifar100).CreateConstraint();
        _projection.Attach(_method);
        int side = model.Config.ImageSize;
        _images = random.UniformTensor(-1, 1, batch, 3, side, side).to(type).to(device).DetachFromDisposeScope();
        _labels = tensor(Enumerable.Range(0, batch).Select(i => (long)i % BenchModel.Classes).ToArray()).to(device).DetachFromDisposeScope();
    }

    /// <summary>Measures and prints.</summary>
    /// <param name="images">The images of the update.</param>
    /// <param name="steps">The training steps of each turn.</param>
    /// <param name="rounds">Turns, of which the medians count; one more comes first to warm up.</param>
    public void Run(int images, int steps, int rounds)
    {
        int few = Math.Max(_batch, images / 8);
        Update(0, few);   // warms up
        Update(1, few);
        long fewPeak = _peak;
        Update(2, images);
        long peak = _peak;
        var update = new List<double>();
        var prepare = new List<double>();
        var free = new List<double>();
        var projected = new List<double>();
        for (int round = -1; round < rounds; round++)
        {
            double learn = Update(round + 4, round < 0 ? few : images);
            double plain = Train(steps, projection: null);
            _method.BeginTask(Task(images));
            double begin = Time(() => _projection.BeginTask(ConstraintTask(1, images)));
            double step = Train(steps, _projection);
            if (round < 0) continue;
            update.Add(learn);
            prepare.Add(begin);
            free.Add(plain / steps);
            projected.Add(step / steps);
        }
        double pass = Median(update), spaces = Median(prepare), stepSeconds = Median(projected), plainSeconds = Median(free);
        // The recipe on 10 tasks: 5000 images a task, all of them in the pass.
        const int taskImages = 5000;
        double training = _options.Epochs * Math.Ceiling((double)taskImages / _batch) * stepSeconds, wholeUpdate = pass * taskImages / images + spaces;
        Print($"null space {_model.Name}, batch {_batch}");
        Print($"  pass over {images} images and their moments     {pass,10:0.00} s   {images / pass:0.0} img/s");
        Print($"  eigenvectors and projectors of all blocks      {spaces,10:0.00} s");
        Print($"  training step without projection               {plainSeconds,10:0.000} s   {_batch / plainSeconds:0.0} img/s");
        Print($"  training step with projection and drift term   {stepSeconds,10:0.000} s   {100 * (stepSeconds / plainSeconds - 1):+0.0;-0.0} %");
        Print($"  a CIFAR-100 task by the recipe ({_options.Epochs} epochs of {taskImages} images): training {training:0} s; update over {images} images {100 * (pass + spaces) / training:0.000} %, over all {taskImages} {100 * wholeUpdate / training:0.000} % of it");
        Print($"  process memory at most during the pass: {few} images {fewPeak / 1e6:0} MB, {images} images {peak / 1e6:0} MB");
    }

    public void Dispose()
    {
        _projection.Dispose();
        _method.Dispose();
        _method.Backbone.Dispose();
        _images.Dispose();
        _labels.Dispose();
    }

    private double Update(int index, int images)
    {
        _method.BeginTask(Task(images));
        _projection.BeginTask(ConstraintTask(index, images));
        double seconds = Time(() => _projection.EndTask(ConstraintTask(index, images)));
        _method.EndTask();
        return seconds;
    }

    private double Train(int steps, UpdateConstraint? projection)
    {
        _method.BeginTask(Task(_batch));
        List<Parameter> parameters = [.. _method.Parameters.Select(parameter => parameter.Value)];
        using optim.Optimizer optimizer = Optimizers.Create(_options, parameters);
        return Time(() =>
        {
            for (int step = 0; step < steps; step++)
            {
                using DisposeScope scope = NewDisposeScope();
                LossTerms terms = _method.ComputeLoss(new ImageBatch(_images, _labels, [.. Enumerable.Range(0, _batch)], false));
                Tensor total = projection?.Penalty() is { } penalty ? terms.Total + penalty : terms.Total;
                optimizer.zero_grad();
                total.backward();
                projection?.BeforeStep();
                optimizer.step();
                projection?.AfterStep();
                if (step == steps - 1) parameters[0].sum().item<float>();   // waits for the device
            }
        });
    }

    private ConstraintTask ConstraintTask(int index, int images) => new(index, images, Sample, _ => { });

    private IEnumerable<Tensor> Sample(int count)
    {
        _peak = 0;
        for (int left = count; left > 0; left -= _batch)
        {
            using DisposeScope scope = NewDisposeScope();
            yield return _images.narrow(0, 0, Math.Min(left, _batch));
            _peak = Math.Max(_peak, Environment.WorkingSet);
        }
    }

    private static MethodTask Task(int images) => new(0, [.. Enumerable.Range(0, BenchModel.Classes)], BenchModel.Classes, images, new SeededRandom(3));

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static void Print(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));

    private static double Time(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
