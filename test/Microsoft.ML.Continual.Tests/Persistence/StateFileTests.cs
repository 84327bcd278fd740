using System.Text.Json.Nodes;
using Microsoft.ML.Continual.Checkpoints;
using Microsoft.ML.Continual.Methods.L2P;
using Microsoft.ML.Continual.Persistence;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Persistence;

[TestClass]
public sealed class StateFileTests
{
    private readonly TemporaryFolder _folder = new();
    private readonly MLContext _mlContext = new(1);

    private string FilePath => _folder.File("run.state");

    [TestCleanup]
    public void Delete() => _folder.Dispose();

    [TestMethod]
    public void A_state_is_a_safetensors_file_that_any_reader_opens()
    {
        using ContinualTrainer trainer = Trained();
        trainer.SaveState(FilePath);
        using SafetensorsFile file = SafetensorsFile.Open(FilePath);
        CollectionAssert.Contains(file.Entries.Keys.ToArray(), "method/head.weight");
        JsonNode document = JsonNode.Parse(file.Metadata["document"])!;
        Assert.AreEqual("state", (string?)document["kind"]);
        Assert.AreEqual("Colour", (string?)document["learned"]!["method"]);
    }

    [TestMethod]
    public void The_same_state_gives_the_same_bytes_and_nothing_else_is_left_in_the_folder()
    {
        using ContinualTrainer trainer = Trained(), other = Create();
        trainer.SaveState(FilePath);
        other.LoadState(FilePath);
        other.SaveState(_folder.File("other.state"));
        CollectionAssert.AreEqual(File.ReadAllBytes(FilePath), File.ReadAllBytes(_folder.File("other.state")));
        CollectionAssert.AreEquivalent(new[] { "run.state", "other.state" }, Names());
    }

    [TestMethod]
    public void A_trainer_that_has_learned_nothing_can_be_saved_and_loaded()
    {
        using ContinualTrainer trainer = Create(), other = Trained();
        trainer.SaveState(FilePath);
        other.LoadState(FilePath);
        Assert.AreEqual(0, other.TasksSeen);
    }

    [TestMethod]
    public void The_good_file_before_is_kept_and_read_where_the_newest_is_damaged()
    {
        using ContinualTrainer trainer = Trained();
        trainer.SaveState(FilePath);
        string first = States.Of(trainer);
        trainer.Fit(TinyImages.View(_mlContext, 4, 2, "oak", "elm")).Dispose();
        trainer.SaveState(FilePath);
        Flip(FilePath, -3);

        var warnings = new List<string>();
        _mlContext.Log += (_, e) => warnings.Add(e.Message);
        using ContinualTrainer other = Create();
        other.LoadState(FilePath);
        Assert.AreEqual(first, States.Of(other));
        Assert.IsTrue(warnings.Any(w => w.Contains("SHA-256", StringComparison.Ordinal) && w.Contains("run.state.previous", StringComparison.Ordinal)), string.Join('\n', warnings));

        // A damaged file does not take the place of the good one before it.
        other.SaveState(FilePath);
        Flip(FilePath, -3);
        using ContinualTrainer third = Create();
        third.LoadState(FilePath);
        Assert.AreEqual(first, States.Of(third));

        Flip(FilePath + ".previous", 100);
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => third.LoadState(FilePath)).Message, "cannot be read either");
        Assert.AreEqual(first, States.Of(third));
    }

    [TestMethod]
    public void Every_flipped_byte_is_found_or_harmless()
    {
        using ContinualTrainer trainer = Trained();
        trainer.SaveState(FilePath);
        byte[] good = File.ReadAllBytes(FilePath);
        string expected = States.Of(trainer);
        using ContinualTrainer other = Create();
        var random = new Random(5);
        for (int i = 0; i < 300; i++)
        {
            byte[] bad = [.. good];
            bad[random.Next(bad.Length)] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(FilePath, bad);
            try
            {
                other.LoadState(FilePath);
                Assert.AreEqual(expected, States.Of(other));
            }
            catch (InvalidDataException e)
            {
                StringAssert.Contains(e.Message, "run.state");
            }
        }
    }

    [TestMethod]
    public void A_failed_save_leaves_the_old_file_and_no_part_of_a_new_one()
    {
        using ContinualTrainer trainer = Trained();
        trainer.SaveState(FilePath);
        byte[] before = File.ReadAllBytes(FilePath);
        Assert.ThrowsExactly<IOException>(() => AtomicFile.Write(FilePath, file =>
        {
            file.WriteByte(1);
            throw new IOException("No space left on device");
        }, () => true));
        CollectionAssert.AreEqual(before, File.ReadAllBytes(FilePath));
        CollectionAssert.AreEquivalent(new[] { "run.state" }, Names());
    }

    [TestMethod]
    public void Other_options_are_named_with_both_values()
    {
        using var backbone = TinyVit.Create();
        using ContinualTrainer trainer = Prompts(backbone, 6), other = Prompts(backbone, 7), resumed = Resume(trainer);
        Assert.AreEqual(6, ((L2POptions)resumed.Options).PoolSize);
        Assert.AreEqual(trainer.Seed, resumed.Seed);
        string message = Assert.ThrowsExactly<InvalidDataException>(() => other.LoadState(FilePath)).Message;
        StringAssert.Contains(message, "PoolSize (file: 6, trainer: 7)");
        StringAssert.Contains(message, "run.state");

        ContinualTrainer Resume(ContinualTrainer from)
        {
            from.SaveState(FilePath);
            return _mlContext.Continual().ResumeTrainer(FilePath, backbone);
        }
    }

    [TestMethod]
    public void Another_method_constraint_seed_or_kind_of_file_is_refused_by_name()
    {
        using var backbone = TinyVit.Create();
        using ContinualTrainer trainer = Trained(), prompts = Prompts(backbone, 6), constrained = Create().WithConstraint(new HalvingOptions());
        trainer.SaveState(FilePath);
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => prompts.LoadState(FilePath)).Message, "L2POptions");
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => constrained.LoadState(FilePath)).Message, "no constraint");
        using ContinualTrainer seeded = _mlContext.Continual().Trainer(new ColourOptions { Seed = 12 });
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => seeded.LoadState(FilePath)).Message, "expected the trainer's 12; found 11");
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => _mlContext.Continual().LoadModel(FilePath)).Message, "expected a model; found a state");
        SafetensorsWriter.Write(FilePath, new Dictionary<string, Tensor>());
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => trainer.LoadState(FilePath)).Message, "Microsoft.ML.Continual");
    }

    [TestMethod]
    public void A_class_that_the_program_has_not_loaded_is_never_made()
    {
        var json = new JsonObject { ["type"] = "System.IO.FileInfo", ["values"] = new JsonObject() };
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => KnownOptions.Read<Microsoft.ML.Continual.Methods.MethodOptions>(json)).Message, "System.IO.FileInfo");
    }

    [TestMethod]
    public void A_task_in_progress_wants_the_same_rows_or_to_be_forgotten()
    {
        IDataView rows = TinyImages.View(_mlContext, 4, 1, "ash", "birch"), others = TinyImages.View(_mlContext, 4, 2, "ash", "birch");
        LeaveInTask(rows);
        using ContinualTrainer other = Create();
        other.LoadState(FilePath);
        Assert.AreEqual("Task 1", other.TaskInProgress);
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => other.Fit(others)).Message, "the first image is another");
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => other.Fit(TinyImages.View(_mlContext, 5, 1, "ash", "birch"))).Message, "expected 8 rows; found 10");
        Assert.AreEqual("Task 1", other.TaskInProgress, "a Fit that fails changes nothing");
        other.ForgetTaskInProgress();
        other.Fit(others).Dispose();
        Assert.IsNull(other.TaskInProgress);
    }

    [TestMethod]
    public void A_fit_that_goes_on_is_not_disturbed_when_its_task_in_progress_is_forgotten()
    {
        IDataView rows = TinyImages.View(_mlContext, 4, 1, "ash", "birch");
        LeaveInTask(rows);
        Action? meanwhile = null;
        using ContinualTrainer straight = Create(), other = Create(call => { if (call == "method.BeginTask") meanwhile!(); });
        meanwhile = other.ForgetTaskInProgress;
        straight.Fit(rows).Dispose();
        other.LoadState(FilePath);
        long before = LiveTensors.Count();
        other.Fit(rows).Dispose();
        Assert.AreEqual(States.Of(straight), States.Of(other));
        Assert.IsLessThan(before, LiveTensors.Count(), "the task in progress is freed in the end");
    }

    [TestMethod]
    public void A_trainer_disposed_while_a_fit_goes_on_from_a_file_says_so_and_leaves_nothing_behind()
    {
        IDataView rows = TinyImages.View(_mlContext, 4, 1, "ash", "birch");
        LeaveInTask(rows);
        long before = LiveTensors.Count();
        Action? meanwhile = null;
        using (ContinualTrainer other = Create(call => { if (call == "method.BeginTask") meanwhile!(); }))
        {
            meanwhile = other.Dispose;
            other.LoadState(FilePath);
            Assert.ThrowsExactly<ObjectDisposedException>(() => other.Fit(rows));
        }
        Assert.AreEqual(before, LiveTensors.Count());
    }

    /// <summary>Leaves a state in the middle of its first task.</summary>
    private void LeaveInTask(IDataView rows)
    {
        using ContinualTrainer trainer = Create().KeepState(FilePath, everySteps: 3);
        using var source = new CancellationTokenSource();
        trainer.StateKept = _ => source.Cancel();
        Assert.ThrowsExactly<OperationCanceledException>(() => trainer.Fit(rows, null, source.Token));
    }

    private static void Flip(string path, int at)
    {
        byte[] bytes = File.ReadAllBytes(path);
        bytes[at < 0 ? bytes.Length + at : at] ^= 8;
        File.WriteAllBytes(path, bytes);
    }

    private string[] Names() => [.. Directory.GetFiles(_folder.Path).Select(path => Path.GetFileName(path)!)];

    private ContinualTrainer Create(Action<string>? calls = null) => _mlContext.Continual().Trainer(new ColourOptions { Seed = 11, Calls = calls });

    private ContinualTrainer Trained()
    {
        ContinualTrainer trainer = Create();
        trainer.Fit(TinyImages.View(_mlContext, 4, 1, "ash", "birch")).Dispose();
        return trainer;
    }

    private ContinualTrainer Prompts(Microsoft.ML.Continual.Backbones.VisionTransformer backbone, int poolSize) =>
        _mlContext.Continual().PromptTuning(new L2POptions { Backbone = backbone, PoolSize = poolSize, TopK = 2, PromptLength = 2, Seed = 3 });
}
