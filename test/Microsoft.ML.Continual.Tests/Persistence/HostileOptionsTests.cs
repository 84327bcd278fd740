using System.Text.Json.Nodes;
using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Inference;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.ClipPrompt;
using Microsoft.ML.Continual.Methods.Peft;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Persistence;

/// <summary>Model and state files whose options are huge, with a checksum that fits: the tensors in the file say how much memory is taken, the options do not.</summary>
[TestClass]
public sealed class HostileOptionsTests
{
    private const int Huge = int.MaxValue - 1;   // even, as a prefix's length must be
    private const long AllowedBytes = 8 << 20;

    private readonly TemporaryFolder _folder = new();
    private readonly MLContext _mlContext = new(1);
    private Backbone _backbone = null!;

    private string Sound => _folder.File("sound");

    private string Damaged => _folder.File("damaged");

    [TestCleanup]
    public void Delete()
    {
        _backbone.Dispose();
        _folder.Dispose();
    }

    [TestMethod]
    [DataRow("l2p", "PoolSize", "prompt.prompt")]
    [DataRow("l2p", "PromptLength", "prompt.prompt")]
    [DataRow("dualprompt", "PoolSize", "e_prompt.prompt")]
    [DataRow("dualprompt", "EPromptLength", "e_prompt.prompt")]
    [DataRow("dualprompt", "GPromptLength", "g_prompt")]
    [DataRow("visual", "PromptLength", "prompt")]
    [DataRow("deep", "PromptLength", "blocks.0.prompt.prompt")]
    [DataRow("coda", "PromptLength", "e_p_0")]
    [DataRow("clip", "ImagePromptLength", "image_prompt")]
    [DataRow("clip-adapter", "AdapterRank", "image_adapter_down")]
    [DataRow("clip-deep", "PromptLength", "blocks.0.prompt.prompt")]
    [DataRow("adapter", "Rank", "pets.0.layer.0.weight")]
    [DataRow("lora", "Rank", "pets.0.q.lora_A.weight")]
    [DataRow("prefix", "Length", "pets.0.key.tokens")]
    [DataRow("attention-prompt", "Length", "pets.0.tokens")]
    [DataRow("ranpac", "ProjectionWidth", "gram")]
    [DataRow("ranpac", "AdapterWidth", "adapter.down.weight")]
    public void An_option_that_the_tensors_contradict_is_named_with_the_tensor_before_anything_is_made(string method, string option, string tensor)
    {
        using ContinualTrainer trainer = Learn(method);
        trainer.SaveState(Sound);
        AssertNamed(() => _mlContext.Continual().ResumeTrainer(Damaged, _backbone).Dispose());
        using (ContinualTransformer model = trainer.GetModel()) model.Save(Sound);
        AssertNamed(() => _mlContext.Continual().LoadModel(Damaged, _backbone).Dispose());

        void AssertNamed(Action load)
        {
            Change((values, _) => values[option] = Huge);
            string message = Refused(load)!;
            StringAssert.Contains(message, $"Option {option}: expected ");
            StringAssert.Contains(message, $"found {Huge}. The state's tensor '{tensor}' has the shape");
        }
    }

    [TestMethod]
    [DataRow("l2p")]
    [DataRow("dualprompt")]
    [DataRow("visual")]
    [DataRow("deep")]
    [DataRow("coda")]
    [DataRow("clip")]
    [DataRow("clip-adapter")]
    [DataRow("clip-deep")]
    [DataRow("adapter")]
    [DataRow("lora")]
    [DataRow("prefix")]
    [DataRow("attention-prompt")]
    [DataRow("ranpac")]
    [DataRow("lorac")]
    [DataRow("slca")]
    [DataRow("ewc")]
    [DataRow("icarl")]
    [DataRow("bic")]
    [DataRow("der")]
    public void No_option_alone_takes_memory(string method)
    {
        using ContinualTrainer trainer = Learn(method);
        using (ContinualTransformer model = trainer.GetModel()) model.Save(Sound);
        string[] numbers = [.. trainer.Options.GetType().GetProperties().Where(p => p.PropertyType == typeof(int) || p.PropertyType == typeof(int?)).Select(p => p.Name)];
        Assert.Contains("BatchSize", numbers);
        foreach (string option in numbers)
        {
            Change((values, _) => values[option] = Huge);
            string? message = Refused(() => _mlContext.Continual().LoadModel(Damaged, _backbone).Dispose());
            // libtorch and the runtime speak of memory where they were asked for it.
            if (message is not null) Assert.IsTrue(message.Contains(option, StringComparison.Ordinal) && !message.Contains("memory", StringComparison.OrdinalIgnoreCase), $"{option}: {message}");
        }
    }

    [TestMethod]
    public void A_tensor_without_elements_cannot_vouch_for_an_option()
    {
        using ContinualTrainer trainer = Learn("l2p");
        using (ContinualTransformer model = trainer.GetModel()) model.Save(Sound);
        Change((values, tensors) =>
        {
            values["PoolSize"] = Huge;
            tensors["method/prompt.prompt"] = zeros(new long[] { Huge, 2, 0 });
            tensors["method/prompt.prompt_key"] = zeros(new long[] { Huge, 0 });
        });
        StringAssert.Contains(Refused(() => _mlContext.Continual().LoadModel(Damaged, _backbone).Dispose()), $"'prompt.prompt' has the shape [{Huge}, 2, 0]; expected [{Huge}, 2, 16]");
        Change((values, tensors) =>
        {
            values["PoolSize"] = Huge;
            tensors.Remove("method/prompt.prompt");
        });
        StringAssert.Contains(Refused(() => _mlContext.Continual().LoadModel(Damaged, _backbone).Dispose()), "lacks the tensor 'prompt.prompt', which is sized by the option PoolSize, PromptLength");
    }

    /// <summary>Writes the sound file with other options and tensors.</summary>
    private void Change(Action<JsonNode, Dictionary<string, Tensor>> change)
    {
        using DisposeScope scope = NewDisposeScope();
        CraftedFile file = CraftedFile.Read(Sound);
        JsonNode document = JsonNode.Parse(file.Document)!;
        change(document["options"]!["values"]!, file.Tensors);
        file.Document = document.ToJsonString();
        file.Write(Damaged);
    }

    /// <summary>What the reader says; null where it takes the file.</summary>
    private static string? Refused(Action load)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        string? message = null;
        try
        {
            load();
        }
        catch (InvalidDataException e)
        {
            message = e.Message;
        }
        Assert.IsLessThan(AllowedBytes, GC.GetAllocatedBytesForCurrentThread() - before);
        return message;
    }

    /// <summary>A trainer that has learned a first task.</summary>
    private ContinualTrainer Learn(string method)
    {
        _backbone = method.StartsWith("clip", StringComparison.Ordinal) ? TinyClip.Create() : TinyVit.Create();
        MethodOptions options = method switch
        {
            "l2p" => L2PConformanceTests.Options(_backbone),
            "dualprompt" => DualPromptConformanceTests.Options(_backbone),
            "visual" => VisualPromptConformanceTests.Options(_backbone),
            "deep" => DeepPromptConformanceTests.Options(_backbone),
            "coda" => CodaPromptConformanceTests.Options(_backbone),
            "clip" or "clip-adapter" => ClipPromptConformanceTests.Options(_backbone),
            "clip-deep" => ClipDeepPromptConformanceTests.Options(_backbone),
            "adapter" => new AdapterOptions { Rank = 3 },
            "lora" => new LoraOptions { Rank = 3, Targets = LoraTargets.Query | LoraTargets.Fc2 },
            "prefix" => new PrefixOptions { Length = 3 },
            "attention-prompt" => new AttentionPromptOptions { Length = 3 },
            "ranpac" => RanPacConformanceTests.Options(_backbone).UseFirstSession(),
            "lorac" => LoracConformanceTests.Options(_backbone),
            "slca" => SlcaConformanceTests.Options(_backbone),
            "ewc" => EwcConformanceTests.Options(_backbone),
            "icarl" => ICarlConformanceTests.Options(_backbone),
            "bic" => BicConformanceTests.Options(_backbone),
            _ => DerConformanceTests.Options(_backbone),
        };
        if (method == "clip-adapter") ((ClipPromptOptions)options).ImageTuning = ClipImageTuning.Adapter;
        (options.Backbone, options.Epochs, options.BatchSize, options.Seed) = (_backbone, 1, 4, 3);
        ContinualTrainer trainer = _mlContext.Continual().Trainer(options);
        trainer.Fit(TinyImages.View(_mlContext, 4, 1, "cat", "dog")).Dispose();
        return trainer;
    }
}
