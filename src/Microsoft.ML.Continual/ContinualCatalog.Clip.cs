using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Backbones.Clip;
using Microsoft.ML.Continual.Methods.ClipPrompt;
using Microsoft.ML.Continual.Training;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual;

public sealed partial class ContinualCatalog
{
    /// <summary>
    /// Reads a CLIP, and the vocabulary beside it, onto the device that <see cref="MLContext.GpuDeviceId"/> and <see cref="MLContext.FallbackToCpu"/> ask for: the CPU unless a GPU is named.
    /// </summary>
    /// <param name="path">
    /// The checkpoint: OpenAI's TorchScript archive (<c>ViT-B-16.pt</c>), a file by <c>torch.save</c> or a safetensors file, with the tensor names of OpenAI (also OpenCLIP's) or of Hugging Face's
    /// CLIPModel. Its content tells the format; nothing in it is executed.
    /// </param>
    /// <param name="imageSize">The side of the images, in pixels; null is the checkpoint's own.</param>
    /// <param name="heads">The number of attention heads of the image tower; null is one for every 64 channels.</param>
    /// <param name="textHeads">As <paramref name="heads"/>, of the text tower.</param>
    /// <param name="computeType">float32 or bfloat16; null is float32 on the CPU and bfloat16 on a GPU.</param>
    /// <param name="normalization">The normalisation of the pixels; null is <see cref="ImageNormalization.Clip"/>. CLIP-PGP's released code uses <see cref="ImageNormalization.Cifar100"/>.</param>
    /// <param name="vocabularyPath">
    /// OpenAI's <c>bpe_simple_vocab_16e6.txt.gz</c> or Hugging Face's <c>merges.txt</c> (with <c>vocab.json</c>), or a folder that holds one; null looks beside the checkpoint.
    /// </param>
    /// <param name="quickGelu">Whether the MLPs use x · σ(1.702 x), as OpenAI's weights want it; give false for weights that were trained with the exact GELU, as most of LAION's.</param>
    /// <returns>The backbone, for any number of trainers; the caller disposes it after them.</returns>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">A file is damaged, the checkpoint holds another architecture, or the vocabulary is of another size than the token embedding.</exception>
    /// <exception cref="ArgumentException">An argument does not fit the checkpoint.</exception>
    /// <exception cref="InvalidOperationException">There is no native libtorch; or a GPU is asked for, is not there, and falling back is not allowed.</exception>
    public ClipModel LoadClip(
        string path, int? imageSize = null, int? heads = null, int? textHeads = null, ScalarType? computeType = null, ImageNormalization? normalization = null,
        string? vocabularyPath = null, bool quickGelu = true) =>
        ClipModel.Load(path, TorchDevice.Choose(_mlContext), imageSize, heads, textHeads, computeType, normalization, vocabularyPath, quickGelu);

    /// <summary>CLIP with prompts on both sides (CLIP-PGP, ICLR 2024): an image prompt of all tasks and a text context of each. The label values are the class names.</summary>
    /// <returns>A trainer that has learned nothing yet.</returns>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    public ContinualTrainer PromptTuning(ClipPromptOptions options) => Trainer(options);
}
