using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Tasks;

namespace Microsoft.ML.Continual.Training;

/// <summary>By what a task is known again when it is resumed: its number of rows, its labels in their order, and its first image.</summary>
/// <param name="Name">The task's name, for messages.</param>
/// <param name="Rows">The number of training rows.</param>
/// <param name="Classes">The names of its classes, by class index.</param>
/// <param name="Labels">A SHA-256 of the class index of each row.</param>
/// <param name="FirstImage">A SHA-256 of the first row's decoded pixels.</param>
internal sealed record TaskFingerprint(string Name, int Rows, IReadOnlyList<string> Classes, string Labels, string FirstImage)
{
    public static TaskFingerprint Of(string name, TaskImages images, ClassRegistry classes, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> names = classes.Names;
        HostImage first = images.First(cancellationToken);
        byte[] pixels = first.Bytes ?? MemoryMarshal.AsBytes(first.Floats.AsSpan()).ToArray();
        return new(name, images.Count, [.. images.Classes.Select(c => names[c])], Hash(MemoryMarshal.AsBytes(images.Labels.ToArray().AsSpan())), Hash(pixels));
    }

    /// <summary>What differs from another task, in words; null where it is the same, whatever its name.</summary>
    public string? DifferenceFrom(TaskFingerprint found) =>
        Rows != found.Rows ? $"expected {Rows} rows; found {found.Rows}"
        : !Classes.SequenceEqual(found.Classes) ? $"expected the classes {Words(Classes)}; found {Words(found.Classes)}"
        : Labels != found.Labels ? "the labels come in another order"
        : FirstImage != found.FirstImage ? "the first image is another"
        : null;

    public JsonObject ToJson() => new()
    {
        ["name"] = Name, ["rows"] = Rows, ["classes"] = new JsonArray([.. Classes.Select(c => (JsonNode)c)]), ["labels"] = Labels, ["firstImage"] = FirstImage,
    };

    public static TaskFingerprint FromJson(JsonNode json) => new(
        json["name"]!.GetValue<string>(), json["rows"]!.GetValue<int>(), [.. json["classes"]!.AsArray().Select(c => c!.GetValue<string>())], json["labels"]!.GetValue<string>(), json["firstImage"]!.GetValue<string>());

    private static string Words(IReadOnlyList<string> names) => string.Join(", ", names.Take(8)) + (names.Count > 8 ? ", …" : "");

    private static string Hash(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
