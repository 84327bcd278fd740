using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.ClipDeepPrompt;

/// <summary>
/// Trains the image tower's projection on features drawn from the statistics of all classes seen, against their texts, so that classes of different tasks are told apart without their images.
/// </summary>
/// <remarks>In the shape comments C is classes, n features drawn of each, D width, E embedding width.</remarks>
internal sealed class HeadRefiner(ClipDeepPromptOptions options)
{
    private const double Momentum = 0.9;

    /// <summary>Gives the standard normal numbers of an epoch, [C, n, D]; for tests, which bring their own.</summary>
    public Func<int, Tensor>? Normals { get; init; }

    /// <summary>Gives the order in which an epoch visits its C·n features.</summary>
    public Func<int, int[]>? Order { get; init; }

    /// <summary>Is shown the features of each epoch, [C·n, D].</summary>
    public Action<int, Tensor>? Drawn { get; init; }

    /// <summary>Is told the loss of each step.</summary>
    public Action<Tensor>? Stepped { get; init; }

    /// <summary>Trains weight and bias in place and returns the mean loss of the last epoch.</summary>
    /// <param name="weight">[E, D].</param>
    /// <param name="bias">[E].</param>
    /// <param name="texts">[C, E] of unit length.</param>
    /// <param name="scale">The factor of cosines, a scalar without gradient.</param>
    /// <param name="statistics">Of C classes.</param>
    /// <param name="random">The stream of the features.</param>
    public double Refine(Parameter weight, Parameter bias, Tensor texts, Tensor scale, ClassStatistics statistics, SeededRandom random)
    {
        int classes = statistics.Count, samples = options.RefinementSamples, width = (int)weight.shape[1];
        using DisposeScope scope = NewDisposeScope();
        Tensor weightMomentum = zeros_like(weight.detach()), biasMomentum = zeros_like(bias.detach());
        Tensor labels = tensor((IList<long>)[.. Enumerable.Range(0, classes * samples).Select(i => (long)(i / samples))], new long[] { classes * samples }).to(weight.device);
        bool first = true;
        double last = 0;
        for (int epoch = 0; epoch < options.RefinementEpochs; epoch++)
        {
            using DisposeScope epochScope = NewDisposeScope();
            Tensor features = Draw(statistics, Normals?.Invoke(epoch) ?? random.NormalTensor(classes, samples, width), weight.device);
            Drawn?.Invoke(epoch, features);
            Tensor total = zeros(new long[] { }, ScalarType.Float32, weight.device);
            int[][] batches = [.. (Order?.Invoke(epoch) ?? random.NextPermutation(classes * samples)).Chunk(options.RefinementBatchSize)];
            foreach (int[] rows in batches)
            {
                using DisposeScope step = NewDisposeScope();
                Tensor index = tensor((IList<long>)[.. rows.Select(r => (long)r)], new long[] { rows.Length }).to(weight.device);
                (weight.grad, bias.grad) = (null, null);
                Tensor embedded = ClassTexts.Unit(nn.functional.linear(features.index_select(0, index), weight, bias));   // [b, D] -> [b, E]
                Tensor loss = nn.functional.cross_entropy((embedded * scale).mm(texts.t()), labels.index_select(0, index));
                Stepped?.Invoke(loss);
                loss.backward();
                using IDisposable frozen = no_grad();
                total.add_(loss.detach());
                Descend(weight, weightMomentum, options.RefinementWeightDecay, first);
                Descend(bias, biasMomentum, 0, first);
                first = false;
            }
            if (epoch == options.RefinementEpochs - 1) last = total.item<float>() / batches.Length;
        }
        (weight.grad, bias.grad) = (null, null);
        return last;
    }

    // µ + z·Lᵀ for each class: [C, n, D] -> [C·n, D].
    private static Tensor Draw(ClassStatistics statistics, Tensor normals, Device device)
    {
        using DisposeScope scope = NewDisposeScope();
        var drawn = new List<Tensor>();
        for (int c = 0; c < statistics.Count; c++)
        {
            using DisposeScope inner = NewDisposeScope();
            Tensor z = normals.select(0, c).to(device), factor = statistics.Factor(c).to(device), mean = statistics.Mean(c).to(ScalarType.Float32).to(device);
            drawn.Add((z.mm(factor.t()) + mean).MoveToOuterDisposeScope());   // [n, D] × [D, D]
        }
        return cat(drawn, 0).MoveToOuterDisposeScope();
    }

    // Stochastic gradient descent with Nesterov's momentum: v ← 0.9·v + g, p ← p − rate·(g + 0.9·v).
    private void Descend(Parameter parameter, Tensor momentum, double weightDecay, bool first)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor gradient = parameter.grad! + parameter * weightDecay;
        if (first) momentum.copy_(gradient);
        else momentum.mul_(Momentum).add_(gradient);
        parameter.sub_((gradient + momentum * Momentum) * options.RefinementLearningRate);
    }
}
