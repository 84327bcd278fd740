using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Persistence;

/// <summary>Whatever goes wrong inside a Fit, the trainer's state is the same bytes as before it.</summary>
[TestClass]
public sealed class FailedFitTests
{
    private readonly TemporaryFolder _folder = new();
    private readonly MLContext _mlContext = new(1);
    private Action<string>? _calls;
    private Func<int, float>? _lossFactor;

    [TestCleanup]
    public void Delete() => _folder.Dispose();

    [TestMethod]
    public void Cancelled_in_the_first_step() => Unchanged<OperationCanceledException>((trainer, rows) =>
    {
        using var source = new CancellationTokenSource();
        _calls = call => { if (call == "method.ComputeLoss") source.Cancel(); };
        trainer.Fit(rows, null, source.Token);
    });

    [TestMethod]
    public void Cancelled_when_the_last_epoch_is_done() => Unchanged<OperationCanceledException>((trainer, rows) =>
    {
        using var source = new CancellationTokenSource();
        _calls = call => { if (call == "constraint.EndTask") source.Cancel(); };
        trainer.Fit(rows, null, source.Token);
    });

    [TestMethod]
    public void Out_of_memory_in_a_step() => Unchanged<OutOfMemoryException>((trainer, rows) =>
    {
        int steps = 0;
        _calls = call => { if (call == "method.ComputeLoss" && ++steps == 3) throw new OutOfMemoryException("no memory left on the device"); };
        trainer.Fit(rows);
    });

    [TestMethod]
    [DataRow(0)]
    [DataRow(3)]
    [DataRow(7)]
    public void A_view_that_throws_at_a_row(int row) => Unchanged<IOException>((trainer, _) =>
        trainer.Fit(_mlContext.Data.LoadFromEnumerable(TinyImages.Make(4, 2, "fox", "elk").Select((image, i) => i == row ? throw new IOException("the disk is gone") : image))));

    [TestMethod]
    public void A_loss_that_is_no_number() => Unchanged<InvalidOperationException>((trainer, rows) =>
    {
        _lossFactor = _ => float.NaN;
        trainer.Fit(rows);
    });

    [TestMethod]
    public void A_listener_that_throws() => Unchanged<ArithmeticException>((trainer, rows) => trainer.Fit(rows, new Thrower(), CancellationToken.None));

    [TestMethod]
    public void A_state_that_cannot_be_written() => Unchanged<DirectoryNotFoundException>((trainer, rows) => trainer.KeepState(_folder.File("missing/run.state")).Fit(rows));

    [TestMethod]
    public void A_state_that_cannot_be_written_in_the_middle_of_a_task() => Unchanged<DirectoryNotFoundException>((trainer, rows) => trainer.KeepState(_folder.File("missing/run.state"), everySteps: 1).Fit(rows));

    [TestMethod]
    public void A_trainer_disposed_in_the_middle_fails_and_gives_its_models_no_harm()
    {
        using ContinualTrainer trainer = Create();
        using var model = trainer.Fit(TinyImages.View(_mlContext, 4, 1, "ash", "birch"));
        IDataView test = TinyImages.View(_mlContext, 2, 4, "ash", "birch");
        float[][] before = States.Scores(model, test);
        _calls = call => { if (call == "method.ComputeLoss") trainer.Dispose(); };
        Assert.ThrowsExactly<ObjectDisposedException>(() => trainer.Fit(TinyImages.View(_mlContext, 4, 2, "fox", "elk")));
        States.AssertEqual(before, States.Scores(model, test));
        Assert.ThrowsExactly<ObjectDisposedException>(() => trainer.SaveState(_folder.File("after.state")));
    }

    private void Unchanged<TException>(Action<ContinualTrainer, IDataView> fit) where TException : Exception
    {
        string path = _folder.File("trainer.state");
        using ContinualTrainer trainer = Create(), straight = Create();
        trainer.Fit(TinyImages.View(_mlContext, 4, 1, "ash", "birch")).Dispose();
        trainer.SaveState(path);
        byte[] before = File.ReadAllBytes(path);
        IDataView rows = TinyImages.View(_mlContext, 4, 2, "fox", "elk");

        Exception thrown = Assert.Throws<Exception>(() => fit(trainer, rows));
        Assert.IsInstanceOfType<TException>(thrown);
        (_calls, _lossFactor) = (null, null);
        trainer.SaveState(path);
        CollectionAssert.AreEqual(before, File.ReadAllBytes(path));

        // And it learns on as if nothing had been.
        trainer.KeepState(_folder.File("kept.state")).Fit(rows).Dispose();
        straight.Fit(TinyImages.View(_mlContext, 4, 1, "ash", "birch")).Dispose();
        straight.Fit(rows).Dispose();
        Assert.AreEqual(States.Of(straight), States.Of(trainer));
    }

    private ContinualTrainer Create() => _mlContext.Continual()
        .Trainer(new ColourOptions { Seed = 11, Calls = call => _calls?.Invoke(call), LossFactor = step => _lossFactor?.Invoke(step) ?? 1 })
        .WithConstraint(new HalvingOptions { Calls = call => _calls?.Invoke(call) });

    private sealed class Thrower : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => throw new ArithmeticException("the listener is broken");
    }
}
