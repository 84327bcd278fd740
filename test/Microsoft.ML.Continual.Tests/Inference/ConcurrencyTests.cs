using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Inference;
using Microsoft.ML.Continual.Methods.L2P;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Training;
using Microsoft.ML.Data;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Inference;

/// <summary>One model, many threads: scores equal those of one thread, bit for bit.</summary>
[TestClass]
public sealed class ConcurrencyTests
{
    private const int Threads = 8, Predictions = 1000, Different = 50;

    private readonly MLContext _mlContext = new(1);
    private readonly List<TinyImage> _images = TinyImages.Make(Different / 2, 9, "cat", "dog");
    private VisionTransformer _backbone = null!;
    private ContinualTrainer _trainer = null!;
    private ContinualTransformer _model = null!;

    [TestInitialize]
    public void Learn()
    {
        _backbone = TinyVit.Create();
        _trainer = _mlContext.Continual().PromptTuning(new L2POptions
        {
            Backbone = _backbone, PoolSize = 4, PromptLength = 2, TopK = 2, Epochs = 1, BatchSize = 4, PredictionBatchSize = 8, Seed = 3,
        });
        _model = _trainer.Fit(TinyImages.View(_mlContext, 4, 1, "cat", "dog"));
    }

    [TestCleanup]
    public void Free()
    {
        _model.Dispose();
        _trainer.Dispose();
        _backbone.Dispose();
    }

    [TestMethod]
    public void Eight_threads_that_transform_get_the_scores_of_one()
    {
        List<TinyImage> rows = [.. Enumerable.Range(0, Predictions).Select(i => _images[i % Different])];
        float[][] expected = States.Scores(_model, _mlContext.Data.LoadFromEnumerable(rows));
        IDataView shared = _mlContext.Data.LoadFromEnumerable(rows);
        float[][][] found = new float[Threads][][];
        OnThreads(i => found[i] = States.Scores(_model, shared));
        foreach (float[][] scores in found) States.AssertEqual(expected, scores);
    }

    [TestMethod]
    public void Eight_threads_with_an_engine_each_get_the_scores_of_one()
    {
        float[][] expected = EngineScores(Different);
        float[][][] found = new float[Threads][][];
        OnThreads(i => found[i] = EngineScores(Predictions));
        foreach (float[][] scores in found)
            for (int i = 0; i < Predictions; i++) CollectionAssert.AreEqual(expected[i % Different], scores[i], $"prediction {i}");
    }

    [TestMethod]
    public void Models_that_come_and_go_on_another_thread_change_no_score()
    {
        float[][] expected = EngineScores(Different);
        float[][][] found = new float[3][][];
        OnThreads(i =>
        {
            if (i < 3)
            {
                found[i] = EngineScores(400);
                return;
            }
            for (int task = 0; task < 6; task++)
            {
                using ContinualTransformer next = _trainer.Fit(TinyImages.View(_mlContext, 2, task, "cat", $"new{task}"));
                Assert.HasCount(4, States.Scores(next, TinyImages.View(_mlContext, 2, 1, "cat", "dog")));
            }
        }, 4);
        foreach (float[][] scores in found)
            for (int i = 0; i < 400; i++) CollectionAssert.AreEqual(expected[i % Different], scores[i], $"prediction {i}");
    }

    [TestMethod]
    public void A_model_disposed_while_threads_use_it_ends_their_predictions_with_one_clear_error_and_leaves_no_tensor()
    {
        float[][] expected = EngineScores(Different);
        long before = LiveTensors.Count();
        int ended = 0, made = 0;
        using var started = new CountdownEvent(3);
        OnThreads(i =>
        {
            if (i == 3)
            {
                Assert.IsTrue(started.Wait(TimeSpan.FromMinutes(1)));
                _model.Dispose();
                return;
            }
            using PredictionEngine<Input, Output> engine = CreateEngine();
            for (int n = 0; ; n++)
            {
                float[] scores;
                try
                {
                    scores = engine.Predict(new Input { Image = _images[n % Different].Image }).Score;
                }
                catch (ObjectDisposedException)
                {
                    Interlocked.Increment(ref ended);
                    return;
                }
                CollectionAssert.AreEqual(expected[n % Different], scores);
                Interlocked.Increment(ref made);
                if (n == 0) started.Signal();
            }
        }, 4);
        Assert.AreEqual(3, ended);
        Assert.IsGreaterThanOrEqualTo(3, made);
        Assert.IsLessThan(before, LiveTensors.Count());
        Assert.ThrowsExactly<ObjectDisposedException>(() => _model.GetOutputSchema(_mlContext.Data.LoadFromEnumerable(_images).Schema));
    }

    [TestMethod]
    public void A_gate_lets_through_as_many_passes_as_its_limit_and_an_error_gives_its_place_back()
    {
        var gate = new PassGate(() => 2);
        int running = 0, most = 0, done = 0;
        OnThreads(_ =>
        {
            for (int i = 0; i < 200; i++)
            {
                try
                {
                    gate.Run(() =>
                    {
                        int now = Interlocked.Increment(ref running);
                        InterlockedMax(ref most, now);
                        Thread.Yield();
                        Interlocked.Decrement(ref running);
                        return i % 3 == 0 ? throw new InvalidOperationException() : now;
                    });
                }
                catch (InvalidOperationException)
                {
                }
                Interlocked.Increment(ref done);
            }
        });
        Assert.AreEqual(Threads * 200, done);
        Assert.IsLessThanOrEqualTo(2, most);
        Assert.AreEqual(7, new PassGate(() => 0).Run(() => 7));   // fewer cores than threads: one pass all the same
        Assert.AreSame(PassGate.Of(CPU), PassGate.Of(device("cpu")));
    }

    private static void InterlockedMax(ref int target, int value)
    {
        int seen = Volatile.Read(ref target);
        while (seen < value && Interlocked.CompareExchange(ref target, value, seen) is var found && found != seen) seen = found;
    }

    [TestMethod]
    public void A_use_that_outlives_the_owner_frees_once_at_its_end()
    {
        int freed = 0;
        var uses = new UseCount(() => freed++);
        Assert.IsTrue(uses.TryEnter());
        uses.End();
        uses.End();
        Assert.AreEqual(0, freed);
        Assert.IsFalse(uses.TryEnter());
        uses.Leave();
        Assert.AreEqual(1, freed);
        Assert.IsFalse(uses.TryEnter());
        Assert.AreEqual(1, freed);
    }

    private PredictionEngine<Input, Output> CreateEngine() =>
        _mlContext.Model.CreatePredictionEngine<Input, Output>(_model, new PredictionEngineOptions { OwnsTransformer = false });

    private float[][] EngineScores(int count)
    {
        using PredictionEngine<Input, Output> engine = CreateEngine();
        return [.. Enumerable.Range(0, count).Select(i => engine.Predict(new Input { Image = _images[i % Different].Image }).Score)];
    }

    /// <summary>Runs the action on threads of their own at once; the first exception comes out.</summary>
    private static void OnThreads(Action<int> action, int count = Threads)
    {
        Exception?[] failures = new Exception?[count];
        Thread[] threads = [.. Enumerable.Range(0, count).Select(i => new Thread(() =>
        {
            try
            {
                action(i);
            }
            catch (Exception e)
            {
                failures[i] = e;
            }
        }))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        if (failures.FirstOrDefault(failure => failure is not null) is { } failure) throw new InvalidOperationException($"a thread failed: {failure.Message}", failure);
    }

    private sealed class Input
    {
        [VectorType(3, TinyImages.Size, TinyImages.Size)]
        public byte[] Image { get; set; } = [];
    }

    private sealed class Output
    {
        public float[] Score { get; set; } = [];
    }
}
