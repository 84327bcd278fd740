using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Inference;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.DualPrompt;
using Microsoft.ML.Continual.Methods.L2P;
using Microsoft.ML.Continual.Methods.LinearProbe;
using Microsoft.ML.Continual.Methods.NearestClassMean;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Tests.Checkpoints;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Training;
using Microsoft.ML.Data;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Persistence;

/// <summary>
/// Damaged state and model files, thousands of each kind, the same in every run: each loads and works, or ends in <see cref="InvalidDataException"/> with the file's name, changes nothing, and never
/// takes more memory than a small multiple of the file. Most have a checksum that fits: it would hide the readers behind it.
/// </summary>
[TestClass]
[DoNotParallelize]
public sealed class StateFuzzTests
{
    private const int RawCases = 1500, CraftedCases = 3500, MaximumMultiple = 64, AlwaysAllowedBytes = 1 << 20, MaximumTime = 300_000;
    private const long MaximumResidentGrowth = 512L << 20;

    private static readonly VisionTransformer s_backbone = TinyVit.Create();
    private static readonly string s_folder = Directory.CreateTempSubdirectory("continual-state-fuzz-").FullName;

    private readonly MLContext _mlContext = new(1);
    private readonly string _path = Path.Combine(s_folder, "damaged.safetensors");

    [ClassCleanup]
    public static void Free()
    {
        s_backbone.Dispose();
        Directory.Delete(s_folder, recursive: true);
    }

    [TestMethod]
    [Timeout(MaximumTime, CooperativeCancellation = false)]
    [DataRow("l2p")]
    [DataRow("dualprompt")]
    [DataRow("linear-probe")]
    [DataRow("ncm")]
    public void A_damaged_model_scores_or_says_what_is_wrong(string method)
    {
        using ContinualTrainer trainer = Learn(method);
        string sound = Path.Combine(s_folder, method + ".model");
        using (ContinualTransformer model = trainer.Fit(Rows("fox", "elk"))) model.Save(sound);
        IDataView image = TinyImages.View(_mlContext, 1, 3, "cat");
        Fuzz(sound, () =>
        {
            using ContinualTransformer model = _mlContext.Continual().LoadModel(_path, s_backbone);
            if (model.ImageColumnName == "Image" && model.LabelColumnName == "Label") Assert.HasCount(model.ClassCount, States.Scores(model, image)[0]);
            else Assert.ThrowsExactly<ArgumentException>(() => model.Transform(image));   // any name may be a column's
        });
    }

    [TestMethod]
    [Timeout(MaximumTime, CooperativeCancellation = false)]
    [DataRow("l2p")]
    [DataRow("dualprompt")]
    [DataRow("linear-probe")]
    [DataRow("ncm")]
    public void A_damaged_state_goes_on_or_says_what_is_wrong_and_changes_nothing(string method)
    {
        string sound = Path.Combine(s_folder, method + ".state"), inTask = Path.Combine(s_folder, method + ".progress");
        using ContinualTrainer trainer = Learn(method);
        trainer.SaveState(sound);
        string before = States.Of(trainer);
        int loads = 0;
        void Load()
        {
            try
            {
                trainer.LoadState(_path);
            }
            catch
            {
                Assert.AreEqual(before, States.Of(trainer));
                throw;
            }
            try
            {
                if (loads++ % 8 == 0) GoOn(trainer);
            }
            finally
            {
                trainer.LoadState(sound);
                trainer.ForgetTaskInProgress();
            }
        }

        Fuzz(sound, Load);
        if (method == "ncm") return;   // no step is trained, and so no task is ever in progress
        trainer.KeepState(inTask + ".kept", everySteps: 1);
        trainer.StateKept = path => { if (!File.Exists(inTask)) File.Copy(path, inTask); };
        trainer.Fit(Rows("fox", "elk")).Dispose();
        trainer.KeepState(Path.Combine(s_folder, "unused.state")).StateKept = null;
        trainer.LoadState(sound);
        Fuzz(inTask, Load);
    }

    /// <summary>The next task; what a damaged state is found to be only now is still an error in words.</summary>
    private void GoOn(ContinualTrainer trainer)
    {
        try
        {
            trainer.Fit(Rows("fox", "elk")).Dispose();
        }
        catch (Exception e) when (e is InvalidDataException || e is InvalidOperationException && e.Message.Contains("finite", StringComparison.Ordinal) || e is ArgumentException && e.Message.Contains("columns", StringComparison.Ordinal))
        {
            // Numbers that are none, or of another task, or of other columns.
        }
    }

    private void Fuzz(string sound, Action load)
    {
        byte[] bytes = File.ReadAllBytes(sound);
        using DisposeScope scope = NewDisposeScope();
        CraftedFile crafted = CraftedFile.Read(sound);
        crafted.Write(_path);
        CollectionAssert.AreEqual(bytes, File.ReadAllBytes(_path), "put together as the library does");
        load();   // sound before it is damaged
        var random = new SeededRandom(20260202 + bytes.Length);
        var messages = new HashSet<string>();
        int loaded = 0;
        long tensors = LiveTensors.Count(), resident = Environment.WorkingSet;
        for (int i = 0; i < RawCases + CraftedCases; i++)
        {
            using DisposeScope caseScope = NewDisposeScope();
            if (i < RawCases) File.WriteAllBytes(_path, Mutation.Apply(bytes, random));
            else Damage(crafted.Copy(), random).Write(_path);
            try
            {
                string? message = Try(load);
                if (message is null) loaded++;
                else messages.Add(message);
            }
            catch (Exception e)
            {
                string kept = Path.Combine(Path.GetTempPath(), $"continual-state-fuzz-{Path.GetFileName(sound)}-{i}");
                File.Copy(_path, kept, overwrite: true);
                Assert.Fail($"case {i} of {Path.GetFileName(sound)} (kept in {kept}): {e}");
            }
        }
        Assert.AreEqual(tensors, LiveTensors.Count(), "tensors left behind");
        Assert.IsLessThan(MaximumResidentGrowth, Environment.WorkingSet - resident, "bytes of the process");
        // Else the damage is always the same, or none: the test would test nothing.
        Assert.IsGreaterThan(50, messages.Count);
        Assert.IsGreaterThan(20, loaded);
        Assert.IsLessThan(RawCases + CraftedCases, loaded);
    }

    private static CraftedFile Damage(CraftedFile file, SeededRandom random)
    {
        int what = random.NextInt(4);
        if (what != 0) file.Document = DocumentMutation.Apply(file.Document, random);
        if (what <= 1) TensorMutation.Apply(file.Tensors, random);
        return file;
    }

    private string? Try(Action load)
    {
        long length = new FileInfo(_path).Length, before = GC.GetAllocatedBytesForCurrentThread();
        string? message = null;
        try
        {
            load();
        }
        catch (InvalidDataException e)
        {
            Assert.Contains($"'{_path}'", e.Message);
            Assert.IsLessThan(4000, e.Message.Length);
            message = e.Message;
        }
        Assert.IsLessThan(AlwaysAllowedBytes + (MaximumMultiple * length), GC.GetAllocatedBytesForCurrentThread() - before, "bytes allocated");
        return message;
    }

    private IDataView Rows(params string[] labels) => TinyImages.View(_mlContext, 2, 1, labels);

    /// <summary>A trainer that has learned its first task.</summary>
    private ContinualTrainer Learn(string method)
    {
        MethodOptions options = method switch
        {
            "l2p" => new L2POptions { PoolSize = 3, PromptLength = 1, TopK = 2 },
            "dualprompt" => new DualPromptOptions { GBlocks = [0], EBlocks = [1], GPromptLength = 2, EPromptLength = 2, PoolSize = 3 },
            "linear-probe" => new LinearProbeOptions(),
            _ => new NearestClassMeanOptions(),
        };
        (options.Backbone, options.Epochs, options.BatchSize, options.Seed) = (s_backbone, 1, 2, 3);
        ContinualTrainer trainer = _mlContext.Continual().Trainer(options);
        trainer.Fit(Rows("cat", "dog")).Dispose();
        return trainer;
    }
}
