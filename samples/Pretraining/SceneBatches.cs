using System.Threading.Channels;
using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Samples.Scenes;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Samples.Pretraining;

/// <summary>Renders training batches on a background thread, a few steps ahead of the training.</summary>
internal sealed class SceneBatches
{
    // Held-out images have numbers that training never reaches.
    private const int FirstHeldOut = 1_000_000_000;

    private readonly Channel<(byte[] Pixels, int[] Classes)> _ready = Channel.CreateBounded<(byte[], int[])>(8);

    /// <summary>Starts to render <paramref name="steps"/> batches; classes are drawn at random, and no image is rendered twice.</summary>
    public SceneBatches(SceneWorld world, int imageSize, int batchSize, int steps, int seed, CancellationToken cancellationToken) =>
        _ = Task.Run(async () =>
        {
            try
            {
                var random = new SeededRandom(seed);
                var renderer = new SceneRenderer(imageSize);
                int[] drawn = new int[world.Classes.Count];
                for (int step = 0; step < steps; step++)
                {
                    int[] classes = new int[batchSize];
                    byte[] pixels = new byte[batchSize * 3 * imageSize * imageSize];
                    for (int i = 0; i < batchSize; i++)
                    {
                        int c = classes[i] = random.NextInt(drawn.Length);
                        renderer.Render(world, c, drawn[c]++, seed).CopyTo(pixels, i * 3 * imageSize * imageSize);
                    }
                    await _ready.Writer.WriteAsync((pixels, classes), cancellationToken);
                }
                _ready.Writer.Complete();
            }
            catch (Exception e)
            {
                _ready.Writer.Complete(e);   // the reader gets it
            }
        }, cancellationToken);

    /// <summary>The batches: bytes [B, 3, S, S] and the class of each image.</summary>
    public IAsyncEnumerable<(byte[] Pixels, int[] Classes)> ReadAsync(CancellationToken cancellationToken) => _ready.Reader.ReadAllAsync(cancellationToken);

    /// <summary>Images of every class that training does not see, class after class.</summary>
    public static (byte[] Pixels, int[] Classes) HeldOut(SceneWorld world, int imageSize, int perClass, int seed)
    {
        int bytes = 3 * imageSize * imageSize, count = world.Classes.Count * perClass;
        byte[] pixels = new byte[count * bytes];
        Parallel.For(0, world.Classes.Count, () => new SceneRenderer(imageSize), (c, _, renderer) =>
        {
            for (int i = 0; i < perClass; i++)
                renderer.Render(world, c, FirstHeldOut + i, seed).CopyTo(pixels, (c * perClass + i) * bytes);
            return renderer;
        }, _ => { });
        return (pixels, [.. Enumerable.Range(0, count).Select(i => i / perClass)]);
    }

    /// <summary>Images <paramref name="from"/> … <paramref name="from"/> + <paramref name="count"/> − 1 as the network's input: [count, 3, S, S] float32, normalised.</summary>
    public static Tensor ToTensor(byte[] pixels, int from, int count, int imageSize, ImageNormalization normalization)
    {
        int bytes = 3 * imageSize * imageSize;
        using DisposeScope scope = NewDisposeScope();
        Tensor images = from_array(pixels.AsSpan(from * bytes, count * bytes).ToArray()).reshape(count, 3, imageSize, imageSize).to(ScalarType.Float32).div(255);
        Tensor mean = tensor((IList<float>)[.. normalization.Mean]).reshape(1, 3, 1, 1);
        Tensor deviation = tensor((IList<float>)[.. normalization.Deviation]).reshape(1, 3, 1, 1);
        return images.sub(mean).div(deviation).MoveToOuterDisposeScope();
    }
}
