using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Checkpoints;
using Microsoft.ML.Continual.Inference;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Persistence;
using Microsoft.ML.Continual.Training;

namespace Microsoft.ML.Continual;

public sealed partial class ContinualCatalog
{
    /// <summary>Reads a model that <see cref="ContinualTransformer.Save(string)"/> wrote. It scores as the one that was written; no trainer is needed.</summary>
    /// <param name="path">The file.</param>
    /// <param name="backbone">
    /// The frozen network that the model adapts; shared. Null reads the checkpoint that the file names, from beside the file or else from the path that it was read from in training; the model then
    /// owns it, and frees it with itself.
    /// </param>
    /// <returns>The model; the caller disposes it.</returns>
    /// <exception cref="FileNotFoundException">There is no such file, or no checkpoint of the backbone where it was looked for; the message names the places.</exception>
    /// <exception cref="InvalidDataException">The file is damaged, or the backbone is another one; the message names what was expected and what was found.</exception>
    /// <exception cref="InvalidOperationException">The native libtorch cannot be loaded.</exception>
    public ContinualTransformer LoadModel(string path, Backbone? backbone = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        NativeLibtorch.Require();
        if (IsZip(path)) throw new InvalidDataException($"'{path}' is an ML.NET model file: read it with LoadModel(path, out inputSchema).");
        using StateFile file = StateFile.Read(path, StateFile.ModelKind);
        return ModelFile.Load(_mlContext, file, backbone, TorchDevice.Choose(_mlContext));
    }

    /// <summary>Reads a model from a stream that can seek, whole, from its beginning; see <see cref="LoadModel(string, Backbone)"/>. The stream is closed.</summary>
    /// <exception cref="InvalidDataException">The stream is damaged, or the backbone is another one; the message names what was expected and what was found.</exception>
    public ContinualTransformer LoadModel(Stream stream, Backbone? backbone = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        NativeLibtorch.Require();
        using StateFile file = StateFile.Read(stream, "the stream", StateFile.ModelKind);
        return ModelFile.Load(_mlContext, file, backbone, TorchDevice.Choose(_mlContext));
    }

    /// <summary>Reads a pipeline with a continual model in it, which <c>mlContext.Model.Save</c> or <see cref="SaveModel"/> wrote.</summary>
    /// <param name="path">The ML.NET model file (a zip), or a file by <see cref="ContinualTransformer.Save(string)"/>.</param>
    /// <param name="inputSchema">The schema that was saved with the pipeline; null where there was none.</param>
    /// <param name="backbone">The frozen network; see <see cref="LoadModel(string, Backbone)"/>.</param>
    /// <returns>The pipeline, with the model as it was in its place; disposing the chain disposes the model.</returns>
    /// <remarks><c>mlContext.Model.Load</c> reads such a file too, but what it gives has the model's bytes in it and cannot score: it says so when it is used.</remarks>
    /// <exception cref="FileNotFoundException">There is no such file, or no checkpoint of the backbone where it was looked for; the message names the places.</exception>
    /// <exception cref="InvalidDataException">The file holds no continual model or a damaged one, or the backbone is another one.</exception>
    public ITransformer LoadModel(string path, out DataViewSchema? inputSchema, Backbone? backbone = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        NativeLibtorch.Require();
        inputSchema = null;
        if (!IsZip(path)) return LoadModel(path, backbone);
        ITransformer read = _mlContext.Model.Load(path, out inputSchema);
        ITransformer model = PipelinePayload.Replace(read, stream =>
        {
            using StateFile file = StateFile.Read(stream, path, StateFile.ModelKind);
            return ModelFile.Load(_mlContext, file, backbone, TorchDevice.Choose(_mlContext));
        });
        return !ReferenceEquals(model, read) ? model
            : throw new InvalidDataException($"'{path}': the ML.NET model file holds no continual model; mlContext.Model.Load reads it.");
    }

    /// <summary>Writes a pipeline into an ML.NET model file, as <c>mlContext.Model.Save</c> does, but as a whole or not at all: an error leaves an old file as it was.</summary>
    /// <param name="model">The pipeline, or a model by itself.</param>
    /// <param name="inputSchema">The schema of its input; null for none. ML.NET cannot write columns of images into it.</param>
    /// <param name="path">The file; its folder must exist.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void SaveModel(ITransformer model, DataViewSchema? inputSchema, string path)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentException.ThrowIfNullOrEmpty(path);
        AtomicFile.Write(path, file => _mlContext.Model.Save(model, inputSchema, file));
    }

    /// <summary>
    /// Makes a trainer out of a state that <see cref="ContinualTrainer.SaveState"/> or <see cref="ContinualTrainer.KeepState"/> wrote, with the method, the constraint, the options and the seed that the file
    /// names. It goes on bit for bit.
    /// </summary>
    /// <param name="path">The file. Where it is damaged, the one kept before it is read, and a warning in the context's log says so.</param>
    /// <param name="backbone">The frozen network; the file names which by its SHA-256.</param>
    /// <remarks>
    /// Options that are code or objects, such as delegates, are not in a file: a trainer that has them is made from its options and goes on by <see cref="ContinualTrainer.LoadState"/>.
    /// </remarks>
    /// <returns>The trainer; see <see cref="ContinualTrainer.TaskInProgress"/> for whether a task was in progress.</returns>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is damaged, or the backbone is another one; the message names what was expected and what was found.</exception>
    /// <exception cref="InvalidOperationException">The native libtorch cannot be loaded.</exception>
    public ContinualTrainer ResumeTrainer(string path, Backbone backbone)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(backbone);
        NativeLibtorch.Require();
        return ContinualTrainer.Resume(_mlContext, path, backbone);
    }

    private static bool IsZip(string path)
    {
        Span<byte> start = stackalloc byte[4];
        using FileStream file = File.OpenRead(path);
        return file.ReadAtLeast(start, 4, throwOnEndOfStream: false) == 4 && start.SequenceEqual("PK\u0003\u0004"u8);
    }
}
