using System.IO.Compression;
using System.Text.Json.Nodes;

namespace Microsoft.ML;

/// <summary>Where a component writes itself. Only ML.NET makes one; it tells nothing to code outside.</summary>
public sealed class ModelSaveContext : IDisposable
{
    internal const string ContentName = "Model.json";

    private readonly ZipArchive _zip;
    private readonly string _folder;
    private bool _described;

    internal ModelSaveContext(ZipArchive zip, string folder) => (_zip, _folder) = (zip, folder);

    /// <summary>Says what the component is, and writes all that makes it again. Called once.</summary>
    internal void Describe(string signature, JsonObject content)
    {
        _described = true;
        content["signature"] = signature;
        using Stream stream = _zip.CreateEntry($"{_folder}/{ContentName}").Open();
        using var writer = new StreamWriter(stream);
        writer.Write(content.ToJsonString());
    }

    /// <summary>Writes a part of the component into a folder of its own.</summary>
    internal void SaveModel(ICanSaveModel value, string name)
    {
        using var part = new ModelSaveContext(_zip, $"{_folder}/{name}");
        value.Save(part);
        // A component that wrote nothing cannot be loaded: ML.NET refuses it.
        if (!part._described)
            throw new InvalidOperationException("ModelSignature not specified!");
    }

    /// <summary>Closes the context.</summary>
    public void Dispose()
    {
    }
}
