using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Checkpoints.Layouts;

/// <summary>
/// A checkpoint seen through the names of a network: what it calls its tensors, which shapes it finds, and what is missing or has no place. Nothing is read
/// before <see cref="Read"/> and <see cref="ReadAll"/>, so that shapes can be checked first.
/// </summary>
internal sealed class CheckpointLayout
{
    // What training scripts store beside the model itself. DINO's own evaluation takes the teacher.
    private static readonly string[] s_lastResorts = ["teacher", "student", "model_ema", "ema", "optimizer"];

    private readonly NameTable _table;
    private readonly string _prefix;
    private readonly Dictionary<string, MappedTensor> _tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _missingSources = new(StringComparer.Ordinal);

    private CheckpointLayout(CheckpointFile file, NameTable table, string prefix)
    {
        (File, _table, _prefix) = (file, table, prefix);
        string[] names = [.. file.Entries.Keys.Where(n => n.StartsWith(prefix, StringComparison.Ordinal) && !table.Ignores(n[prefix.Length..]))];
        if (table.Rules is null)
        {
            foreach (string name in names) Add(name[prefix.Length..], Conversion.Copy, [name]);
            Unmapped = [];
            return;
        }
        var unused = new HashSet<string>(names, StringComparer.Ordinal);
        Apply(table.Rules, unused);
        Unmapped = [.. names.Where(unused.Contains)];
    }

    public CheckpointFile File { get; }

    /// <summary>The tensors by the network's names.</summary>
    public IReadOnlyDictionary<string, MappedTensor> Tensors => _tensors;

    /// <summary>The file's names of tensors that have no place in the network; classifiers and other models in the file are not among them.</summary>
    public IReadOnlyList<string> Unmapped { get; }

    /// <summary>The number of attention heads, where the file's shapes tell.</summary>
    public int? Heads => _table == NameTables.Google && File.Entries.TryGetValue(_prefix + NameTables.GoogleQuery, out CheckpointEntry? query) && query.Shape is [_, > 0 and <= int.MaxValue and var heads, _]
        ? (int)heads : null;

    /// <summary>Finds a vision transformer, whose tensors get timm's names (see <see cref="Backbones.VisionTransformerConfig.TensorShapes"/>).</summary>
    /// <exception cref="InvalidDataException">The file holds none, but perhaps a CLIP model; the message says so.</exception>
    public static CheckpointLayout VisionTransformer(CheckpointFile file)
    {
        if (Find(file, NameTables.Timm, NameTables.Google, NameTables.HuggingFaceTransformer) is { } layout) return layout;
        if (IsResNetClip(file) || Find(file, NameTables.OpenAIClip, NameTables.HuggingFaceClip) is not null)
            throw new InvalidDataException($"'{file.Path}': expected a plain vision transformer; this is a CLIP checkpoint: use LoadClip.");
        throw new InvalidDataException($"'{file.Path}' is not a plain vision transformer with timm's, Google's or Hugging Face's names: there is no tensor '{NameTables.Timm.Marker}', " +
                                       $"'{NameTables.Google.Marker}' or '{NameTables.HuggingFaceTransformer.Marker}'; found {Some(file)}.");
    }

    /// <summary>Finds a CLIP model with a vision transformer, whose tensors get OpenAI's names.</summary>
    /// <exception cref="InvalidDataException">The file holds none, but perhaps a plain vision transformer; the message says so.</exception>
    public static CheckpointLayout Clip(CheckpointFile file)
    {
        if (Find(file, NameTables.OpenAIClip, NameTables.HuggingFaceClip) is { } layout) return layout;
        if (IsResNetClip(file)) throw new InvalidDataException($"'{file.Path}': expected a CLIP model with a vision transformer; this is one with a ResNet.");
        if (Find(file, NameTables.Timm, NameTables.Google, NameTables.HuggingFaceTransformer) is not null)
            throw new InvalidDataException($"'{file.Path}': expected a CLIP checkpoint; this is a plain vision transformer: use LoadVisionTransformer.");
        throw new InvalidDataException($"'{file.Path}' is not a CLIP checkpoint with OpenAI's or Hugging Face's names: there is no tensor '{NameTables.OpenAIClip.Marker}' or " +
                                       $"'{NameTables.HuggingFaceClip.Marker}'; found {Some(file)}.");
    }

    /// <summary>Checks that the file has exactly the tensors that a network needs.</summary>
    /// <param name="network">What the network is called, for the message.</param>
    /// <param name="shapes">The names and shapes that it needs.</param>
    /// <exception cref="InvalidDataException">Tensors are missing, surplus, of another shape or not of a floating type; the message lists the first of each.</exception>
    public void Require(string network, IReadOnlyDictionary<string, long[]> shapes)
    {
        string[] problems =
        [
            .. Problem("missing", shapes.Where(s => !_tensors.ContainsKey(s.Key)).Select(s => $"{Describe(s.Key)}: expected the shape {TensorBytes.Text(s.Value)}; found no such tensor")),
            .. Problem("of another shape", _tensors.Values.Where(t => shapes.TryGetValue(t.Name, out long[]? shape) && !shape.SequenceEqual(t.Shape))
                .Select(t => $"{Describe(t.Name)}: expected the shape {TensorBytes.Text(shapes[t.Name])}; found {TensorBytes.Text(t.Shape)}")),
            .. Problem("of another type", _tensors.Values
                .Where(t => shapes.ContainsKey(t.Name) && t.Type is not (ScalarType.Float32 or ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Float64))
                .Select(t => $"{Describe(t.Name)}: expected a floating type; found {t.Type}")),
            .. Problem("surplus", _tensors.Values.Where(t => !shapes.ContainsKey(t.Name)).SelectMany(t => t.Sources).Concat(Unmapped)
                .Select(n => $"'{n}' of shape {TensorBytes.Text(File.Entries[n].Shape)} has no place in it")),
        ];
        if (problems.Length > 0) throw NotA(network, string.Join("; ", problems));
    }

    /// <summary>Reads one tensor.</summary>
    /// <param name="name">A name in <see cref="Tensors"/>.</param>
    /// <returns>A new contiguous CPU tensor of the stored type, in the caller's dispose scope.</returns>
    public Tensor Read(string name)
    {
        MappedTensor mapped = _tensors[name];
        var sources = new List<Tensor>();
        try
        {
            foreach (string source in mapped.Sources) sources.Add(File.Read(source));
            return Convert(mapped, sources);
        }
        finally
        {
            foreach (Tensor source in sources) source.Dispose();
        }
    }

    /// <summary>Reads tensors and takes the file's SHA-256.</summary>
    /// <param name="names">Names in <see cref="Tensors"/>.</param>
    /// <returns>New contiguous CPU tensors of the stored types by name, in the caller's dispose scope, and the hash in lower-case hexadecimal digits.</returns>
    public (IReadOnlyDictionary<string, Tensor> Tensors, string Sha256) ReadAll(IEnumerable<string> names)
    {
        MappedTensor[] wanted = [.. names.Select(n => _tensors[n])];
        HashSet<string> sources = [.. wanted.SelectMany(t => t.Sources)];
        (IReadOnlyDictionary<string, Tensor> read, string sha256) = File.ReadAll(sources.Contains);
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (MappedTensor mapped in wanted)
        {
            Tensor[] parts = [.. mapped.Sources.Select(s => read[s])];
            tensors.Add(mapped.Name, Convert(mapped, parts));
            foreach (Tensor part in parts) part.Dispose();   // no source serves two targets
        }
        return (tensors, sha256);
    }

    /// <summary>An error that says why the file is not what it was taken for.</summary>
    public InvalidDataException NotA(string network, string what) => new($"'{File.Path}' is not a {network} with {_table.Style} names: {what}.");

    /// <summary>The file's names of a tensor, whether the file has it or not.</summary>
    public string Describe(string name)
    {
        string[] sources = _tensors.TryGetValue(name, out MappedTensor? mapped) ? [.. mapped.Sources] : [_missingSources.GetValueOrDefault(name, _prefix + name)];
        string found = string.Join(", ", sources.Select(s => $"'{s}'"));
        return sources is [var one] && one == _prefix + name ? $"tensor {found}" : $"tensor '{name}' (in the file {found})";
    }

    private static CheckpointLayout? Find(CheckpointFile file, params NameTable[] tables)
    {
        foreach (NameTable table in tables)
        {
            // Frameworks wrap models and put "module.", "backbone.", "state_dict." or the like before every name.
            string ending = table.Separator + table.Marker;
            string? marker = file.Entries.Keys.Where(n => n == table.Marker || n.EndsWith(ending, StringComparison.Ordinal))
                .OrderBy(n => Array.IndexOf(s_lastResorts, n.Split(table.Separator)[0])).ThenBy(n => n.Length).ThenBy(n => n, StringComparer.Ordinal).FirstOrDefault();
            if (marker is not null) return new CheckpointLayout(file, table, marker[..^table.Marker.Length]);
        }
        return null;
    }

    private static bool IsResNetClip(CheckpointFile file) =>
        file.Entries.Keys.Any(n => n == NameTables.ClipResNetMarker || n.EndsWith("." + NameTables.ClipResNetMarker, StringComparison.Ordinal));

    private void Apply(IReadOnlyList<NameRule> rules, HashSet<string> unused)
    {
        foreach (NameRule rule in rules.Where(r => !r.IsOfBlock)) Apply(rule, 0, unused);
        NameRule[] ofBlocks = [.. rules.Where(r => r.IsOfBlock)];
        for (int block = 0; ofBlocks.Count(r => Apply(r, block, unused)) > 0; block++)
        {
        }
    }

    /// <summary>Adds a line's tensor where the file has all its sources; says whether it has any.</summary>
    private bool Apply(NameRule rule, int block, HashSet<string> unused)
    {
        string target = rule.Target(block);
        string[] sources = [.. rule.Sources(block).Select(s => _prefix + s)];
        string[] missing = [.. sources.Where(s => !File.Entries.ContainsKey(s))];
        if (missing.Length > 0)
        {
            _missingSources.Add(target, string.Join("', '", missing));
            return missing.Length < sources.Length;
        }
        Add(target, rule.Conversion, sources);
        unused.ExceptWith(sources);
        return true;
    }

    private void Add(string target, Conversion conversion, string[] sources)
    {
        CheckpointEntry[] entries = [.. sources.Select(s => File.Entries[s])];
        long[] shape = conversion.Shape([.. entries.Select(e => e.Shape)]) ?? throw new InvalidDataException(
            $"'{File.Path}': tensor '{string.Join("', '", sources)}': expected the shape {conversion.Expected}; found {string.Join(", ", entries.Select(e => TensorBytes.Text(e.Shape)))}.");
        if (entries.FirstOrDefault(e => e.Type != entries[0].Type) is { } other)
            throw new InvalidDataException($"'{File.Path}': tensor '{other.Name}': expected {entries[0].Type}, as '{entries[0].Name}' has; found {other.Type}.");
        _tensors.Add(target, new MappedTensor(target, entries[0].Type, shape, sources, conversion));
    }

    private static Tensor Convert(MappedTensor mapped, IReadOnlyList<Tensor> sources)
    {
        using DisposeScope scope = NewDisposeScope();
        return mapped.Conversion.Convert(sources).MoveToOuterDisposeScope();
    }

    private static IEnumerable<string> Problem(string kind, IEnumerable<string> found)
    {
        const int Shown = 3;
        string[] all = [.. found];
        if (all.Length > 0) yield return $"{all.Length} {kind}: {string.Join(", ", all.Take(Shown))}{(all.Length > Shown ? ", …" : "")}";
    }

    private static string Some(CheckpointFile file)
    {
        string first = string.Join(", ", file.Entries.Keys.Take(3).Select(n => $"'{n}'"));
        return file.Entries.Count == 0 ? "no tensor" : $"{file.Entries.Count} tensors: {first}{(file.Entries.Count > 3 ? ", …" : "")}";
    }
}
