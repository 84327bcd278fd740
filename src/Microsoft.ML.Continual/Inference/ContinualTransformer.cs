using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Persistence;
using Microsoft.ML.Continual.Tasks;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Inference;

/// <summary>
/// A snapshot of a <c>ContinualTrainer</c> after a task: scores images over all classes seen up to then. It never changes; later
/// <c>Fit</c> calls give new snapshots. It shares the backbone, which must live as long.
/// </summary>
/// <remarks>
/// <para>Adds to a view: <c>Score</c>, the class probabilities (softmax), a vector with one slot for each class seen and the labels as slot names; and
/// <c>PredictedLabel</c>, a key over those classes whose key values are the labels, as <c>MapKeyToValue</c> wants them.</para>
/// <para><b>The label column is re-expressed.</b> The space of classes grows, while a <c>MapValueToKey</c> that is fitted anew on each task numbers its keys from 1
/// each time. <c>MulticlassClassification.Evaluate</c> compares raw keys, so it would compare different classes. Therefore, where the scored view has the
/// label column, the model gives it anew under the same name (which hides the old column) as a key over the classes seen, with the same key values as
/// <c>PredictedLabel</c>. A label that was never learned becomes missing (key 0); a warning in the context's log says how many there were. A view without
/// a label column is scored all the same.</para>
/// <para>Images are read ahead on a background thread and scored <see cref="MethodOptions.PredictionBatchSize"/> at a time; nothing is read unless
/// score or predicted label is asked for.</para>
/// <para><b>Threads.</b> One model may be used by many threads at once: each its own views, cursors or <c>PredictionEngine</c> (ML.NET's engines and cursors are for one thread each). Scores do
/// not depend on what other threads do. A processor runs as many passes at once as libtorch's threads (<c>OMP_NUM_THREADS</c>) leave cores for, cores / threads and at least one, any other device one, over all
/// models of the process; the others wait. Reading, decoding and resizing go on meanwhile.</para>
/// </remarks>
public sealed class ContinualTransformer : ITransformer, IDisposable
{
    private readonly MLContext _mlContext;
    private readonly MethodOptions _options;
    private readonly ImageScorer _scorer;
    private readonly OutputColumns _columns;
    private readonly PassGate _gate;
    private readonly UseCount _uses;

    /// <param name="mlContext">Whose log warnings go to.</param>
    /// <param name="options">Column names, evaluation view and batch size; not changed by anyone.</param>
    /// <param name="scorer">Owned from now on.</param>
    /// <param name="state">Owned from now on: one share of it.</param>
    /// <param name="ownBackbone">The backbone, where it was loaded for this model alone: owned from now on. Null where it is shared.</param>
    internal ContinualTransformer(MLContext mlContext, MethodOptions options, IScorer scorer, ILearnedState state, Backbone? ownBackbone = null)
    {
        (_mlContext, _options, State) = (mlContext, options, state);
        _scorer = new ImageScorer(scorer, options);
        _columns = new OutputColumns(state.Classes, options.LabelColumnName, options.ScoreColumnName, options.PredictedLabelColumnName);
        _gate = PassGate.Of(options.Backbone!.Device);
        _uses = new UseCount(() =>
        {
            _scorer.Dispose();
            State.Dispose();
            ownBackbone?.Dispose();
        });
    }

    /// <summary>The classes this model tells apart, by the index of their slot in the score.</summary>
    public ClassRegistry Classes => State.Classes;

    /// <summary>The number of classes.</summary>
    public int ClassCount => State.Classes.Count;

    /// <summary>The number of tasks learned.</summary>
    public int TasksSeen => State.Tasks.Count;

    /// <summary>The tasks learned, in order.</summary>
    public IReadOnlyList<LearnedTask> Tasks => State.Tasks;

    /// <summary>The name of the method in the literature, such as <c>L2P</c>.</summary>
    public string MethodName => State.MethodName;

    /// <summary>The frozen network's architecture in words, such as <c>ViT 192x12, 3 heads, patch 16, image 224</c>.</summary>
    public string Architecture => _options.Backbone!.Architecture;

    /// <summary>The image column that is scored.</summary>
    public string ImageColumnName => _options.ImageColumnName;

    /// <summary>The label column that is re-expressed where a view has it.</summary>
    public string LabelColumnName => _options.LabelColumnName;

    /// <summary>The column of class probabilities.</summary>
    public string ScoreColumnName => _options.ScoreColumnName;

    /// <summary>The column of the most probable class.</summary>
    public string PredictedLabelColumnName => _options.PredictedLabelColumnName;

    /// <summary>What a trainer needs to go on from here.</summary>
    internal ILearnedState State { get; }

    internal MethodOptions Options => _options;

    internal int BatchSize => _options.PredictionBatchSize;

    /// <summary>Always true: each row is scored by itself.</summary>
    public bool IsRowToRowMapper => true;

    /// <summary>The columns of <see cref="Transform"/>'s result.</summary>
    /// <exception cref="ArgumentException">The image column is missing or is of another type, or the label column has labels of another type than those learned.</exception>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => CreateLayout(inputSchema).Schema;

    /// <summary>A view with the scores, computed as its cursors move.</summary>
    /// <exception cref="ArgumentException">The image column is missing or is of another type, or the label column has labels of another type than those learned.</exception>
    public IDataView Transform(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return new ScoringView(this, input);
    }

    /// <summary>As <see cref="Transform"/>, for rows whose task is known: the model chooses among the task's classes.</summary>
    internal IDataView TransformKnowing(IDataView input, TaskHint? hint) => new ScoringView(this, input, hint);

    /// <summary>Scores row by row, as <c>PredictionEngine</c> does.</summary>
    /// <exception cref="ArgumentException">As in <see cref="GetOutputSchema"/>.</exception>
    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => new ScoringMapper(this, CreateLayout(inputSchema));

    /// <summary>Writes the model into one safetensors file, which <c>mlContext.Continual().LoadModel</c> reads in any process.</summary>
    /// <param name="path">The file; its folder must exist. It is written beside its name, flushed to the disk and renamed: an error leaves an old file as it was, and nothing of the new one.</param>
    /// <remarks>
    /// The file holds all that the trainer had learned, so that training can go on from it (<c>trainer.Fit(task, model)</c>). The backbone is not in it, but named by its path and SHA-256. The same model gives the same bytes.
    /// </remarks>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="ObjectDisposedException">The model is disposed.</exception>
    public void Save(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Use(() =>
        {
            (JsonObject document, Dictionary<string, Tensor> tensors) = Describe();
            StateFile.Write(path, StateFile.ModelKind, document, tensors, keepPrevious: false);
            return true;
        });
    }

    /// <summary>Writes the same bytes as <see cref="Save(string)"/> to a stream, from its position on.</summary>
    public void Save(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        Use(() =>
        {
            (JsonObject document, Dictionary<string, Tensor> tensors) = Describe();
            StateFile.Write(stream, StateFile.ModelKind, document, tensors);
            return true;
        });
    }

    private (JsonObject Document, Dictionary<string, Tensor> Tensors) Describe()
    {
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        var document = new JsonObject { ["options"] = KnownOptions.Write(_options), ["backbone"] = BackboneReference.Write(_options.Backbone!), ["learned"] = State.Write(tensors) };
        return (document, tensors);
    }

    /// <summary>Writes the model into an ML.NET model file, of which it is a part: see <c>mlContext.Continual().LoadModel</c>, which reads such files.</summary>
    /// <exception cref="InvalidOperationException">The model is too large for a part of such a file.</exception>
    void ICanSaveModel.Save(ModelSaveContext ctx)
    {
        ArgumentNullException.ThrowIfNull(ctx);
        PipelinePayload.Save(Save, ctx);
    }

    /// <summary>Frees the model's own tensors, once what other threads do with them is done. The trainer, other models and the backbone live on; a backbone that <c>LoadModel</c> read for this model alone is freed with it.</summary>
    public void Dispose() => _uses.End();

    internal OutputLayout CreateLayout(DataViewSchema source)
    {
        ArgumentNullException.ThrowIfNull(source);
        ThrowIfDisposed();
        return new OutputLayout(source, _options, Classes, _columns);
    }

    /// <summary>Gathers decoded images for <see cref="Score"/>; may run on another thread.</summary>
    internal PackedImages Pack(IReadOnlyList<HostImage> images) => _scorer.Pack(images);

    /// <summary>Class probabilities of images, in their order. Waits until the device has room.</summary>
    internal Probabilities Score(PackedImages images, TaskHint? hint = null) => _gate.Run(() => Use(() => _scorer.Score(images, hint)));

    /// <summary>Does something with the model's tensors, which are not freed meanwhile.</summary>
    private T Use<T>(Func<T> action)
    {
        ObjectDisposedException.ThrowIf(!_uses.TryEnter(), this);
        try
        {
            return action();
        }
        finally
        {
            _uses.Leave();
        }
    }

    internal void WarnOfUnknownLabels(LabelMapping labels)
    {
        if (labels.UnknownRows == 0) return;
        // With a seed given, no number is drawn from the context: a warning must not change what is random later.
        IHost host = ((IHostEnvironment)_mlContext).Register(nameof(ContinualTransformer), seed: 0);
        using IChannel channel = host.Start("Scoring");
        string some = string.Join(", ", labels.UnknownValues.Take(5).Select(value => string.Create(CultureInfo.InvariantCulture, $"'{value}'")));
        channel.Warning(MessageSensitivity.None,
            $"{labels.UnknownRows} rows carry {labels.UnknownValues.Count} labels that were never learned ({some}{(labels.UnknownValues.Count > 5 ? ", …" : "")}); their label is missing (0) in the scored view, and Evaluate leaves them out.");
    }

    internal void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_uses.IsEnded, this);
}
