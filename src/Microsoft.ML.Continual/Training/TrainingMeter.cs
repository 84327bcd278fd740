using System.Diagnostics;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Training;

/// <summary>
/// Adds up loss and accuracy on the device and reads them when asked. Reading is the only point where the host waits for the device.
/// </summary>
internal sealed class TrainingMeter : IDisposable
{
    private readonly Tensor _sums;   // [3] float64: loss · images, cross-entropy · images, images classified right
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private long _images, _allImages;

    public TrainingMeter(Device device) => _sums = zeros(3, float64, device).DetachFromDisposeScope();

    /// <summary>The number of images since <see cref="Reset"/>.</summary>
    public long Images => _images;

    /// <summary>Images a second since the meter was made.</summary>
    public double ImagesPerSecond => _allImages / Math.Max(1e-9, _watch.Elapsed.TotalSeconds);

    /// <summary>Takes in one step; nothing is read from the device.</summary>
    /// <param name="terms">The step's loss and [B, C] logits.</param>
    /// <param name="labels">[B] int64.</param>
    public void Add(LossTerms terms, Tensor labels)
    {
        using var scope = NewDisposeScope();
        using var guard = no_grad();
        long count = labels.shape[0];
        Tensor right = terms.Logits.argmax(1).eq(labels).sum().to(float64);
        Tensor losses = stack([terms.Total.detach().to(float64), terms.CrossEntropy.detach().to(float64)]).mul_((double)count);
        _sums.add_(cat([losses.reshape(2), right.reshape(1)], 0));
        _images += count;
        _allImages += count;
    }

    /// <summary>Means over the images since <see cref="Reset"/>. Waits for the device.</summary>
    public (double Loss, double CrossEntropy, double Accuracy) Read()
    {
        using var scope = NewDisposeScope();
        double[] sums = _sums.cpu().data<double>().ToArray();
        double n = Math.Max(1, _images);
        return (sums[0] / n, sums[1] / n, sums[2] / n);
    }

    /// <summary>Starts an epoch.</summary>
    public void Reset()
    {
        using var scope = NewDisposeScope();
        _sums.zero_();
        _images = 0;
    }

    public void SaveState(StateDictionary state)
    {
        state.Add("sums", _sums);
        state.Values["images"] = _images;
    }

    public void LoadState(StateDictionary state)
    {
        using var guard = no_grad();
        _sums.copy_(state.Get("sums", 3));
        _images = (long)state.Values["images"]!;
    }

    public void Dispose() => _sums.Dispose();
}
