using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.ML.Continual.Checkpoints;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Persistence;

/// <summary>
/// What the library keeps on disk: one safetensors file with tensors, and in its metadata a JSON document and a SHA-256 over both. See <c>docs/persistence.md</c>.
/// </summary>
/// <remarks>
/// The same content gives the same bytes. Nothing in a file is believed: the header is checked by <see cref="SafetensorsFile"/>, the content by its hash, the document's values by those who read
/// them; memory stays within a small multiple of the file's size.
/// </remarks>
internal sealed class StateFile : IDisposable
{
    /// <summary>The version of the document that this library writes, and the newest that it reads.</summary>
    public const int FormatVersion = 1;

    /// <summary>The kind of a trainer's state.</summary>
    public const string StateKind = "state";

    /// <summary>The kind of a model.</summary>
    public const string ModelKind = "model";

    /// <summary>The largest document, in characters; it holds names, numbers and options, never tensors.</summary>
    public const int MaximumDocument = 1 << 24;

    private const int MaximumMessage = 1500;   // a message may quote the file

    private const string FormatKey = "format", FormatName = "Microsoft.ML.Continual", DocumentKey = "document", HashKey = "sha256";

    private static readonly JsonSerializerOptions s_json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Dictionary<string, Tensor> _tensors;

    private StateFile(string name, JsonObject document, Dictionary<string, Tensor> tensors) => (Name, Document, _tensors) = (name, document, tensors);

    /// <summary>The file's path, for messages.</summary>
    public string Name { get; }

    /// <summary>The document.</summary>
    public JsonObject Document { get; }

    /// <summary>The tensors by name, on the CPU; those that nobody takes are freed with this object.</summary>
    public IReadOnlyDictionary<string, Tensor> Tensors => _tensors;

    /// <summary>Hands a tensor over to the caller.</summary>
    public Tensor Take(string name)
    {
        if (!_tensors.Remove(name, out Tensor? tensor)) throw Broken($"there is no tensor '{name}'");
        return tensor;
    }

    /// <summary>Writes a file as a whole or not at all; an error leaves the old one as it was.</summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <param name="kind"><see cref="StateKind"/> or <see cref="ModelKind"/>.</param>
    /// <param name="document">The document; gains <c>version</c>, <c>kind</c> and <c>library</c>.</param>
    /// <param name="tensors">The tensors by name.</param>
    /// <param name="keepPrevious">Whether the file that is replaced, where it is a good one, is kept under <see cref="AtomicFile.PreviousOf"/>.</param>
    public static void Write(string path, string kind, JsonObject document, IReadOnlyDictionary<string, Tensor> tensors, bool keepPrevious) =>
        AtomicFile.Write(path, file => Write(file, kind, document, tensors), keepPrevious ? () => IsGood(path) : null);

    /// <summary>Writes the same bytes to a stream.</summary>
    public static void Write(Stream stream, string kind, JsonObject document, IReadOnlyDictionary<string, Tensor> tensors)
    {
        document["version"] = FormatVersion;
        document["kind"] = kind;
        document["library"] = typeof(StateFile).Assembly.GetName().Version?.ToString();
        string text = Sorted(document)!.ToJsonString(s_json);
        if (text.Length > MaximumDocument)
            throw new InvalidOperationException($"The document of a {kind} may have {MaximumDocument} characters; this one has {text.Length}. What is large belongs into tensors.");
        SafetensorsWriter.Write(stream, tensors, new Dictionary<string, string> { [FormatKey] = FormatName, [DocumentKey] = text, [HashKey] = Hash(text, tensors) });
    }

    /// <summary>Reads the newest good file: the file itself, or where it is damaged the one kept before it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="kind">The kind that is expected.</param>
    /// <param name="notice">Why the file before was read; null where it was not.</param>
    /// <exception cref="FileNotFoundException">There is neither.</exception>
    /// <exception cref="InvalidDataException">Both are damaged, or of another kind; the message names the file, what was expected and what was found.</exception>
    public static StateFile ReadNewest(string path, string kind, out string? notice)
    {
        string previous = AtomicFile.PreviousOf(path);
        notice = null;
        try
        {
            return Read(path, kind);
        }
        catch (Exception e) when (e is InvalidDataException or FileNotFoundException && File.Exists(previous))
        {
            try
            {
                StateFile file = Read(previous, kind);
                notice = $"{e.Message} The file kept before it, '{previous}', is read instead.";
                return file;
            }
            catch (Exception second) when (second is InvalidDataException or IOException)
            {
                throw new InvalidDataException($"{e.Message} The file kept before it cannot be read either: {second.Message}", e);
            }
        }
    }

    /// <summary>Reads and checks a file.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is damaged, of another kind or of a newer version; the message names the file, what was expected and what was found.</exception>
    public static StateFile Read(string path, string kind)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        return Read(file, kind);
    }

    /// <summary>Reads a stream that can seek, from its beginning; it is closed.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="name">What messages call it.</param>
    /// <param name="kind">The kind that is expected.</param>
    public static StateFile Read(Stream stream, string name, string kind)
    {
        using var source = new ByteSource(stream, name);
        using var file = new SafetensorsFile(source);
        return Read(file, kind);
    }

    /// <summary>What a reader throws who finds something else than it expects.</summary>
    public InvalidDataException Broken(string what) => Broken(Name, what);

    /// <summary>Runs a reader of the document; what it meets in a document that is not as expected becomes an error that names the file.</summary>
    public T Parse<T>(string what, Func<T> read)
    {
        try
        {
            return read();
        }
        // Among them libtorch's refusals (ExternalException), and what code that was called by reflection threw.
        catch (Exception e) when (e is NullReferenceException or InvalidOperationException or FormatException or ArithmeticException or KeyNotFoundException or ArgumentException or InvalidCastException
                                      or IndexOutOfRangeException or JsonException or ExternalException or TargetInvocationException or OutOfMemoryException)
        {
            throw new InvalidDataException($"'{Name}': {what} cannot be read from the document: {Short((e.InnerException ?? e).Message, MaximumMessage)}", e);
        }
        catch (InvalidDataException e) when (!e.Message.StartsWith($"'{Name}'", StringComparison.Ordinal))
        {
            throw new InvalidDataException($"'{Name}': {Short(e.Message, MaximumMessage)}", e);
        }
    }

    /// <summary>Frees the tensors that nobody took.</summary>
    public void Dispose()
    {
        foreach (Tensor tensor in _tensors.Values) tensor.Dispose();
        _tensors.Clear();
    }

    private static bool IsGood(string path)
    {
        try
        {
            using SafetensorsFile file = SafetensorsFile.Open(path);
            using StateFile state = Read(file, null);
            return true;
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            return false;   // a damaged file must not take the place of the good one before it
        }
    }

    private static StateFile Read(SafetensorsFile file, string? kind)
    {
        string name = file.Path;
        if (file.Metadata.GetValueOrDefault(FormatKey) != FormatName)
            throw Broken(name, $"expected a file of {FormatName} (metadata '{FormatKey}'); found {(file.Metadata.TryGetValue(FormatKey, out string? other) ? $"'{Short(other)}'" : "none")}");
        string text = file.Metadata.GetValueOrDefault(DocumentKey) ?? throw Broken(name, $"the metadata '{DocumentKey}' is missing");
        string hash = file.Metadata.GetValueOrDefault(HashKey) ?? throw Broken(name, $"the metadata '{HashKey}' is missing");
        if (text.Length > MaximumDocument) throw Broken(name, $"the document may have {MaximumDocument} characters; found {text.Length}");

        var tensors = (Dictionary<string, Tensor>)file.ReadAll().Tensors;
        try
        {
            foreach (Tensor tensor in tensors.Values) tensor.DetachFromDisposeScope();
            string found = Hash(text, tensors);
            if (found != hash) throw Broken(name, $"the content is damaged: expected the SHA-256 {Short(hash)}; found {found}");
            return new StateFile(name, ReadDocument(name, text, kind), tensors);
        }
        catch
        {
            foreach (Tensor tensor in tensors.Values) tensor.Dispose();
            throw;
        }
    }

    private static JsonObject ReadDocument(string name, string text, string? kind)
    {
        try
        {
            JsonObject document = JsonNode.Parse(text) as JsonObject ?? throw Broken(name, "the document must be a JSON object");
            int version = document["version"]!.GetValue<int>();
            if (version is < 1 or > FormatVersion)
                throw Broken(name, $"the document's version: expected 1 to {FormatVersion}; found {version}, written by library {document["library"]}. Read it with a newer library");
            string found = document["kind"]!.GetValue<string>();
            return kind is null || found == kind ? document : throw Broken(name, $"expected a {kind}; found a {found}. {Hint(found)}");
        }
        catch (Exception e) when (e is JsonException or NullReferenceException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw new InvalidDataException($"'{name}': the document cannot be read: {Short(e.Message, MaximumMessage)}", e);
        }
    }

    private static string Hint(string kind) => kind switch
    {
        ModelKind => "Read a model with mlContext.Continual().LoadModel",
        StateKind => "Read a trainer's state with trainer.LoadState or mlContext.Continual().ResumeTrainer",
        _ => "Nothing in this library reads it",
    };

    /// <summary>Over the document, and each tensor's name, type, shape and bytes, by name.</summary>
    private static string Hash(string text, IReadOnlyDictionary<string, Tensor> tensors)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(text));
        foreach ((string name, Tensor tensor) in tensors.OrderBy(t => t.Key, StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"\n{name}\n{tensor.dtype}\n{string.Join(',', tensor.shape)}\n")));
            if (tensor.numel() > 0) hash.AppendData(tensor.bytes);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>The same with the members of every object in ordinal order.</summary>
    public static JsonNode? Sorted(JsonNode? node) => node switch
    {
        JsonObject value => new JsonObject(value.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => KeyValuePair.Create(p.Key, Sorted(p.Value)))),
        JsonArray list => new JsonArray([.. list.Select(Sorted)]),
        _ => node?.DeepClone(),
    };

    private static string Short(string text, int length = 80) => text.Length <= length ? text : text[..length] + "…";

    private static InvalidDataException Broken(string name, string what) => new($"'{name}': {Short(what, MaximumMessage)}.");
}
