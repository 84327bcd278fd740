using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Backbones.Clip;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.DeepPrompt;

/// <summary>What deep prompts need to know of the image tower they work in.</summary>
/// <param name="Width">D.</param>
/// <param name="Heads">H.</param>
/// <param name="Depth">The number of blocks.</param>
/// <param name="Device">Where the weights lie.</param>
/// <param name="NormEpsilon">ε of the layer norms.</param>
/// <param name="Block">The weights of a block.</param>
/// <param name="Forward">Images [B, 3, S, S] and edits to tokens [B, wanted, D] after the final norm.</param>
internal sealed record PromptedTower(int Width, int Heads, int Depth, Device Device, double NormEpsilon, Func<int, BlockWeights> Block, Func<Tensor, BlockEdits, Tensor> Forward)
{
    public static PromptedTower Of(VisionTransformer backbone) =>
        new(backbone.Width, backbone.Config.Heads, backbone.Config.Depth, backbone.Device, backbone.Epsilon, backbone.Block, (images, edits) => backbone.Forward(images, edits));

    public static PromptedTower Of(ClipModel clip) => new(
        clip.Width, clip.Config.Heads, clip.Config.Depth, clip.Device, ClipImageTower.NormEpsilon, clip.Image.Block, (images, edits) => clip.Image.Forward(clip.Image.Embed(images), edits));
}
