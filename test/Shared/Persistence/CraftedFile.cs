using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.ML.Continual.Checkpoints;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Persistence;

/// <summary>A state or model file taken apart, and put together again with a checksum that fits whatever is in it.</summary>
internal sealed class CraftedFile
{
    private CraftedFile(string document, Dictionary<string, Tensor> tensors) => (Document, Tensors) = (document, tensors);

    /// <summary>The document.</summary>
    public string Document { get; set; }

    /// <summary>The tensors, in the caller's dispose scope.</summary>
    public Dictionary<string, Tensor> Tensors { get; }

    /// <summary>Takes a file apart.</summary>
    public static CraftedFile Read(string path)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        return new CraftedFile(file.Metadata["document"], new(file.ReadAll().Tensors));
    }

    /// <summary>The same content, to be changed.</summary>
    public CraftedFile Copy() => new(Document, new(Tensors));

    /// <summary>Writes the file.</summary>
    public void Write(string path)
    {
        using FileStream stream = File.Create(path);
        SafetensorsWriter.Write(stream, Tensors, new Dictionary<string, string> { ["format"] = "Microsoft.ML.Continual", ["document"] = Document, ["sha256"] = Hash() });
    }

    private string Hash()
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(Document));
        foreach ((string name, Tensor tensor) in Tensors.OrderBy(t => t.Key, StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"\n{name}\n{tensor.dtype}\n{string.Join(',', tensor.shape)}\n")));
            if (tensor.numel() > 0) hash.AppendData(tensor.contiguous().bytes);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
