using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Checkpoints;
using Microsoft.ML.Continual.Inference;
using Microsoft.ML.Continual.Methods.L2P;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Training;
using Microsoft.ML.Data;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Persistence;

[TestClass]
public sealed class ModelFileTests
{
    private readonly TemporaryFolder _folder = new();
    private readonly MLContext _mlContext = new(1);

    private string Model => _folder.File("model.safetensors");

    private string Checkpoint => _folder.File("weights/vit.safetensors");

    private IDataView Test => TinyImages.View(_mlContext, 3, 3, "cat", "dog");

    [TestInitialize]
    public void WriteCheckpoint()
    {
        Directory.CreateDirectory(_folder.File("weights"));
        WriteCheckpoint(Checkpoint, 7);
    }

    [TestCleanup]
    public void Delete() => _folder.Dispose();

    [TestMethod]
    public void The_backbone_is_found_where_it_was_beside_the_model_or_given()
    {
        float[][] expected = Train(model => model.Save(Model));
        AssertLoads(expected);
        File.Move(Checkpoint, _folder.File("vit.safetensors"));
        AssertLoads(expected);
        using VisionTransformer given = Load(_folder.File("vit.safetensors"));
        File.Move(_folder.File("vit.safetensors"), _folder.File("elsewhere.safetensors"));
        AssertLoads(expected, given);
        string message = Assert.ThrowsExactly<FileNotFoundException>(() => _mlContext.Continual().LoadModel(Model)).Message;
        StringAssert.Contains(message, Checkpoint);
    }

    [TestMethod]
    public void Another_backbone_is_refused_with_both_hashes()
    {
        Train(model => model.Save(Model));
        WriteCheckpoint(Checkpoint, 8);
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => _mlContext.Continual().LoadModel(Model)).Message, "SHA-256");
        using VisionTransformer other = Load(Checkpoint);
        string message = Assert.ThrowsExactly<InvalidDataException>(() => _mlContext.Continual().LoadModel(Model, other)).Message;
        StringAssert.Contains(message, other.SourceSha256!);
        using VisionTransformer memory = TinyVit.Create();
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => _mlContext.Continual().LoadModel(Model, memory)).Message, "made in memory");
    }

    [TestMethod]
    public void A_failed_load_and_a_disposed_model_leave_no_tensor_behind()
    {
        Train(model => model.Save(Model));
        _mlContext.Continual().LoadModel(Model).Dispose();
        long before = LiveTensors.Count();
        _mlContext.Continual().LoadModel(Model).Dispose();
        Assert.AreEqual(before, LiveTensors.Count());
        WriteCheckpoint(Checkpoint, 8);
        Assert.ThrowsExactly<InvalidDataException>(() => _mlContext.Continual().LoadModel(Model));
        Assert.AreEqual(before, LiveTensors.Count());
    }

    [TestMethod]
    public void A_stream_holds_the_same_bytes()
    {
        using var stream = new MemoryStream();
        float[][] expected = Train(model =>
        {
            model.Save(Model);
            model.Save(stream);
        });
        CollectionAssert.AreEqual(File.ReadAllBytes(Model), stream.ToArray());
        stream.Position = 0;
        using ContinualTransformer loaded = _mlContext.Continual().LoadModel(stream);
        States.AssertEqual(expected, States.Scores(loaded, Test));
    }

    [TestMethod]
    public void A_pipeline_is_saved_by_ml_net_and_comes_back_with_the_model_in_its_place()
    {
        string zip = _folder.File("pipeline.zip");
        float[][] expected = SavePipeline(zip);
        var fresh = new MLContext(9);
        ITransformer loaded = fresh.Continual().LoadModel(zip, out DataViewSchema? schema);
        Assert.IsNotNull(schema);
        Assert.AreEqual("Vector<Byte, 3, 16, 16>", schema["Image"].Type.ToString());
        using (var chain = (TransformerChain<ITransformer>)loaded)
        {
            ContinualTransformer model = chain.OfType<ContinualTransformer>().Single();
            States.AssertEqual(expected, States.ReadScores(model, chain.Transform(Test)));
            Assert.IsTrue(chain.Transform(Test).GetColumn<string>("PredictedLabel").All(label => label is "cat" or "dog"));
        }
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => fresh.Continual().LoadModel(zip)).Message, "out inputSchema");
    }

    [TestMethod]
    public void What_ml_net_reads_by_itself_names_the_right_call_when_it_is_used()
    {
        string zip = _folder.File("pipeline.zip");
        SavePipeline(zip);
        ITransformer plain = new MLContext(9).Model.Load(zip, out _);
        StringAssert.Contains(Assert.Throws<Exception>(() => plain.Transform(Test)).Message, "mlContext.Continual().LoadModel");
    }

    [TestMethod]
    public void A_pipeline_without_a_model_is_refused_and_a_failed_save_leaves_the_old_file()
    {
        string zip = _folder.File("pipeline.zip");
        ITransformer plain = _mlContext.Transforms.CopyColumns("Copy", "Label").Fit(Test);
        _mlContext.Continual().SaveModel(plain, null, zip);
        byte[] before = File.ReadAllBytes(zip);
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => _mlContext.Continual().LoadModel(zip, out _)).Message, "no continual model");
        Train(model => model.Dispose(), model => Assert.ThrowsExactly<ObjectDisposedException>(() => _mlContext.Continual().SaveModel(model, null, zip)));
        CollectionAssert.AreEqual(before, File.ReadAllBytes(zip));
        Assert.IsFalse(File.Exists(zip + ".tmp"));
    }

    private float[][] SavePipeline(string zip)
    {
        using VisionTransformer backbone = Load(Checkpoint);
        using ContinualTrainer trainer = Trainer(backbone);
        EstimatorChain<ITransformer> pipeline = new EstimatorChain<ITransformer>().Append(_mlContext.Transforms.Conversion.MapValueToKey("Label"))
            .Append(trainer).Append((IEstimator<ITransformer>)_mlContext.Transforms.Conversion.MapKeyToValue("PredictedLabel"));
        IDataView rows = TinyImages.View(_mlContext, 4, 1, "cat", "dog");
        using TransformerChain<ITransformer> fitted = pipeline.Fit(rows);
        _mlContext.Continual().SaveModel(fitted, rows.Schema, zip);
        return States.ReadScores(fitted.OfType<ContinualTransformer>().Single(), fitted.Transform(Test));
    }

    private float[][] Train(params Action<ContinualTransformer>[] use)
    {
        using VisionTransformer backbone = Load(Checkpoint);
        using ContinualTrainer trainer = Trainer(backbone);
        using ContinualTransformer model = trainer.Fit(TinyImages.View(_mlContext, 4, 1, "cat", "dog"));
        float[][] scores = States.Scores(model, Test);
        foreach (Action<ContinualTransformer> action in use) action(model);
        return scores;
    }

    private void AssertLoads(float[][] expected, Backbone? backbone = null)
    {
        using ContinualTransformer loaded = new MLContext(5).Continual().LoadModel(Model, backbone);
        States.AssertEqual(expected, States.Scores(loaded, Test));
    }

    private ContinualTrainer Trainer(VisionTransformer backbone) =>
        _mlContext.Continual().PromptTuning(new L2POptions { Backbone = backbone, PoolSize = 3, TopK = 2, PromptLength = 2, Epochs = 1, BatchSize = 4, Seed = 3 });

    private VisionTransformer Load(string path) => _mlContext.Continual().LoadVisionTransformer(path, heads: TinyVit.Config.Heads);

    private static void WriteCheckpoint(string path, int seed)
    {
        var random = new Microsoft.ML.Continual.Numerics.SeededRandom(seed);
        using var scope = NewDisposeScope();
        SafetensorsWriter.Write(path, TinyVit.Config.TensorShapes().OrderBy(t => t.Key, StringComparer.Ordinal).ToDictionary(t => t.Key, t => random.TruncatedNormalTensor(0.2, t.Value)));
    }
}
