using System.Globalization;
using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Backbones.Clip;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods.ClipPrompt;
using Microsoft.ML.Continual.Methods.DeepPrompt;
using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.ClipDeepPrompt;

/// <summary>CLIP with deep visual prompts and a refined projection; see <see cref="ClipDeepPromptOptions"/>.</summary>
/// <remarks>
/// Sites: as of <see cref="DeepPromptMethod"/>, in the image tower. In the shape comments B is images, C classes known, K classes of the task, D width, E embedding width.
/// </remarks>
public sealed class ClipDeepPromptMethod : ContinualMethod
{
    private readonly ClipDeepPromptOptions _options;
    private readonly ClipModel _clip;
    private readonly DeepPrompts _prompts;
    private readonly Parameter _scale;                     // the logarithm of the factor of cosines, a scalar
    private readonly Tensor _headWeight, _headBias;        // [E, D], [E]
    private readonly ClassStatistics _statistics;
    private Tensor _texts;                                 // [C, E] of unit length
    private Tensor? _classes, _places;                     // of the task in training: its class indices [K], by class the place among them [C]
    private int[] _taskClasses = [];

    internal ClipDeepPromptMethod(ClipDeepPromptOptions options, SeededRandom random)
    {
        _options = options;
        _clip = (ClipModel)options.Backbone!;
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        _prompts = new DeepPrompts(PromptedTower.Of(_clip), options.FirstBlock, options.BlockCount ?? _clip.Config.Depth - options.FirstBlock, options.PromptLength, options.InitialRange, random);
        _scale = TrainableTensor.Create(tensor((float)Math.Log(_clip.LogitScale)), _clip.Device);
        _headWeight = TrainableTensor.Freeze(_clip.Image.Projection.t().to(ScalarType.Float32).contiguous());
        _headBias = zeros(new long[] { _clip.Config.EmbedWidth }, ScalarType.Float32, _clip.Device).DetachFromDisposeScope();
        _texts = zeros(new long[] { 0, _clip.Config.EmbedWidth }, ScalarType.Float32, _clip.Device).DetachFromDisposeScope();
        _statistics = new ClassStatistics(_clip.Width);
    }

    /// <inheritdoc/>
    public override string Name => "CLIP-VPT";

    /// <inheritdoc/>
    public override Backbone Backbone => _clip;

    /// <inheritdoc/>
    public override int ClassCount => (int)_texts.shape[0];

    /// <inheritdoc/>
    public override IReadOnlyList<TrainableParameter> Parameters => _options.TrainLogitScale ? [.. _prompts.Parameters, new("logit_scale", _scale)] : [.. _prompts.Parameters];

    /// <inheritdoc/>
    public override IReadOnlyList<ProjectionSite> Sites => _prompts.Sites;

    /// <summary>[C, E]; for tests.</summary>
    internal Tensor Texts => _texts;

    /// <summary>[E, D] and [E]; for tests.</summary>
    internal (Tensor Weight, Tensor Bias) Head => (_headWeight, _headBias);

    internal ClassStatistics Statistics => _statistics;

    /// <summary>Refines the projection; tests put in their own draws.</summary>
    internal HeadRefiner? Refiner { get; set; }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">A class has no name, or one of its texts is longer than the text tower takes; the message names it.</exception>
    public override void BeginTask(MethodTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        int known = ClassCount;
        if (task.ClassCount < known || task.Classes.Count == 0 || task.Classes.Any(c => c < 0 || c >= task.ClassCount) || !Enumerable.Range(known, task.ClassCount - known).All(task.Classes.Contains))
            throw new ArgumentException($"The task's classes must be some of 0 … {task.ClassCount - 1} with all from {known} on; found {string.Join(", ", task.Classes)}.", nameof(task));
        EndTask();
        using DisposeScope scope = NewDisposeScope();
        if (task.ClassCount > known)
        {
            IReadOnlyList<string> names = ClipTexts.NamesOf(task, _options.ClassNames);
            // In the order of the class indices.
            string[] added = [.. task.Classes.Zip(names).Where(c => c.First >= known).OrderBy(c => c.First).Select(c => c.Second)];
            ReplaceTexts(cat([_texts, ClassTexts.Features(_clip, added, _options.Templates)], 0));
        }
        _taskClasses = [.. task.Classes.Order()];
        long[] places = new long[task.ClassCount];
        for (int i = 0; i < _taskClasses.Length; i++) places[_taskClasses[i]] = i;
        _classes = tensor((IList<long>)[.. _taskClasses.Select(c => (long)c)], new long[] { _taskClasses.Length }).to(_clip.Device).DetachFromDisposeScope();
        _places = tensor((IList<long>)places, new long[] { places.Length }).to(_clip.Device).DetachFromDisposeScope();
    }

    /// <inheritdoc/>
    public override LossTerms ComputeLoss(ImageBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (_classes is null) throw new InvalidOperationException("The method is in no task: BeginTask comes before ComputeLoss.");
        using DisposeScope scope = NewDisposeScope();
        Tensor embedded = ClassTexts.Unit(nn.functional.linear(Features(_clip, batch.Images, _prompts.ByBlock), _headWeight, _headBias));   // [B, D] -> [B, E]
        Tensor logits = (embedded * _scale.exp()).mm(_texts.index_select(0, _classes).t());                                                // [B, K]
        Tensor loss = nn.functional.cross_entropy(_options.Temperature == 1 ? logits : logits / _options.Temperature, _places!.index_select(0, batch.Labels));
        Tensor all = full(new long[] { logits.shape[0], ClassCount }, double.NegativeInfinity, logits.dtype, logits.device).index_copy_(1, _classes, logits.detach());
        return new LossTerms(loss.MoveToOuterDisposeScope(), loss.detach().MoveToOuterDisposeScope(), all.MoveToOuterDisposeScope());
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">Features are not finite.</exception>
    public override void Conclude(FinishedTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        if (!_options.RefineHead) return;
        Gather(task);
        using DisposeScope scope = NewDisposeScope();
        using Parameter weight = TrainableTensor.Create(_headWeight, _clip.Device), bias = TrainableTensor.Create(_headBias, _clip.Device);
        double loss = (Refiner ?? new HeadRefiner(_options)).Refine(weight, bias, _texts, _scale.detach().exp(), _statistics, task.Random);
        using IDisposable frozen = no_grad();
        _headWeight.copy_(weight);
        _headBias.copy_(bias);
        task.Log(string.Create(CultureInfo.InvariantCulture, $"{Name}: projection refined on drawn features of {_statistics.Count} classes, loss {loss:0.0000}"));
    }

    /// <inheritdoc/>
    public override void EndTask()
    {
        _classes?.Dispose();
        _places?.Dispose();
        (_classes, _places) = (null, null);
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Tensor> CollectActivations(Tensor images, IReadOnlyCollection<string> sites)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(sites);
        return _prompts.Collect(images, sites);
    }

    /// <inheritdoc/>
    public override IScorer CreateScorer()
    {
        using DisposeScope scope = NewDisposeScope();
        return new ClipDeepPromptScorer(_clip, _prompts.Freeze(), TrainableTensor.Freeze(_headWeight), TrainableTensor.Freeze(_headBias), TrainableTensor.Freeze(_scale.detach().exp()), TrainableTensor.Freeze(_texts));
    }

    /// <inheritdoc/>
    public override void SaveState(StateDictionary state)
    {
        MarkOwn(state);
        _prompts.SaveState(state);
        state.Add("logit_scale", _scale);
        state.Add("head.weight", _headWeight);
        state.Add("head.bias", _headBias);
        state.Add("texts", _texts);
        _statistics.SaveState(state);
    }

    /// <inheritdoc/>
    public override void LoadState(StateDictionary state)
    {
        RequireOwn(state);
        _prompts.CheckState(state);
        long embed = _clip.Config.EmbedWidth;
        Tensor scale = state.Get("logit_scale"), weight = state.Get("head.weight", embed, _clip.Width), bias = state.Get("head.bias", embed), texts = state.Get("texts", -1, embed);
        int remembered = state.Contains("statistics.mean") ? (int)texts.shape[0] : 0;
        if (_options.RefineHead && remembered == 0 && texts.shape[0] > 0)
            throw new InvalidDataException($"The state has no statistics of its {texts.shape[0]} classes, which {nameof(ClipDeepPromptOptions.RefineHead)} needs: it was trained without.");
        _statistics.CheckState(state, remembered);
        EndTask();
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        _prompts.LoadState(state);
        _scale.copy_(scale);
        _headWeight.copy_(weight);
        _headBias.copy_(bias);
        ReplaceTexts(texts.to(ScalarType.Float32).to(_clip.Device, copy: true));
        _statistics.LoadState(state, remembered);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        EndTask();
        _prompts.Dispose();
        _statistics.Dispose();
        foreach (Tensor tensor in new[] { _scale, _headWeight, _headBias, _texts }) tensor.Dispose();
    }

    /// <summary>[B, 3, S, S] -> [B, D] float32: the class token after the final norm and before the projection, with prompts in their blocks.</summary>
    internal static Tensor Features(ClipModel clip, Tensor images, IReadOnlyDictionary<int, Tensor> prompts)
    {
        using DisposeScope scope = NewDisposeScope();
        return clip.Image.Forward(clip.Image.Embed(images), new BlockEdits { ContextTokens = prompts }).AverageTokens().MoveToOuterDisposeScope();
    }

    // One pass over the task's images: Σ f and Σ fᵀf of each class, on the device, in float64.
    private void Gather(FinishedTask task)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        var sums = new SortedDictionary<int, (long Count, Tensor Sum, Tensor Products)>();
        foreach (ImageBatch batch in task.SampleImages(task.ImageCount))
        {
            using DisposeScope inner = NewDisposeScope();
            Tensor features = Features(_clip, batch.Images, _prompts.ByBlock).to(ScalarType.Float64);   // [B, D]
            long[] labels = batch.Labels.cpu().data<long>().ToArray();
            foreach (IGrouping<long, (long Label, long Row)> rows in labels.Select((label, row) => (label, (long)row)).GroupBy(r => r.label))
            {
                Tensor own = features.index_select(0, tensor((IList<long>)[.. rows.Select(r => r.Row)], new long[] { rows.Count() }).to(_clip.Device));   // [n, D]
                (Tensor sum, Tensor products) = (own.sum(dim: 0), own.t().mm(own));
                int label = (int)rows.Key;
                if (sums.TryGetValue(label, out var before)) (before.Sum, before.Products) = (before.Sum.add_(sum), before.Products.add_(products));
                else before = (0, sum.MoveToOuterDisposeScope(), products.MoveToOuterDisposeScope());
                sums[label] = (before.Count + own.shape[0], before.Sum, before.Products);
            }
        }
        foreach ((int label, (_, _, Tensor products)) in sums)
            if (!products.isfinite().all().item<bool>()) throw new InvalidOperationException($"The features of class {label} hold NaN or infinite values; nothing was learned from them.");
        foreach ((int label, (long count, Tensor sum, Tensor products)) in sums) _statistics.Add(label, count, sum, products);
    }

    private void ReplaceTexts(Tensor texts)
    {
        _texts.Dispose();
        _texts = texts.DetachFromDisposeScope();
    }
}
