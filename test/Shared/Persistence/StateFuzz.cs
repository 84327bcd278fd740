using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Persistence;

/// <summary>
/// Damaged state and model files, the same in every run: each loads and works, or ends in <see cref="InvalidDataException"/> with the file's name, changes nothing, and never takes more memory than a small
/// multiple of the file. Most have a checksum that fits: it would hide the readers behind it.
/// </summary>
/// <param name="rawCases">Files with damaged bytes.</param>
/// <param name="craftedCases">Files with a damaged document, damaged tensors or both.</param>
internal sealed class StateFuzz(int rawCases, int craftedCases) : IDisposable
{
    private const int MaximumMultiple = 64, AlwaysAllowedBytes = 1 << 20;
    private const long MaximumResidentGrowth = 512L << 20;

    private readonly TemporaryFolder _folder = new();

    /// <summary>The damaged file.</summary>
    public string Damaged => _folder.File("damaged.safetensors");

    /// <summary>The sound file, for the caller to write.</summary>
    public string Sound => _folder.File("sound.safetensors");

    public void Dispose() => _folder.Dispose();

    /// <summary>Damages a trainer's state, and every few times learns the next task from what loads all the same.</summary>
    /// <param name="trainer">Between tasks; at the end as it was.</param>
    /// <param name="next">The next task.</param>
    public void State(ContinualTrainer trainer, IDataView next)
    {
        string before = _folder.File("before.state");
        trainer.SaveState(before);
        File.Copy(before, Sound, overwrite: true);
        Run(Loader(trainer, next, before));
    }

    /// <summary>As <see cref="State"/>, with a state in the middle of the next task.</summary>
    public void TaskInProgress(ContinualTrainer trainer, IDataView next)
    {
        string before = _folder.File("before.state");
        trainer.SaveState(before);
        File.Delete(Sound);
        trainer.KeepState(_folder.File("kept.state"), everySteps: 1);
        trainer.StateKept = path => { if (!File.Exists(Sound)) File.Copy(path, Sound); };
        trainer.Fit(next).Dispose();
        trainer.KeepState(_folder.File("kept.state")).StateKept = null;
        Run(Loader(trainer, next, before));
    }

    /// <summary>Damages <see cref="Sound"/> again and again.</summary>
    /// <param name="load">Reads <see cref="Damaged"/> and leaves nothing behind.</param>
    public void Run(Action load)
    {
        byte[] bytes = File.ReadAllBytes(Sound);
        using DisposeScope scope = NewDisposeScope();
        CraftedFile crafted = CraftedFile.Read(Sound);
        crafted.Write(Damaged);
        CollectionAssert.AreEqual(bytes, File.ReadAllBytes(Damaged), "put together as the library does");
        load();   // sound before it is damaged
        var random = new SeededRandom(20260202 + bytes.Length);
        var messages = new HashSet<string>();
        int loaded = 0, cases = rawCases + craftedCases;
        long tensors = LiveTensors.Count(), resident = Environment.WorkingSet;
        for (int i = 0; i < cases; i++)
        {
            using DisposeScope caseScope = NewDisposeScope();
            if (i < rawCases) File.WriteAllBytes(Damaged, ByteMutation.Apply(bytes, random));
            else Damage(crafted.Copy(), random).Write(Damaged);
            try
            {
                string? message = Try(load);
                if (message is null) loaded++;
                else messages.Add(message);
            }
            catch (Exception e)
            {
                string kept = Path.Combine(Path.GetTempPath(), $"continual-state-fuzz-{bytes.Length}-{i}");
                File.Copy(Damaged, kept, overwrite: true);
                Assert.Fail($"case {i} (kept in {kept}): {e}");
            }
        }
        Assert.AreEqual(tensors, LiveTensors.Count(), "tensors left behind");
        Assert.IsLessThan(MaximumResidentGrowth, Environment.WorkingSet - resident, "bytes of the process");
        // Else the damage is always the same, or none: the test would test nothing.
        Assert.IsGreaterThan(cases / 100, messages.Count);
        Assert.IsGreaterThan(cases / 250, loaded);
        Assert.IsLessThan(cases, loaded);
    }

    private Action Loader(ContinualTrainer trainer, IDataView next, string sound)
    {
        trainer.LoadState(sound);   // the members of its documents are in the file's order from now on
        string before = States.Of(trainer);
        int loads = 0;
        return () =>
        {
            try
            {
                trainer.LoadState(Damaged);
            }
            catch
            {
                Assert.AreEqual(before, States.Of(trainer));
                throw;
            }
            try
            {
                if (loads++ % 8 == 0) GoOn(trainer, next);
            }
            finally
            {
                trainer.LoadState(sound);
                trainer.ForgetTaskInProgress();
            }
        };
    }

    /// <summary>The next task; what a damaged state is found to be only now is still an error in words.</summary>
    private static void GoOn(ContinualTrainer trainer, IDataView next)
    {
        try
        {
            trainer.Fit(next).Dispose();
        }
        catch (Exception e) when (e is InvalidDataException || e is InvalidOperationException && e.Message.Contains("finite", StringComparison.Ordinal) || e is ArgumentException && e.Message.Contains("columns", StringComparison.Ordinal))
        {
            // Numbers that are none, or of another task, or of other columns.
        }
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
        long length = new FileInfo(Damaged).Length, before = GC.GetAllocatedBytesForCurrentThread();
        string? message = null;
        try
        {
            load();
        }
        catch (InvalidDataException e)
        {
            Assert.Contains($"'{Damaged}'", e.Message);
            Assert.IsLessThan(4000, e.Message.Length);
            message = e.Message;
        }
        Assert.IsLessThan(AlwaysAllowedBytes + (MaximumMultiple * length), GC.GetAllocatedBytesForCurrentThread() - before, "bytes allocated");
        return message;
    }
}
