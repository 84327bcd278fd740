using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Microsoft.ML.Continual.Samples.Sweeps;

/// <summary>Benchmarks × methods × seeds, read from a file: the cells, and what schedulers want to know. The file's schema is described in <c>docs/results.md</c>.</summary>
public sealed partial class Sweep
{
    /// <summary>The schema that <see cref="Read"/> knows.</summary>
    public const string Schema = "continual-sweep/1";

    // What in an option's value stands for the cell's seed.
    private const string SeedPlace = "{seed}";

    // What the sweep itself gives each cell.
    private static readonly string[] s_own = ["--method", "--projection", "--seed", "--seeds", "--out", "--skip-done", "--state"];

    /// <summary>The sweep's name: lower-case letters, digits and hyphens.</summary>
    public required string Name { get; init; }

    /// <summary>The folder below which each cell has its own; a folder for each benchmark, so that <c>eng/compare.sh --results</c> makes a table of each.</summary>
    public required string Out { get; init; }

    /// <summary>The runs, in the order benchmark, method, seed.</summary>
    public required IReadOnlyList<SweepCell> Cells { get; init; }

    /// <summary>Options of <c>sbatch</c>, for the script.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Slurm { get; init; }

    /// <summary>The image, the resources and the volume of a Kubernetes job; null where the file does not say.</summary>
    public required JsonObject? Kubernetes { get; init; }

    /// <summary>The benchmarks' folders in <c>samples</c>.</summary>
    public IReadOnlyList<string> Programs => [.. Cells.Select(cell => cell.Program).Distinct()];

    /// <summary>Reads a sweep's file.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, or says something that a sweep cannot be; the message names the file and the entry.</exception>
    public static Sweep Read(string path)
    {
        string text = File.ReadAllText(path);
        try
        {
            return Parse(text);
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or ArgumentException)
        {
            throw new InvalidDataException($"'{path}' is no sweep that this program can read: {e.Message.TrimEnd('.')}.", e);
        }
    }

    private static Sweep Parse(string text)
    {
        if (JsonNode.Parse(text, documentOptions: new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip }) is not JsonObject json) throw new FormatException("expected an object");
        Known(json, "the sweep", "schema", "name", "out", "environment", "options", "benchmarks", "methods", "seeds", "slurm", "kubernetes");
        string schema = Word(json, "schema");
        if (schema != Schema) throw new FormatException($"expected the schema {Schema}, found {schema}");
        string name = Plain(Word(json, "name"), "name"), output = json["out"] is null ? $"artifacts/sweeps/{name}" : Word(json, "out");
        int[] seeds = [.. Need<JsonArray>(json, "seeds").Select(seed => (int)seed!)];
        if (seeds.Length == 0 || seeds.Distinct().Count() != seeds.Length) throw new FormatException($"seeds: expected different whole numbers, found [{string.Join(", ", seeds)}]");
        SortedDictionary<string, string> environment = new(StringComparer.Ordinal);
        foreach ((string key, JsonNode? value) in json["environment"]?.AsObject() ?? []) environment[key] = value!.ToString();

        List<SweepCell> cells = [];
        foreach (JsonNode? benchmark in Need<JsonArray>(json, "benchmarks"))
        {
            if (benchmark is not JsonObject place) throw new FormatException("benchmarks: expected objects with name and program");
            Known(place, "a benchmark", "name", "program", "options");
            string benchmarkName = Plain(Word(place, "name"), "a benchmark's name"), program = Word(place, "program");
            if (!ProgramName().IsMatch(program)) throw new FormatException($"a benchmark's program is a folder of samples, such as SplitCifar100; found '{program}'");
            foreach (JsonNode? entry in Need<JsonArray>(json, "methods"))
            {
                JsonObject method = entry is JsonValue ? new JsonObject { ["method"] = entry.ToString() } : entry!.AsObject();
                Known(method, "a method", "method", "name", "options");
                string methodName = Word(method, "method"), cellName = method["name"] is null ? methodName : Plain(Word(method, "name"), "a method's name");
                if (!MethodName().IsMatch(methodName)) throw new FormatException($"a method: expected a name as --method takes it, found '{methodName}'");
                List<string> options = Options(json["options"], place["options"], method["options"]);
                foreach (int seed in seeds)
                {
                    string number = FormattableString.Invariant($"{seed}"), folder = $"{output}/{benchmarkName}/{cellName}-seed{number}";
                    cells.Add(new SweepCell(cells.Count, $"{benchmarkName} {cellName} seed {number}", program,
                        [.. options.Select(word => word.Replace(SeedPlace, number, StringComparison.Ordinal)), "--method", methodName, "--seed", number, "--out", folder, "--skip-done", "--state", folder + "/run.state"],
                        environment, folder, $"{folder}/{methodName}-seed{number}.json"));
                }
            }
        }
        if (cells.Count == 0) throw new FormatException("there is no benchmark or no method");
        if (cells.GroupBy(cell => cell.Folder).FirstOrDefault(group => group.Count() > 1) is { } twice) throw new FormatException($"two cells have the folder {twice.Key}: give one of the methods a \"name\"");
        return new Sweep
        {
            Name = name,
            Out = output,
            Cells = cells,
            Slurm = [.. (json["slurm"]?.AsObject() ?? []).Select(pair => KeyValuePair.Create(pair.Key, pair.Value!.ToString()))],
            Kubernetes = json["kubernetes"]?.AsObject(),
        };
    }

    /// <summary>Arguments from objects of options; what stands later wins, and keeps the place of the first.</summary>
    private static List<string> Options(params IEnumerable<JsonNode?> layers)
    {
        var merged = new OrderedDictionary<string, JsonNode?>(StringComparer.Ordinal);
        foreach (JsonNode? layer in layers)
        {
            foreach ((string name, JsonNode? value) in layer?.AsObject() ?? [])
            {
                if (!name.StartsWith("--", StringComparison.Ordinal)) throw new FormatException($"options: expected names such as --epochs, found '{name}'");
                if (s_own.Contains(name)) throw new FormatException($"options: {name} is the sweep's own to give");
                merged[name] = value;
            }
        }
        List<string> arguments = [];
        foreach ((string name, JsonNode? value) in merged)
        {
            if (value is null || value.GetValueKind() == JsonValueKind.False) continue;   // takes back what an earlier layer gave
            arguments.Add(name);
            if (value is JsonArray several) arguments.AddRange(several.Select(word => word!.ToString()));
            else if (value.GetValueKind() != JsonValueKind.True) arguments.Add(value.ToString());
        }
        return arguments;
    }

    internal static void Known(JsonObject json, string what, params string[] names)
    {
        if (json.Select(pair => pair.Key).FirstOrDefault(key => !names.Contains(key)) is { } unknown)
            throw new FormatException($"{what} has the entry '{unknown}'; known are {string.Join(", ", names)}");
    }

    private static T Need<T>(JsonObject json, string name) where T : JsonNode => json[name] as T ?? throw new FormatException($"expected '{name}' to be a list");

    internal static string Word(JsonObject json, string name) => json[name] is JsonValue value && value.GetValueKind() == JsonValueKind.String && value.ToString() is { Length: > 0 } word
        ? word : throw new FormatException($"expected '{name}' to be a text");

    private static string Plain(string name, string what) => PlainName().IsMatch(name) ? name
        : throw new FormatException($"{what}: expected lower-case letters, digits and hyphens, at most 60; found '{name}'");

    [GeneratedRegex("^[a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?$")]
    private static partial Regex PlainName();

    [GeneratedRegex("^[a-z0-9][a-z0-9+-]{0,59}$")]
    private static partial Regex MethodName();

    [GeneratedRegex("^[A-Za-z0-9]+$")]
    private static partial Regex ProgramName();
}
