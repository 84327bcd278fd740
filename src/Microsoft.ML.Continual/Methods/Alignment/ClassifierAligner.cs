using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.Alignment;

/// <summary>Trains a linear classifier on features drawn from the distributions of classes.</summary>
/// <remarks>In the shape comments C is the classes that compete, b features of a step, D width.</remarks>
internal sealed class ClassifierAligner(ClassifierAlignmentOptions options)
{
    /// <summary>Gives the standard normal numbers of an epoch that draws of every distribution, [distributions, samples, D]; for tests, which bring their own.</summary>
    public Func<int, Tensor>? Normals { get; init; }

    /// <summary>Gives the order in which such an epoch visits its features.</summary>
    public Func<int, int[]>? Order { get; init; }

    /// <summary>Is shown the features of such an epoch before they are shuffled, [distributions · samples, D].</summary>
    public Action<int, Tensor>? Drawn { get; init; }

    /// <summary>Is told the loss of each step.</summary>
    public Action<Tensor>? Stepped { get; init; }

    /// <summary>Trains weight and bias in place and returns the mean loss of the last epoch.</summary>
    /// <param name="weight">[all classes, D].</param>
    /// <param name="bias">[all classes].</param>
    /// <param name="distributions">Of the classes that compete; others are not touched.</param>
    /// <param name="task">The newest task.</param>
    /// <param name="random">The stream of the features.</param>
    public double Align(Parameter weight, Parameter bias, IReadOnlyList<ClassDistribution> distributions, int task, SeededRandom random)
    {
        using DisposeScope scope = NewDisposeScope();
        // A class belongs to the task in which it came first.
        var tasks = new SortedDictionary<int, int>();
        foreach (ClassDistribution d in distributions) tasks.TryAdd(d.Class, d.Task);
        int[] classes = [.. tasks.Keys];
        var places = classes.Select((label, place) => (label, place)).ToDictionary(c => c.label, c => (long)c.place);
        Tensor rows = Index(classes.Select(label => (long)label)).to(weight.device);
        Tensor[] groups = [.. classes.GroupBy(label => tasks[label]).OrderBy(group => group.Key).Select(group => Index(group.Select(label => places[label])).to(weight.device))];
        int steps = Math.Max(1, options.Steps == AlignmentSteps.SeenClasses ? classes.Length : tasks.Values.Count(t => t < task));
        Tensor weightMomentum = zeros_like(weight.detach()), biasMomentum = zeros_like(bias.detach());
        double last = 0;
        for (int epoch = 0; epoch < options.Epochs; epoch++)
        {
            using DisposeScope epochScope = NewDisposeScope();
            double rate = options.LearningRate * (1 + Math.Cos(Math.PI * epoch / options.Epochs)) / 2;
            Tensor total = zeros(new long[] { }, ScalarType.Float32, weight.device);
            int count = 0;
            foreach ((Tensor features, Tensor labels) in Epoch(epoch, steps, distributions, places, task, random))
            {
                using DisposeScope step = NewDisposeScope();
                step.Attach(features);   // made before the step, needed no longer
                step.Attach(labels);
                (weight.grad, bias.grad) = (null, null);
                Tensor logits = nn.functional.linear(features.to(weight.device), weight, bias).index_select(1, rows);   // [b, D] -> [b, C]
                Tensor loss = nn.functional.cross_entropy(options.NormalizedTemperature is { } temperature ? Normalize(logits, groups, temperature) : logits, labels.to(weight.device));
                Stepped?.Invoke(loss);
                loss.backward();
                using IDisposable frozen = no_grad();
                total.add_(loss.detach());
                Descend(weight, weightMomentum, rate);
                Descend(bias, biasMomentum, rate);
                count++;
            }
            if (epoch == options.Epochs - 1) last = total.item<float>() / Math.Max(1, count);
        }
        (weight.grad, bias.grad) = (null, null);
        return last;
    }

    /// <summary>Logits over the temperature and the mean of the norms of each task's logits: [b, C] -> [b, C].</summary>
    internal static Tensor Normalize(Tensor logits, IReadOnlyList<Tensor> groups, double temperature)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor norms = stack(groups.Select(group => logits.index_select(1, group).square().sum(1).sqrt() + 1e-7).ToList(), 1);   // [b, tasks]
        return (logits / norms.mean([1], keepdim: true) / temperature).MoveToOuterDisposeScope();
    }

    private IEnumerable<(Tensor Features, Tensor Labels)> Epoch(
        int epoch, int steps, IReadOnlyList<ClassDistribution> distributions, Dictionary<int, long> places, int task, SeededRandom random)
    {
        int n = options.Samples, width = (int)distributions[0].Mean.shape[0];
        double[] scales = [.. distributions.Select(d => options.ScaleMeans ? 0.9 + 0.1 * (d.Task + 1) / (task + 1) : 1)];
        if (options.DrawAll)
        {
            Tensor normals = Normals?.Invoke(epoch) ?? random.NormalTensor(distributions.Count, n, width);
            Tensor all = Draw(distributions.Select((d, i) => d.Draw(normals.select(0, i), scales[i])));   // [distributions · n, D]
            Drawn?.Invoke(epoch, all);
            foreach (int[] order in (Order?.Invoke(epoch) ?? random.NextPermutation(distributions.Count * n)).Take(steps * n).Chunk(n))
                yield return (all.index_select(0, Index(order.Select(i => (long)i))), Index(order.Select(i => places[distributions[i / n].Class])));
            yield break;
        }
        for (int step = 0; step < steps; step++)
        {
            // Those of one distribution together; the order within a step does not matter.
            int[] counts = new int[distributions.Count];
            for (int i = 0; i < n; i++) counts[random.NextInt(counts.Length)]++;
            int[] chosen = [.. Enumerable.Range(0, counts.Length).Where(i => counts[i] > 0)];
            yield return (Draw(chosen.Select(i => distributions[i].Draw(random.NormalTensor(counts[i], width), scales[i]))), Index(chosen.SelectMany(i => Enumerable.Repeat(places[distributions[i].Class], counts[i]))));
        }
    }

    private static Tensor Draw(IEnumerable<Tensor> parts)
    {
        using DisposeScope scope = NewDisposeScope();
        return cat([.. parts], 0).MoveToOuterDisposeScope();
    }

    // v ← µ·v + g, p ← p − rate·v.
    private void Descend(Parameter parameter, Tensor momentum, double rate)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor gradient = options.WeightDecay == 0 ? parameter.grad! : parameter.grad! + parameter * options.WeightDecay;
        parameter.sub_(momentum.mul_(options.Momentum).add_(gradient) * rate);
    }

    private static Tensor Index(IEnumerable<long> values)
    {
        long[] all = [.. values];
        return tensor((IList<long>)all, new long[] { all.Length });
    }
}
