using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.Peft;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Testing.Golden;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Pgp.Tests.Golden;

/// <summary>The published part of PEGP with prefixes: one forward and backward pass and the projection of the keys.</summary>
[TestClass, TestCategory("Golden")]
public sealed class PegpPrefixGoldenTests
{
    public static IEnumerable<object[]> Cases => GoldenFolder.Rows("pegp-prefix-");

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void Prefixes_with_PEGP_equal_the_released_code(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using GoldenCase golden = GoldenCase.Open(name);
        using VisionTransformer backbone = PegpGolden.Backbone(golden);
        int[] blocks = golden.Ints("adapt_blocks");
        var options = new PrefixOptions
        {
            Backbone = backbone, Length = golden.Int("prefix_length"), Blocks = blocks, LearnableScale = true,
            Compensation = golden.Flag("compensatory") ? PrefixCompensation.ReleasedCode : PrefixCompensation.None,
        };
        using var method = (PeftMethod)options.CreateMethod(new SeededRandom(1));
        Tensor head = golden["init.head.classifiers.0.weight"], images = golden["images"];
        int classes = (int)head.shape[0];
        method.BeginTask(new MethodTask(0, [.. Enumerable.Range(0, classes)], classes, (int)images.shape[0], new SeededRandom(2)));
        PegpGolden.Load(golden, method, "init.");
        using (no_grad())
        {
            method.Parameters.Single(p => p.Name == "head.weight").Value.copy_(head);
            method.Parameters.Single(p => p.Name == "head.bias").Value.copy_(golden["init.head.classifiers.0.bias"]);
        }
        LossTerms loss = method.ComputeLoss(new ImageBatch(images, golden["labels"], [.. Enumerable.Range(0, (int)images.shape[0])], false));
        golden.Check("logits", loss.Logits);
        golden.Check("loss", loss.Total);
        loss.Total.backward();
        foreach (TrainableParameter p in PegpGolden.Tuned(method)) golden.Check("grad." + p.Name["pets.".Length..], p.Value.grad!);

        SubspaceBasis basis = SubspaceBasis.Empty(backbone.Width).Grow(PegpGolden.ToMatrix(golden["projector"]), new SubspaceRule(1, Tolerance: 1e-2)).Basis;   // the given projector is float32
        foreach (ProjectionSite site in method.Sites.Where(s => s.Role == SiteRole.KeyPrefix))
        {
            using var projector = new DeviceProjector(basis, site.Parameter);
            projector.ProjectGradient(site, null);
            golden.Check("projected." + method.Parameters.Single(p => ReferenceEquals(p.Value, site.Parameter)).Name["pets.".Length..], site.Parameter.grad!);
        }
        CheckKeys(golden, backbone, method, blocks);
        golden.Finish();
    }

    // The code collects keys, with the prefixes before them in place; the paper's condition, and the method's sites, ask for queries.
    private static void CheckKeys(GoldenCase golden, VisionTransformer backbone, PeftMethod method, int[] blocks)
    {
        using IDisposable frozen = no_grad();
        Tensor Value(int i, string part) => method.Parameters.Single(p => p.Name == $"pets.{i}.{part}").Value;
        Dictionary<int, AttentionPrefix> prefixes = Enumerable.Range(0, blocks.Length).ToDictionary(i => blocks[i], i =>
            new AttentionPrefix(Value(i, "key.tokens") * Value(i, "key.scaler.scale"), Value(i, "val.tokens") * Value(i, "val.scaler.scale")) { CompensatedFrom = golden.Flag("compensatory") ? 1 : null });
        backbone.Forward(golden["images"], new BlockEdits
        {
            Prefixes = prefixes,
            CaptureAttention = attention =>
            {
                Tensor keys = attention.Keys.narrow(2, attention.PrefixLength, attention.Keys.shape[2] - attention.PrefixLength);
                golden.Check($"block{attention.Block}.key_input", keys.transpose(1, 2).flatten(2));   // [B, H, T, d] -> [B, T, D]
            },
        });
    }
}
