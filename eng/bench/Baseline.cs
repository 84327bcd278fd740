using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Microsoft.ML.Continual.Bench;

/// <summary>The PyTorch side, <c>baseline.py</c>: a process that lives through the whole run and works only while it is asked to.</summary>
internal sealed class Baseline : IDisposable
{
    private readonly Process _process;

    /// <summary>Starts the process and waits until PyTorch is loaded.</summary>
    /// <param name="python">The interpreter.</param>
    /// <param name="script">The path of <c>baseline.py</c>.</param>
    /// <param name="device"><c>cpu</c> or <c>cuda</c>.</param>
    /// <param name="precision"><c>fp32</c>, or <c>bf16</c> for autocast.</param>
    /// <param name="threads">CPU threads.</param>
    public Baseline(string python, string script, string device, string precision, int threads)
    {
        Precision = precision;
        var start = new ProcessStartInfo(python) { RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach (string argument in new[] { script, "--device", device, "--dtype", precision, "--threads", threads.ToString(CultureInfo.InvariantCulture) })
            start.ArgumentList.Add(argument);
        _process = Process.Start(start) ?? throw new InvalidOperationException($"{python} did not start.");
        JsonNode ready = Read();
        Version = $"PyTorch {ready["torch"]}, {ready["threads"]} threads, {precision}";
    }

    /// <summary>What runs there.</summary>
    public string Version { get; }

    /// <summary><c>fp32</c> or <c>bf16</c>.</summary>
    public string Precision { get; }

    /// <summary>Makes the model and its batch.</summary>
    public void Open(BenchModel model, int batch) => Ask(new JsonObject
    {
        ["do"] = "open",
        ["batch"] = batch,
        ["model"] = new JsonObject
        {
            ["width"] = model.Config.Width,
            ["depth"] = model.Config.Depth,
            ["heads"] = model.Config.Heads,
            ["hidden"] = model.Config.MlpWidth,
            ["patch"] = model.Config.PatchSize,
            ["image"] = model.Config.ImageSize,
            ["classes"] = BenchModel.Classes,
            ["pool"] = BenchModel.PoolSize,
            ["length"] = BenchModel.PromptLength,
            ["top_k"] = BenchModel.TopK,
        },
    });

    /// <summary>Seconds for so many training steps.</summary>
    public double Train(int steps) => Ask(new JsonObject { ["do"] = "train", ["steps"] = steps });

    /// <summary>Seconds for so many batches of prediction.</summary>
    public double Predict(int steps) => Ask(new JsonObject { ["do"] = "predict", ["steps"] = steps });

    /// <summary>Seconds for the subspace of so many images.</summary>
    public double Subspace(int images) => Ask(new JsonObject { ["do"] = "subspace", ["images"] = images });

    public void Dispose()
    {
        _process.StandardInput.Close();   // ends its loop
        _process.WaitForExit();
        _process.Dispose();
    }

    private double Ask(JsonObject request)
    {
        _process.StandardInput.WriteLine(request.ToJsonString());
        _process.StandardInput.Flush();
        return (double)Read()["seconds"]!;
    }

    private JsonNode Read() =>
        _process.StandardOutput.ReadLine() is { } line
            ? JsonNode.Parse(line) ?? throw new JsonException("The baseline answered null.")
            : throw new InvalidOperationException("The PyTorch baseline stopped; its error stands above.");
}
