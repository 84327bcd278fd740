using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.ML.Data;

namespace Microsoft.ML.Continual.Samples.Serve;

/// <summary>
/// A few threads that decode images and predict, each with a <c>PredictionEngine</c> of its own, because ML.NET's engines are for one thread. libtorch keeps helper
/// threads for every thread that computes: threads of the pool, which come and go, would collect them.
/// </summary>
internal sealed class Predictor : IDisposable
{
    private readonly MLContext _mlContext;
    private readonly ServedModel _model;
    private readonly ServeSettings _settings;
    private readonly BlockingCollection<Job> _jobs = [];
    private readonly Thread[] _threads;
    private readonly SemaphoreSlim _places;
    private long _made;

    public Predictor(MLContext mlContext, ServedModel model, ServeSettings settings)
    {
        (_mlContext, _model, _settings) = (mlContext, model, settings);
        _places = new SemaphoreSlim(settings.Places);
        _threads = [.. Enumerable.Range(1, settings.Workers).Select(i => new Thread(Work) { Name = $"prediction {i}", IsBackground = true })];
        foreach (Thread thread in _threads) thread.Start();
    }

    /// <summary>Predictions made.</summary>
    public long Made => Interlocked.Read(ref _made);

    /// <summary>Places taken.</summary>
    public int Busy => _settings.Places - _places.CurrentCount;

    /// <summary>Takes a place, which <see cref="Leave"/> gives back; false where all are taken.</summary>
    public bool TryEnter() => _places.Wait(0);

    /// <summary>Gives a place back.</summary>
    public void Leave() => _places.Release();

    /// <summary>Decodes an image and predicts, on one of the threads.</summary>
    /// <exception cref="RefusedUpload">The image cannot be decoded.</exception>
    public async Task<PredictionAnswer> PredictAsync(byte[] file, CancellationToken cancellationToken)
    {
        var job = new Job(file, cancellationToken);
        _jobs.Add(job, cancellationToken);
        float[] scores = await job.Scores;
        int best = Array.IndexOf(scores, scores.Max());
        return new PredictionAnswer(_model.Labels[best], scores[best], Enumerable.Range(0, scores.Length).ToDictionary(c => _model.Labels[c], c => scores[c]),
            Math.Round(job.Watch.Elapsed.TotalMilliseconds, 2));
    }

    /// <summary>Ends the threads after the jobs they have.</summary>
    public void Dispose()
    {
        _jobs.CompleteAdding();
        foreach (Thread thread in _threads) thread.Join();
        _jobs.Dispose();
        _places.Dispose();
    }

    private void Work()
    {
        SchemaDefinition input = SchemaDefinition.Create(typeof(ImageRow)), output = SchemaDefinition.Create(typeof(ScoredRow));
        input[nameof(ImageRow.Image)].ColumnName = _model.Transformer.ImageColumnName;
        output[nameof(ScoredRow.Score)].ColumnName = _model.Transformer.ScoreColumnName;
        using PredictionEngine<ImageRow, ScoredRow> engine = _mlContext.Model.CreatePredictionEngine<ImageRow, ScoredRow>(_model.Transformer,
            new PredictionEngineOptions { OwnsTransformer = false, InputSchemaDefinition = input, OutputSchemaDefinition = output });
        foreach (Job job in _jobs.GetConsumingEnumerable())
        {
            if (job.IsCancelled) continue;
            try
            {
                using MLImage image = Decode(job.File);
                job.Finish(engine.Predict(new ImageRow { Image = image }).Score);
                Interlocked.Increment(ref _made);
            }
            catch (Exception e)   // it belongs to the request
            {
                job.Fail(e);
            }
        }
    }

    private static MLImage Decode(byte[] file)
    {
        try
        {
            return MLImage.CreateFromStream(new MemoryStream(file, writable: false));
        }
        catch (Exception e) when (e is ArgumentException or InvalidDataException or NotSupportedException)
        {
            throw new RefusedUpload(StatusCodes.Status400BadRequest, "The image is damaged: its header is sound, but it cannot be decoded.");
        }
    }

    /// <summary>An image that waits for a thread.</summary>
    private sealed class Job(byte[] file, CancellationToken cancellationToken)
    {
        // Continuations on the pool: the thread goes on with the next image.
        private readonly TaskCompletionSource<float[]> _scores = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public byte[] File => file;

        public Stopwatch Watch { get; } = Stopwatch.StartNew();

        public Task<float[]> Scores => _scores.Task;

        /// <summary>Whether nobody waits any more.</summary>
        public bool IsCancelled => cancellationToken.IsCancellationRequested && _scores.TrySetCanceled(cancellationToken);

        public void Finish(float[] scores) => _scores.TrySetResult(scores);

        public void Fail(Exception exception) => _scores.TrySetException(exception);
    }
}
