using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Checkpoints;
using Microsoft.ML.Continual.Inference;
using Microsoft.ML.Continual.Methods.LinearProbe;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Persistence;

/// <summary>A disk that fills up during a save loses nothing: the file of before stays whole, no part of the new one is left, the error says why.</summary>
[TestClass]
[DoNotParallelize]
public sealed class FullDiskTests
{
    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void Tensors_that_do_not_fit_leave_the_file_of_before(bool mounted)
    {
        OnFullDisk(mounted, 96 << 10, (folder, fill) =>
        {
            string path = Path.Combine(folder, "tensors.safetensors");
            using var scope = NewDisposeScope();
            SafetensorsWriter.Write(path, new Dictionary<string, TorchSharp.torch.Tensor> { ["a"] = arange(5000, ScalarType.Float32) });
            byte[] before = File.ReadAllBytes(path);
            using (fill()) AssertFails(folder, () => SafetensorsWriter.Write(path, new Dictionary<string, TorchSharp.torch.Tensor> { ["a"] = arange(60000, ScalarType.Float32) }));
            CollectionAssert.AreEqual(before, File.ReadAllBytes(path));
        });
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void A_state_or_model_that_does_not_fit_leaves_the_one_of_before_and_the_trainer(bool mounted)
    {
        var mlContext = new MLContext(1);
        using VisionTransformer backbone = TinyVit.Create();
        using ContinualTrainer trainer = mlContext.Continual().Trainer(new LinearProbeOptions { Backbone = backbone, Epochs = 1, BatchSize = 8, Seed = 3 });
        using ContinualTransformer small = trainer.Fit(TinyImages.View(mlContext, 1, 1, "cat", "dog"));
        OnFullDisk(mounted, 32 << 10, (folder, fill) =>
        {
            string state = Path.Combine(folder, "run.state"), model = Path.Combine(folder, "run.model");
            trainer.SaveState(state);
            small.Save(model);
            (byte[] stateBefore, byte[] modelBefore) = (File.ReadAllBytes(state), File.ReadAllBytes(model));
            using ContinualTransformer large = trainer.Fit(TinyImages.View(mlContext, 1, 1, [.. Enumerable.Range(0, 400).Select(i => $"class {i}")]));
            string after = States.Of(trainer);
            using (fill())
            {
                AssertFails(folder, () => trainer.SaveState(state));
                AssertFails(folder, () => large.Save(model));
                // A Fit that cannot keep its state has not happened.
                trainer.KeepState(state);
                AssertFails(folder, () => trainer.Fit(TinyImages.View(mlContext, 1, 2, "cat", "fox")));
            }
            Assert.AreEqual(after, States.Of(trainer));
            CollectionAssert.AreEqual(stateBefore, File.ReadAllBytes(state));
            CollectionAssert.AreEqual(modelBefore, File.ReadAllBytes(model));
            mlContext.Continual().LoadModel(model, backbone).Dispose();

            trainer.LoadState(state);
            Assert.AreEqual(2, trainer.Classes.Count);
        });
    }

    /// <summary>Runs a test in a folder on a small disk, or in one whose files cannot grow beyond the size while <c>fill</c>'s result lives.</summary>
    private static void OnFullDisk(bool mounted, int bytes, Action<string, Func<IDisposable>> test)
    {
        if (mounted)
        {
            using SmallDisk disk = SmallDisk.Mount(bytes);
            test(disk.Folder, () => new MemoryStream());   // it is as small before as during the failing save
            return;
        }
        DirectoryInfo folder = Directory.CreateTempSubdirectory("continual-limit-");
        try
        {
            test(folder.FullName, () => new FileSizeLimit(bytes));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static void AssertFails(string folder, Action save)
    {
        string[] before = Directory.GetFiles(folder);
        IOException error = Assert.Throws<IOException>(save);
        StringAssert.Contains(error.Message, folder);
        StringAssert.Contains(error.Message, "unchanged");
        CollectionAssert.AreEquivalent(before, Directory.GetFiles(folder));
    }
}
