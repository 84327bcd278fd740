using System.Globalization;
using System.Text.Json;
using Microsoft.ML.Continual.Checkpoints;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Testing.Golden;

/// <summary>
/// One golden case: its configuration, its inputs, and the outputs to be met. A test checks every output with
/// <see cref="Check"/> and closes with <see cref="Finish"/>, which fails if one was wrong or forgotten.
/// </summary>
internal sealed class GoldenCase : IDisposable
{
    private const double DefaultRelativeTolerance = 2e-5;

    private readonly JsonDocument _json;
    private readonly SafetensorsFile _file;
    private readonly Dictionary<string, Tensor> _tensors = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, double> _fractions = new(StringComparer.Ordinal);
    private readonly List<string> _failures = [];
    private readonly HashSet<string> _outputs = new(StringComparer.Ordinal);

    private GoldenCase(string name, JsonDocument json, SafetensorsFile file)
    {
        (Name, _json, _file) = (name, json, file);
        foreach (string tensor in file.Entries.Keys)
            if (IsOutput(tensor)) _outputs.Add(tensor);
    }

    /// <summary>The folder's name.</summary>
    public string Name { get; }

    /// <summary>The whole of <c>case.json</c>.</summary>
    public JsonElement Root => _json.RootElement;

    /// <summary>The configuration of the run.</summary>
    public JsonElement Config => Root.GetProperty("config");

    /// <summary>The names of the outputs to check.</summary>
    public IReadOnlySet<string> Outputs => _outputs;

    /// <summary>Opens a case; reports the test inconclusive when there is none of its prefix.</summary>
    public static GoldenCase Open(string name)
    {
        if (name == GoldenFolder.NoCase) Assert.Inconclusive($"No case of this prefix in '{GoldenFolder.Root}'.");
        string folder = Path.Combine(GoldenFolder.Root, name);
        return new GoldenCase(name, JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "case.json"))), SafetensorsFile.Open(Path.Combine(folder, "tensors.safetensors")));
    }

    /// <summary>A whole number of the configuration.</summary>
    public int Int(string key) => Config.GetProperty(key).GetInt32();

    /// <summary>A whole number of the configuration, or a default where it is not given.</summary>
    public int Int(string key, int otherwise) => Config.TryGetProperty(key, out JsonElement value) ? value.GetInt32() : otherwise;

    /// <summary>A number of the configuration.</summary>
    public double Number(string key) => Config.GetProperty(key).GetDouble();

    /// <summary>A text of the configuration, or a default where it is not given.</summary>
    public string Text(string key, string otherwise) => Config.TryGetProperty(key, out JsonElement value) ? value.GetString()! : otherwise;

    /// <summary>A switch of the configuration; false where it is not given.</summary>
    public bool Flag(string key) => Config.TryGetProperty(key, out JsonElement value) && value.GetBoolean();

    /// <summary>What the case says of itself in words.</summary>
    public IReadOnlyList<string> Notes => Root.TryGetProperty("notes", out JsonElement notes) ? [.. notes.EnumerateArray().Select(n => n.GetString()!)] : [];

    /// <summary>A list of whole numbers of the configuration; empty where it is not given.</summary>
    public int[] Ints(string key) => Config.TryGetProperty(key, out JsonElement value) ? [.. value.EnumerateArray().Select(v => v.GetInt32())] : [];

    /// <summary>Whether the case holds a tensor of this name.</summary>
    public bool Has(string name) => _file.Entries.ContainsKey(name);

    /// <summary>Whether a tensor of this name is an output to be checked.</summary>
    public bool Wants(string name) => _outputs.Contains(name);

    /// <summary>A tensor of the case, an input or an expected output; it stays the case's.</summary>
    public Tensor this[string name]
    {
        get
        {
            if (_tensors.TryGetValue(name, out Tensor? known)) return known;
            return _tensors[name] = _file.Read(name).DetachFromDisposeScope();
        }
    }

    /// <summary>The tensors whose names start with a prefix, by the rest of the name.</summary>
    public Dictionary<string, Tensor> Named(string prefix) =>
        _file.Entries.Keys.Where(n => n.StartsWith(prefix, StringComparison.Ordinal)).ToDictionary(n => n[prefix.Length..], n => this[n], StringComparer.Ordinal);

    /// <summary>A tensor of whole numbers as an array.</summary>
    public long[] Longs(string name) => this[name].data<long>().ToArray();

    /// <summary>Compares with an output, if the case lists it.</summary>
    /// <param name="name">The output's name.</param>
    /// <param name="actual">What was computed.</param>
    /// <param name="rowsAsSets">Whether the order inside a row of whole numbers is free (what the case's <c>meaning</c> says of it).</param>
    public void Check(string name, Tensor actual, bool rowsAsSets = false)
    {
        if (!Wants(name)) return;
        using DisposeScope scope = NewDisposeScope();
        Tensor expected = this[name];
        Tensor found = actual.detach().to(CPU);
        if (!found.shape.SequenceEqual(expected.shape))
        {
            Record(name, double.PositiveInfinity, $"shape [{string.Join(", ", found.shape)}], expected [{string.Join(", ", expected.shape)}]");
            return;
        }
        if (expected.dtype is ScalarType.Int64 or ScalarType.Int32 or ScalarType.Byte or ScalarType.Bool)
        {
            long[] want = expected.to(ScalarType.Int64).data<long>().ToArray();
            long[] have = found.to(ScalarType.Int64).contiguous().data<long>().ToArray();
            int row = rowsAsSets && expected.dim() > 0 ? (int)expected.shape[^1] : 0;
            for (int i = 0; row > 0 && i < want.Length; i += row)
            {
                Array.Sort(want, i, row);
                Array.Sort(have, i, row);
            }
            int wrong = want.Zip(have).Count(p => p.First != p.Second);
            Record(name, wrong == 0 ? 0 : double.PositiveInfinity, $"{wrong} of {want.Length} whole numbers differ: found {string.Join(", ", have.Take(24))}; expected {string.Join(", ", want.Take(24))}");
            return;
        }
        double[] reference = expected.to(ScalarType.Float64).data<double>().ToArray();
        double[] value = found.to(ScalarType.Float64).contiguous().data<double>().ToArray();
        double largest = 0, error = 0;
        for (int i = 0; i < reference.Length; i++)
        {
            if (double.IsFinite(reference[i]) && double.IsFinite(value[i]))
            {
                largest = Math.Max(largest, Math.Abs(reference[i]));
                error = Math.Max(error, Math.Abs(reference[i] - value[i]));
            }
            else if (!reference[i].Equals(value[i])) error = double.PositiveInfinity;   // not finite: the same at the same place
        }
        (double relative, double absolute) = Tolerance(name);
        double allowed = relative * largest + absolute;
        // Where everything is zero only zero is right.
        Record(name, error == 0 ? 0 : error / allowed, $"largest difference {error:g4}, allowed {allowed:g4}");
    }

    /// <summary>Compares a number with an output, if the case lists it.</summary>
    public void Check(string name, double actual) => Check(name, tensor(actual, ScalarType.Float64));

    /// <summary>Compares bytes: at least a share must be equal and none may be further off than <paramref name="largestDifference"/>.</summary>
    public void CheckBytes(string name, Tensor actual, double equalShare = 0.99, int largestDifference = 1)
    {
        if (!Wants(name)) return;
        using DisposeScope scope = NewDisposeScope();
        if (!actual.shape.SequenceEqual(this[name].shape))
        {
            Record(name, double.PositiveInfinity, $"shape [{string.Join(", ", actual.shape)}], expected [{string.Join(", ", this[name].shape)}]");
            return;
        }
        byte[] want = this[name].data<byte>().ToArray(), have = actual.to(CPU).to(ScalarType.Byte).contiguous().data<byte>().ToArray();
        int worst = 0, different = 0;
        for (int i = 0; i < want.Length; i++)
        {
            int d = Math.Abs(want[i] - have[i]);
            worst = Math.Max(worst, d);
            if (d > 0) different++;
        }
        double share = want.Length == 0 ? 0 : (double)different / want.Length;
        double fraction = worst > largestDifference ? double.PositiveInfinity : share / (1 - equalShare);
        Record(name, fraction, $"{share:p2} of the bytes differ, by up to {worst}");
    }

    /// <summary>Prints the summary line and fails if an output was missed or not checked.</summary>
    public void Finish()
    {
        string[] forgotten = [.. _outputs.Where(o => !_fractions.ContainsKey(o)).Order(StringComparer.Ordinal)];
        KeyValuePair<string, double> worst = _fractions.Count == 0 ? new("nothing", 0) : _fractions.MaxBy(f => f.Value);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"golden {Name}: {_fractions.Count} quantities checked, worst {worst.Key} at {worst.Value:0.###}"));
        Assert.IsEmpty(_failures, $"{Name}: {_failures.Count} of {_fractions.Count} quantities are wrong:\n{string.Join('\n', _failures)}");
        Assert.IsEmpty(forgotten, $"{Name}: not checked: {string.Join(", ", forgotten)}");
        Assert.IsGreaterThan(0, _fractions.Count, $"{Name}: the case lists no output.");
    }

    /// <summary>Closes the case and frees its tensors.</summary>
    public void Dispose()
    {
        foreach (Tensor tensor in _tensors.Values) tensor.Dispose();
        _file.Dispose();
        _json.Dispose();
    }

    private void Record(string name, double fraction, string detail)
    {
        _fractions[name] = Math.Max(fraction, _fractions.GetValueOrDefault(name));
        if (!(fraction <= 1)) _failures.Add($"  {name}: {detail}");
    }

    private (double Relative, double Absolute) Tolerance(string name)
    {
        double absolute = Root.TryGetProperty("absolute_tolerance", out JsonElement all) ? all.GetDouble() : 0;
        if (!Root.TryGetProperty("tensors", out JsonElement tensors) || !tensors.TryGetProperty(name, out JsonElement entry)) return (DefaultRelativeTolerance, absolute);
        double relative = entry.TryGetProperty("rtol", out JsonElement rtol) ? rtol.GetDouble() : DefaultRelativeTolerance;
        if (entry.TryGetProperty("atol", out JsonElement atol)) absolute = Math.Max(absolute, atol.GetDouble());
        return (relative, absolute);
    }

    // Where case.json has no list of tensors, what is called "out." is an output.
    private bool IsOutput(string name) => Root.TryGetProperty("tensors", out JsonElement tensors)
        ? tensors.TryGetProperty(name, out JsonElement entry) && entry.GetProperty("role").GetString() == "output"
        : name.StartsWith("out.", StringComparison.Ordinal);
}
