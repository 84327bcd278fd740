using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.DualPrompt;
using Microsoft.ML.Continual.Methods.L2P;
using Microsoft.ML.Continual.Methods.VisualPrompt;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Tasks;
using Microsoft.ML.Continual.Training;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual;

/// <summary>All that the library offers, as <c>mlContext.Continual()</c>.</summary>
public sealed partial class ContinualCatalog
{
    private readonly MLContext _mlContext;

    internal ContinualCatalog(MLContext mlContext) => _mlContext = mlContext;

    /// <summary>
    /// Reads a vision transformer onto the device that <see cref="MLContext.GpuDeviceId"/> and <see cref="MLContext.FallbackToCpu"/> ask for: the CPU unless a GPU is named.
    /// </summary>
    /// <param name="path">
    /// The checkpoint: safetensors, <c>.npz</c> (Google's ImageNet-21k, augreg and SAM files), <c>.pt</c> or <c>.pth</c> by <c>torch.save</c> (timm, DeiT, DINO), or a TorchScript archive, with
    /// the tensor names of timm, Google or Hugging Face. Its content tells the format; nothing in it is executed.
    /// </param>
    /// <param name="imageSize">The side of the images, in pixels; null takes the file's metadata, else the checkpoint's own size.</param>
    /// <param name="heads">The number of attention heads; null takes the file's metadata, else what Google's shapes tell, else one head for every 64 channels.</param>
    /// <param name="computeType">float32 or bfloat16; null is float32 on the CPU and bfloat16 on a GPU.</param>
    /// <param name="normalization">The normalisation of the pixels; null takes the file's metadata, else none.</param>
    /// <returns>The backbone, for any number of trainers; the caller disposes it after them.</returns>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is damaged, is of another format or holds another architecture; the message names the tensors.</exception>
    /// <exception cref="ArgumentException">An argument does not fit the checkpoint.</exception>
    /// <exception cref="InvalidOperationException">There is no native libtorch; or a GPU is asked for, is not there, and falling back is not allowed.</exception>
    public VisionTransformer LoadVisionTransformer(
        string path, int? imageSize = null, int? heads = null, ScalarType? computeType = null, ImageNormalization? normalization = null) =>
        VisionTransformer.Load(path, TorchDevice.Choose(_mlContext), imageSize, heads, computeType, normalization);

    /// <summary>Learning to Prompt (L2P, CVPR 2022) with its usual settings.</summary>
    /// <param name="backbone">The frozen network.</param>
    /// <param name="labelColumnName">The column of labels: a key, text or a number.</param>
    /// <param name="imageColumnName">The column of images.</param>
    /// <param name="epochs">Passes over a task's images.</param>
    /// <param name="batchSize">Images a training step.</param>
    /// <param name="learningRate">The base learning rate, used as <c>learningRate · batchSize / 256</c>.</param>
    /// <returns>A trainer that has learned nothing yet.</returns>
    /// <exception cref="ArgumentException">An argument is out of range; the message names the option.</exception>
    public ContinualTrainer PromptTuning(
        VisionTransformer backbone, string labelColumnName = "Label", string imageColumnName = "Image", int epochs = 5, int batchSize = 16, double learningRate = 0.03) =>
        PromptTuning(new L2POptions
        {
            Backbone = backbone,
            LabelColumnName = labelColumnName,
            ImageColumnName = imageColumnName,
            Epochs = epochs,
            BatchSize = batchSize,
            LearningRate = learningRate,
        });

    /// <summary>Learning to Prompt (L2P, CVPR 2022): a pool of prompts, of which each image uses those whose keys are nearest.</summary>
    /// <returns>A trainer that has learned nothing yet.</returns>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    public ContinualTrainer PromptTuning(L2POptions options) => Trainer(options);

    /// <summary>DualPrompt (ECCV 2022): G-prompts shared by all tasks in early blocks, and E-prompts of which each task trains its own.</summary>
    /// <returns>A trainer that has learned nothing yet.</returns>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    public ContinualTrainer PromptTuning(DualPromptOptions options) => Trainer(options);

    /// <summary>Visual prompt tuning: the same few prompts for every image and task, without a pool. The plain baseline that forgets.</summary>
    /// <returns>A trainer that has learned nothing yet.</returns>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    public ContinualTrainer PromptTuning(VisualPromptOptions options) => Trainer(options);

    /// <summary>A trainer of any method, your own among them, from its options.</summary>
    /// <returns>A trainer that has learned nothing yet.</returns>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    /// <exception cref="InvalidOperationException">The native libtorch cannot be loaded.</exception>
    public ContinualTrainer Trainer(MethodOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        NativeLibtorch.Require();
        return new ContinualTrainer(_mlContext, options);
    }

    /// <summary>Splits a data set by label value into tasks of equally many classes; the first tasks take one more where the number does not divide evenly.</summary>
    /// <param name="train">The training rows of all classes.</param>
    /// <param name="test">The test rows of all classes, or null.</param>
    /// <param name="taskCount">The number of tasks.</param>
    /// <param name="labelColumnName">The label column: a key, text or a number.</param>
    /// <param name="order">The order of the classes; null is <see cref="ClassOrder.Sorted"/>.</param>
    /// <exception cref="ArgumentException">A column is missing or of another type, or there are fewer classes than tasks.</exception>
    /// <exception cref="InvalidDataException">There is no training row, or one has no label.</exception>
    public TaskSequence SplitByClass(IDataView train, IDataView? test, int taskCount, string labelColumnName = "Label", ClassOrder? order = null) =>
        ClassSplit.SplitByClass(_mlContext, train, test, taskCount, labelColumnName, order);

    /// <summary>Splits a data set by label value into tasks of given sizes.</summary>
    /// <param name="train">The training rows of all classes.</param>
    /// <param name="test">The test rows of all classes, or null.</param>
    /// <param name="classesPerTask">The number of classes of each task; together all classes.</param>
    /// <param name="labelColumnName">The label column: a key, text or a number.</param>
    /// <param name="order">The order of the classes; null is <see cref="ClassOrder.Sorted"/>.</param>
    /// <exception cref="ArgumentException">A column is missing or of another type, or the sizes do not add up to the number of classes.</exception>
    /// <exception cref="InvalidDataException">There is no training row, or one has no label.</exception>
    public TaskSequence SplitByClass(IDataView train, IDataView? test, IReadOnlyList<int> classesPerTask, string labelColumnName = "Label", ClassOrder? order = null) =>
        ClassSplit.SplitByClass(_mlContext, train, test, classesPerTask, labelColumnName, order);

    /// <summary>Splits a data set by domain: each value of a column, such as a style, a place or a year, is a task of that name, and tasks share their classes.</summary>
    /// <param name="train">The training rows of all domains.</param>
    /// <param name="test">The test rows of all domains, or null.</param>
    /// <param name="domainColumnName">The column that says which domain a row is of: a key, text or a number.</param>
    /// <param name="order">The order of the domains; null is <see cref="ClassOrder.Sorted"/>.</param>
    /// <exception cref="ArgumentException">A column is missing or of another type.</exception>
    /// <exception cref="InvalidDataException">There is no training row, or one has no domain.</exception>
    public TaskSequence SplitByDomain(IDataView train, IDataView? test, string domainColumnName, ClassOrder? order = null) =>
        DomainSplit.SplitByDomain(_mlContext, train, test, domainColumnName, order);

    /// <summary>
    /// A true stream: tasks of consecutive rows, in order. The view's cursor is opened once and each row is read once, so the rows may come from anywhere; memory holds
    /// one task's images at a time.
    /// </summary>
    /// <remarks>
    /// A task's rows can be read once: train with <see cref="MethodOptions.CacheImages"/>, which is the default. <see cref="MethodOptionsExtensions.UseOnline{TOptions}"/> sets
    /// all that online learning asks for. The tasks can be enumerated once, each after the one before is learned.
    /// </remarks>
    /// <param name="rows">The rows in the order in which they arrive. Classes may come back.</param>
    /// <param name="rowsPerTask">The rows of a task; the last may have fewer.</param>
    /// <param name="test">The test rows of every task, or null; <see cref="Run"/> needs them.</param>
    /// <exception cref="ArgumentOutOfRangeException">A task is to have less than one row.</exception>
    public TaskSequence Stream(IDataView rows, int rowsPerTask, IDataView? test = null) => TaskSequence.FromRows(rows, rowsPerTask, test);

    /// <summary>A sequence of given views, one for each task.</summary>
    /// <param name="train">The training views, in order.</param>
    /// <param name="test">The test views, one for each training view, or null.</param>
    /// <exception cref="ArgumentException">There is no view, or the numbers of views differ.</exception>
    public TaskSequence Sequence(IReadOnlyList<IDataView> train, IReadOnlyList<IDataView>? test = null) => TaskSequence.FromViews(train, test);

    /// <summary>A sequence of given tasks.</summary>
    /// <exception cref="ArgumentException">There is no task, or two have the same name.</exception>
    public TaskSequence Sequence(params IReadOnlyList<ContinualTask> tasks) => new(tasks);

    /// <summary>A stream of tasks whose future is unknown: each is asked for when the one before is done.</summary>
    public TaskSequence Sequence(IEnumerable<ContinualTask> tasks) => TaskSequence.FromStream(tasks);

    /// <summary>A stream of tasks that arrive in their own time.</summary>
    public TaskSequence Sequence(IAsyncEnumerable<ContinualTask> tasks) => TaskSequence.FromStream(tasks);
}
