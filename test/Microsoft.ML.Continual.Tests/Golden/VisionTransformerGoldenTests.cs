using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Testing.Golden;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Golden;

[TestClass, TestCategory("Golden")]
public sealed class VisionTransformerGoldenTests
{
    public static IEnumerable<object[]> Cases => GoldenFolder.Rows("vit-");

    [TestMethod, DynamicData(nameof(Cases))]
    public void VisionTransformer_matches_timm(string name)
    {
        using GoldenCase golden = GoldenCase.Open(name);
        using DisposeScope scope = NewDisposeScope();
        Dictionary<string, Tensor> weights = golden.Named("backbone.");
        using VisionTransformer backbone = L2PGoldenRun.MakeBackbone(golden);
        Tensor images = golden["images"];

        Tensor patches = backbone.EmbedPatches(images);
        golden.Check("patch_embed", patches);
        golden.Check("norm", backbone.ForwardPatches(patches, new BlockEdits
        {
            Output = OutputTokens.All,
            Capture = block =>
            {
                if (block.Block == 0) golden.Check("tokens_in", block.Input);
                golden.Check($"block{block.Block}.attn", block.Attention);
                golden.Check($"block{block.Block}.mlp", block.Mlp);
                golden.Check($"block{block.Block}", block.Output);
            },
        }));
        Tensor feature = backbone.ClassFeature(images);
        golden.Check("cls_feature", feature);
        golden.Check("logits", nn.functional.linear(feature, weights["head.weight"], weights["head.bias"]));
        if (golden.Wants("pos_resized_prompts")) golden.Check("pos_resized_prompts", PositionsOf(backbone, weights, (int)golden["pos_resized_prompts"].shape[1] - 1 - backbone.Config.PatchCount));
        if (golden.Wants("pos_resized_grid"))
        {
            int grid = golden.Int("new_grid");
            using VisionTransformer larger = VisionTransformer.FromTensors(weights, backbone.Config with { ImageSize = grid * backbone.Config.PatchSize });
            // The published code puts further copies of the class position before the grid.
            golden.Check("pos_resized_grid", PositionsOf(larger, weights, (int)golden["pos_resized_grid"].shape[1] - 1 - grid * grid));
        }
        golden.Finish();
    }

    /// <summary>What the forward pass adds to tokens, read off its first block's input when patches and inserted tokens are zero.</summary>
    private static Tensor PositionsOf(VisionTransformer backbone, Dictionary<string, Tensor> weights, int inserted)
    {
        Tensor? positions = null;
        backbone.ForwardPatches(zeros(1, backbone.Config.PatchCount, backbone.Width), new BlockEdits
        {
            InputTokens = inserted == 0 ? null : zeros(inserted, backbone.Width),
            Capture = block =>
            {
                if (block.Block == 0) positions = block.Input.clone().DetachFromDisposeScope();
            },
        });
        positions!.narrow(1, 0, 1).sub_(weights["cls_token"]);
        return positions;
    }
}
