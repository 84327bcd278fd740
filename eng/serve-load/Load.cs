using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace Microsoft.ML.Continual.ServeLoad;

/// <summary>Clients that post pictures, one after the other each, while the server's memory is watched.</summary>
internal sealed class Load(Uri server, Picture[] pictures, int clients) : IDisposable
{
    private static readonly TimeSpan BetweenSamples = TimeSpan.FromSeconds(0.5);

    private readonly HttpClient _http = new() { BaseAddress = server, Timeout = TimeSpan.FromMinutes(1) };
    private readonly ConcurrentBag<double> _latencies = [];
    private readonly ConcurrentDictionary<string, int> _failures = new();
    private int _right;

    /// <summary>Holds the load; counts after the warm-up.</summary>
    public async Task<LoadResult> RunAsync(TimeSpan warmUp, TimeSpan measured, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var watch = Stopwatch.StartNew();
        Task[] posting = [.. Enumerable.Range(0, clients).Select(client => PostAsync(client, watch, warmUp, stop.Token))];
        var memory = new List<double>();
        await Task.Delay(warmUp, cancellationToken);
        double from = watch.Elapsed.TotalSeconds;
        while (watch.Elapsed < warmUp + measured)
        {
            memory.Add(await MemoryAsync(cancellationToken));
            await Task.Delay(BetweenSamples, cancellationToken);
        }
        double seconds = watch.Elapsed.TotalSeconds - from;
        await stop.CancelAsync();
        await Task.WhenAll(posting);
        return new LoadResult(seconds, clients, [.. _latencies.Order()], _right, new SortedDictionary<string, int>(_failures, StringComparer.Ordinal), memory);
    }

    private async Task PostAsync(int client, Stopwatch watch, TimeSpan warmUp, CancellationToken stop)
    {
        for (int i = client; !stop.IsCancellationRequested; i += clients)
        {
            Picture picture = pictures[i % pictures.Length];
            TimeSpan start = watch.Elapsed;
            string? failure = null;
            bool isRight = false;
            try
            {
                using var content = new ByteArrayContent(picture.Png);
                content.Headers.ContentType = new MediaTypeHeaderValue("image/png");
                using HttpResponseMessage response = await _http.PostAsync("/predict", content, CancellationToken.None);   // what has begun is waited for
                if (response.IsSuccessStatusCode) isRight = (await response.Content.ReadFromJsonAsync<JsonElement>(CancellationToken.None)).GetProperty("label").GetString() == picture.Label;
                else failure = $"status {(int)response.StatusCode}";
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException or JsonException)
            {
                failure = e.GetType().Name;
            }
            if (failure is not null) _failures.AddOrUpdate(failure, 1, (_, count) => count + 1);
            else if (start >= warmUp && !stop.IsCancellationRequested)
            {
                _latencies.Add((watch.Elapsed - start).TotalMilliseconds);
                if (isRight) Interlocked.Increment(ref _right);
            }
        }
    }

    private async Task<double> MemoryAsync(CancellationToken cancellationToken) =>
        (await _http.GetFromJsonAsync<JsonElement>("/health", cancellationToken)).GetProperty("workingSetBytes").GetDouble() / (1 << 20);

    public void Dispose() => _http.Dispose();
}
