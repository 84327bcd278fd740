using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.Lorac;
using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Bench;

/// <summary>What prediction costs once LoRAC's low-rank updates are merged into the weights, beside the plain backbone, and what merging them costs.</summary>
internal sealed class LoracBench : IDisposable
{
    private const int Tasks = 3;

    private readonly BenchModel _model;
    private readonly VisionTransformer _backbone;
    private readonly LoracMethod _method;
    private readonly Tensor _images, _labels;
    private readonly int _batch;

    public LoracBench(BenchModel model, int batch, Device device, ScalarType type)
    {
        (_model, _batch) = (model, batch);
        using DisposeScope scope = NewDisposeScope();
        var random = new SeededRandom(1);
        Dictionary<string, Tensor> weights = model.Config.TensorShapes().ToDictionary(pair => pair.Key, pair => random.UniformTensor(-0.05, 0.05, pair.Value));
        _backbone = VisionTransformer.FromTensors(weights, model.Config, device, type);
        _method = (LoracMethod)new LoracOptions { Backbone = _backbone, Alignment = null }.CreateMethod(random);
        int side = model.Config.ImageSize;
        _images = random.UniformTensor(-1, 1, batch, 3, side, side).to(type).to(device).DetachFromDisposeScope();
        _labels = tensor(Enumerable.Range(0, batch).Select(i => (long)i % BenchModel.Classes).ToArray()).to(device).DetachFromDisposeScope();
    }

    /// <summary>Measures and prints.</summary>
    /// <param name="steps">The forward passes of each turn.</param>
    /// <param name="rounds">Turns of each side in turn, of which the medians count; one more comes first to warm up.</param>
    public void Run(int steps, int rounds)
    {
        for (int task = 0; task < Tasks; task++)
        {
            _method.BeginTask(new MethodTask(task, [.. Enumerable.Range(0, BenchModel.Classes)], BenchModel.Classes, _batch, new SeededRandom(3)));
            using (NewDisposeScope())
            {
                _method.ComputeLoss(new ImageBatch(_images, _labels, [.. Enumerable.Range(0, _batch)], false)).Total.backward();
                _method.AfterBackward();
            }
            _method.EndTask();
        }
        long start = Stopwatch.GetTimestamp();
        using IScorer scorer = _method.CreateScorer();
        double merge = Stopwatch.GetElapsedTime(start).TotalSeconds;
        var plain = new List<double>();
        var merged = new List<double>();
        for (int round = -1; round < rounds; round++)
        {
            double one = Time(steps, () => _backbone.ClassFeature(_images)), other = Time(steps, () => scorer.Score(_images));
            if (round < 0) continue;
            plain.Add(one);
            merged.Add(other);
        }
        double own = Median(merged), frozen = Median(plain);
        Print($"LoRAC {_model.Name}, batch {_batch}, updates of {Tasks} tasks merged in {merge:0.000} s");
        Print($"  plain backbone                    {_batch / frozen,10:0.0} img/s");
        Print($"  merged updates and classifier     {_batch / own,10:0.0} img/s   time {own / frozen:0.000} of the plain backbone's");
    }

    public void Dispose()
    {
        _method.Dispose();
        _backbone.Dispose();
        _images.Dispose();
        _labels.Dispose();
    }

    private static double Time(int steps, Func<Tensor> forward)
    {
        long start = Stopwatch.GetTimestamp();
        for (int step = 0; step < steps; step++)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor result = forward();
            if (step == steps - 1) result.to(ScalarType.Float32).sum().item<float>();   // waits for the device
        }
        return Stopwatch.GetElapsedTime(start).TotalSeconds / steps;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static void Print(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
