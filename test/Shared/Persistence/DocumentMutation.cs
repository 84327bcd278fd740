using System.Text;
using System.Text.Json.Nodes;
using Microsoft.ML.Continual.Numerics;

namespace Microsoft.ML.Continual.Tests.Persistence;

/// <summary>Damages a JSON document where a checksum would not tell: values of wrong types and sizes, members that lack or are too many, depth without end.</summary>
internal static class DocumentMutation
{
    private static readonly int[] s_depths = [5, 60, 70, 1100, 20_000];

    private static readonly Func<JsonNode?>[] s_hostile =
    [
        () => null, () => true, () => "", () => "x", () => new string('x', 100_000), () => "NaN", () => "-1", () => "..\\../\0", () => "System.Diagnostics.Process",
        () => 0, () => 1, () => -1, () => 2, () => 0.5, () => int.MaxValue, () => int.MinValue, () => 1 << 30, () => long.MaxValue, () => ulong.MaxValue, () => 1e300, () => 1e-300,
        () => new JsonObject(), () => new JsonArray(), () => new JsonArray(0), () => new JsonArray(null, null), () => new JsonArray(-1, long.MaxValue), () => new JsonArray("a", "a"),
        () => new JsonObject { [""] = null }, () => new JsonObject { ["a"] = new JsonArray(new JsonObject()) },
    ];

    /// <summary>The text of a damaged copy.</summary>
    public static string Apply(string document, SeededRandom random)
    {
        switch (random.NextInt(10))
        {
            case 0:   // bytes
                return Encoding.UTF8.GetString(ByteMutation.Apply(Encoding.UTF8.GetBytes(document), random));
            case 1:   // depth: in place of a value, or of everything
                string open = random.NextInt(2) == 0 ? "[" : "{\"a\":", close = open == "[" ? "]" : "}";
                int depth = s_depths[random.NextInt(s_depths.Length)], at = document.IndexOf(':', random.NextInt(document.Length));
                string deep = string.Concat(Enumerable.Repeat(open, depth)) + "1" + string.Concat(Enumerable.Repeat(close, depth));
                return at < 0 ? deep : document[..(at + 1)] + deep + Rest(document, at + 1);
            case 2:   // a member that occurs twice
                int brace = document.IndexOf('{', random.NextInt(document.Length)), end = brace < 0 ? -1 : document.IndexOf(',', brace);
                return end < 0 ? document : document[..(brace + 1)] + document[(brace + 1)..end] + "," + document[(brace + 1)..];
            default:
                JsonNode root = JsonNode.Parse(document)!;
                for (int changes = 1 + random.NextInt(2); changes > 0; changes--) Change(root, random);
                return root.ToJsonString();
        }
    }

    // From the end of the simple value that starts here.
    private static string Rest(string document, int from)
    {
        int to = document.IndexOfAny([',', '}'], from);
        return to < 0 ? "" : document[to..];
    }

    private static void Change(JsonNode root, SeededRandom random)
    {
        var parents = new List<JsonNode>();
        Collect(root, parents);
        JsonNode parent = parents[random.NextInt(parents.Count)], other = parents[random.NextInt(parents.Count)];
        JsonNode? foreign = Values(other) is { Count: > 0 } values ? values[random.NextInt(values.Count)]?.DeepClone() : null;
        JsonNode? hostile = s_hostile[random.NextInt(s_hostile.Length)]();
        switch (parent)
        {
            case JsonObject value:
                string? name = value.Count == 0 ? null : value.ElementAt(random.NextInt(value.Count)).Key;
                int what = random.NextInt(6);
                if (name is null || what == 0) value["unknown" + random.NextInt(3)] = hostile;
                else if (what == 1) value.Remove(name);
                else if (what == 2) value[name] = foreign;
                else if (what == 3 && value[name] is JsonValue number && number.TryGetValue(out long whole)) value[name] = whole + random.NextInt(5) - 2;
                else value[name] = hostile;
                break;
            case JsonArray list:
                int index = list.Count == 0 ? -1 : random.NextInt(list.Count);
                switch (random.NextInt(5))
                {
                    case 0:
                        list.Add(hostile);
                        break;
                    case 1 when index >= 0:
                        list.RemoveAt(index);
                        break;
                    case 2 when index >= 0:
                        list.Add(list[index]?.DeepClone());
                        break;
                    case 3 when index >= 0:
                        list[index] = foreign;
                        break;
                    default:
                        if (index >= 0) list[index] = hostile;
                        break;
                }
                break;
        }
    }

    private static void Collect(JsonNode? node, List<JsonNode> parents)
    {
        if (node is not (JsonObject or JsonArray)) return;
        parents.Add(node);
        foreach (JsonNode? child in Values(node)) Collect(child, parents);
    }

    private static List<JsonNode?> Values(JsonNode node) => node switch
    {
        JsonObject value => [.. value.Select(p => p.Value)],
        JsonArray list => [.. list],
        _ => [],
    };
}
