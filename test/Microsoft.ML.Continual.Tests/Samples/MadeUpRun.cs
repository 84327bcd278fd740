using System.Text.Json.Nodes;

namespace Microsoft.ML.Continual.Tests.Samples;

/// <summary>Files of runs that nobody ran.</summary>
internal static class MadeUpRun
{
    /// <summary>Writes a run of two tasks with two classes each.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="method">The method's name on the command line.</param>
    /// <param name="title">Its name in tables.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="first">The accuracy on the first task when it was new.</param>
    /// <param name="left">The same after the second task.</param>
    /// <param name="second">The accuracy on the second task.</param>
    /// <param name="change">Changes the JSON before it is written.</param>
    public static void Write(string folder, string method, string title, int seed, double first, double left, double second, Action<JsonNode>? change = null)
    {
        var json = new JsonObject
        {
            ["schema"] = "continual-run/2",
            ["program"] = new JsonObject { ["name"] = "split", ["version"] = "1", ["commit"] = "0123456789abcdef" },
            ["commandLine"] = "split --data data",
            ["benchmark"] = "Split test",
            ["method"] = method,
            ["name"] = title,
            ["seed"] = seed,
            ["settings"] = new JsonObject { ["--setting"] = "class", ["--protocol"] = "per-image", ["--pgp"] = "stacked" },
            ["setting"] = "ClassIncremental",
            ["scenario"] = "ClassIncremental",
            ["online"] = false,
            ["protocol"] = "each image by itself",
            ["backbone"] = JsonNode.Parse($$$"""{"architecture":"ViT 2x2","file":"vit.safetensors","sha256":"{{{new string('a', 64)}}}","computeType":"Float32","device":"cpu","imageSize":64,"normalization":{"mean":[0,0,0],"deviation":[1,1,1]}}"""),
            ["training"] = JsonNode.Parse("""{"epochs":3,"batchSize":16,"optimizer":"Adam","learningRate":0.03,"scaleLearningRateByBatch":true,"classMask":"CurrentTask"}"""),
            ["tasks"] = JsonNode.Parse("""[{"name":"Task 1","classes":["ant","bee"],"trainRows":[5,5],"testRows":[2,2]},{"name":"Task 2","classes":["cat","dog"],"trainRows":[5,5],"testRows":[2,2]}]"""),
            ["matrix"] = Rows(first, left, second),
            ["topFive"] = Rows(1, 1, 1),
            ["logLoss"] = Rows(0.5, 0.5, 0.5),
            ["testRows"] = new JsonArray(4, 4),
            ["measures"] = new JsonObject { ["forgettingMaximumIncludesCurrent"] = false },
            ["times"] = JsonNode.Parse("""{"training":[30.2,31.3],"total":70}"""),
            ["peakMemory"] = 1_000_000_000,
            ["audits"] = new JsonArray(),
            ["configuration"] = new JsonObject { ["Method"] = title, ["Seed used"] = $"{seed}", ["Epochs"] = "3" },
            ["environment"] = JsonNode.Parse("""{"system":"Linux","runtime":".NET","processors":2,"threads":1,"libraries":["a 1"]}"""),
        };
        change?.Invoke(json);
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, FormattableString.Invariant($"{method}-seed{seed}.json")), json.ToJsonString());
    }

    private static JsonArray Rows(double first, double left, double second) => new(new JsonArray(first), new JsonArray(left, second));
}
