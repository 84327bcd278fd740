using System.Collections.Concurrent;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Inference;

/// <summary>Holds back prediction passes that a device has no room for, over all models of the process.</summary>
/// <remarks>
/// Each pass on the processor takes libtorch's threads for itself. Where passes together take more threads than there are cores, those of one wait for those of another at every
/// product: three passes at once with two threads each, on two cores, were ten times slower than one after the other. So a processor runs cores / threads passes at once, at
/// least one, and any other device one. With <c>OMP_NUM_THREADS=1</c> (or <c>torch.set_num_threads(1)</c>) that is one a core, the most images a second where images come one by one.
/// </remarks>
internal sealed class PassGate
{
    private static readonly ConcurrentDictionary<(DeviceType Type, int Index), PassGate> s_gates = new();

    private readonly object _monitor = new();
    private readonly Func<int> _limit;
    private int _running;

    /// <param name="limit">The most passes at once, asked on the thread of each pass.</param>
    internal PassGate(Func<int> limit) => _limit = limit;

    /// <summary>The gate of a device.</summary>
    public static PassGate Of(Device device) =>
        s_gates.GetOrAdd((device.type, device.index), key => new PassGate(key.Type == DeviceType.CPU ? () => Environment.ProcessorCount / get_num_threads() : () => 1));

    /// <summary>Waits for a place and runs a pass.</summary>
    public T Run<T>(Func<T> pass)
    {
        int limit = Math.Max(1, _limit());
        lock (_monitor)
        {
            while (_running >= limit) Monitor.Wait(_monitor);
            _running++;
        }
        try
        {
            return pass();
        }
        finally
        {
            lock (_monitor)
            {
                _running--;
                Monitor.Pulse(_monitor);
            }
        }
    }
}
