using System.Net;

namespace Microsoft.ML.Continual.Samples.Serve;

/// <summary>How the server listens and what it refuses.</summary>
internal sealed record ServeSettings
{
    /// <summary>The address to listen on. <value>The default is 127.0.0.1: this machine only.</value></summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>The port; 0 takes a free one. <value>The default is 5080.</value></summary>
    public int Port { get; init; } = 5080;

    /// <summary>The most bytes of an image file. <value>The default is 8 MiB.</value></summary>
    public long MaximumBytes { get; init; } = 8L << 20;

    /// <summary>The most pixels of an image, by its header: decoding takes about 7 bytes a pixel. <value>The default is 25 million.</value></summary>
    public long MaximumPixels { get; init; } = 25_000_000;

    /// <summary>Threads that decode and predict. <value>The default is one a core.</value></summary>
    public int Workers { get; init; } = Environment.ProcessorCount;

    /// <summary>Requests that may wait beside those being worked on; any more get 503. <value>The default is 32.</value></summary>
    public int MaximumWaiting { get; init; } = 32;

    /// <summary>Requests that are taken at once, from the first byte of the image to the answer.</summary>
    public int Places => Workers + MaximumWaiting;
}
