using System.Text.Json.Nodes;
using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Backbones.Clip;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Persistence;

/// <summary>How a file refers to the frozen network, which is not in it: by path and SHA-256, with what <c>Load</c> was told.</summary>
internal static class BackboneReference
{
    /// <summary>Describes a backbone.</summary>
    public static JsonObject Write(Backbone backbone)
    {
        var json = new JsonObject
        {
            ["type"] = backbone.GetType().Name,
            ["architecture"] = backbone.Architecture,
            ["path"] = backbone.Source,
            ["sha256"] = backbone.SourceSha256,
            ["computeType"] = backbone.ComputeType.ToString(),
            ["imageSize"] = backbone.ImageSize,
            ["mean"] = Numbers(backbone.Normalization.Mean),
            ["deviation"] = Numbers(backbone.Normalization.Deviation),
        };
        if (backbone is VisionTransformer transformer) json["heads"] = transformer.Config.Heads;
        if (backbone is ClipModel clip)
        {
            json["heads"] = clip.Config.Heads;
            json["textHeads"] = clip.Config.TextHeads;
            json["quickGelu"] = clip.Config.QuickGelu;
        }
        return json;

        static JsonArray Numbers(IEnumerable<float> numbers) => new([.. numbers.Select(n => (JsonNode)JsonValue.Create(n))]);
    }

    /// <summary>Checks that a backbone is the one that a file refers to.</summary>
    /// <param name="file">The file.</param>
    /// <param name="reference">What <see cref="Write"/> wrote.</param>
    /// <param name="found">The backbone.</param>
    /// <param name="exactly">Whether it must compute in the same type too, as bits ask for.</param>
    /// <exception cref="InvalidDataException">It is of another file or architecture, or normalises its pixels otherwise; the message says what was expected and what was found.</exception>
    public static void Require(StateFile file, JsonNode? reference, Backbone found, bool exactly = false) => file.Parse("the backbone", () =>
    {
        JsonObject own = Write(found);
        foreach (string name in (string[])["type", "architecture", "mean", "deviation", .. exactly ? ["computeType"] : Array.Empty<string>()])
            if (Text(reference?[name]) != Text(own[name])) throw file.Broken($"the backbone's {name}: expected {Text(reference?[name])}; found {Text(own[name])}");
        if ((string?)reference?["sha256"] is { } hash && found.SourceSha256 != hash)
            throw file.Broken($"the backbone: expected '{(string?)reference["path"]}' with the SHA-256 {hash}; found {(found.Source is null ? "weights made in memory" : $"'{found.Source}' with {found.SourceSha256}")}");
        return true;

        static string Text(JsonNode? node) => node?.ToJsonString() ?? "null";
    });

    /// <summary>Loads the backbone that a file refers to.</summary>
    /// <param name="file">The file.</param>
    /// <param name="reference">What <see cref="Write"/> wrote.</param>
    /// <param name="device">Where the weights go.</param>
    /// <exception cref="FileNotFoundException">The file refers to weights made in memory, or there is no checkpoint at any of the places; the message names them.</exception>
    /// <exception cref="InvalidDataException">The checkpoints there have other content; the message names them with their hashes.</exception>
    public static Backbone Load(StateFile file, JsonNode? reference, Device device)
    {
        string? path = (string?)reference?["path"], hash = (string?)reference?["sha256"];
        if (path is null || hash is null) throw new FileNotFoundException($"'{file.Name}' refers to a backbone that was made in memory ({(string?)reference?["architecture"]}): give the backbone.");
        var wrong = new List<string>();
        foreach (string place in Places(file.Name, path))
        {
            if (!File.Exists(place)) continue;
            Backbone found = Load(place, reference!, device);
            try
            {
                if (found.SourceSha256 == hash)
                {
                    Require(file, reference, found);
                    return found;
                }
                wrong.Add($"'{place}' with {found.SourceSha256}");
            }
            catch
            {
                found.Dispose();
                throw;
            }
            found.Dispose();
        }
        string[] places = [.. Places(file.Name, path).Select(p => $"'{p}'")];
        throw wrong.Count > 0 ? file.Broken($"the backbone: expected a checkpoint with the SHA-256 {hash}; found {string.Join(", ", wrong)}")
            : new FileNotFoundException($"'{file.Name}' refers to the backbone '{path}' (SHA-256 {hash}); it is at none of {string.Join(", ", places)}. Put it there, or give the backbone.", path);
    }

    // Beside the file first: the two are often moved together.
    private static IEnumerable<string> Places(string file, string path)
    {
        string folder = Path.GetDirectoryName(file) is { Length: > 0 } own ? own : ".";
        return new[] { Path.Combine(folder, Path.GetFileName(path)), Path.Combine(folder, path), path }.Distinct(StringComparer.Ordinal);
    }

    private static Backbone Load(string path, JsonNode reference, Device device)
    {
        ScalarType type = (string?)reference["computeType"] switch
        {
            nameof(ScalarType.Float32) => ScalarType.Float32,
            nameof(ScalarType.BFloat16) => ScalarType.BFloat16,
            { } other => throw new InvalidDataException($"The backbone's compute type: expected Float32 or BFloat16; found '{other}'."),
            null => throw new InvalidDataException("The backbone's compute type is missing."),
        };
        int imageSize = reference["imageSize"]!.GetValue<int>(), heads = reference["heads"]!.GetValue<int>();
        var normalization = new ImageNormalization(Numbers(reference["mean"]), Numbers(reference["deviation"]));
        return (string?)reference["type"] switch
        {
            nameof(VisionTransformer) => VisionTransformer.Load(path, device, imageSize, heads, type, normalization),
            nameof(ClipModel) => ClipModel.Load(path, device, imageSize, heads, reference["textHeads"]!.GetValue<int>(), type, normalization, null, reference["quickGelu"]!.GetValue<bool>()),
            var other => throw new InvalidDataException($"The backbone is of the kind '{other}', which this library does not load: give the backbone."),
        };

        static float[] Numbers(JsonNode? list) => [.. list!.AsArray().Select(n => n!.GetValue<float>())];
    }
}
