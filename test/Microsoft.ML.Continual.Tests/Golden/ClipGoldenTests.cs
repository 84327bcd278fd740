using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Backbones.Clip;
using Microsoft.ML.Continual.Testing.Golden;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Golden;

[TestClass, TestCategory("Golden")]
public sealed class ClipGoldenTests
{
    public static IEnumerable<object[]> Cases => GoldenFolder.Rows("clip-");

    [TestMethod, DynamicData(nameof(Cases))]
    public void Clip_matches_the_published_code(string name)
    {
        using GoldenCase golden = GoldenCase.Open(name);
        using DisposeScope scope = NewDisposeScope();
        using ClipModel clip = ClipGolden.MakeModel(golden);
        Assert.AreEqual(golden.Number("logit_scale"), Math.Log(clip.LogitScale), 1e-6);
        Tensor images = golden["images"], ids = golden["tokenized"];

        golden.Check("image.embed", clip.Image.Embed(images));
        CheckTower("image", null);
        CheckTower("prompted", golden["image_prompt"]);
        Tensor texts = clip.Text.Forward(ids, null, new BlockEdits { Capture = block => golden.Check($"text.block{block.Block}", block.Output) });
        golden.Check("text.features", texts);
        Tensor cosines = Unit(clip.EncodeImages(images)).mm(Unit(texts).t());
        golden.Check("logits_per_image", cosines * clip.LogitScale);
        golden.Finish();

        void CheckTower(string tower, Tensor? prompt)
        {
            clip.Image.Forward(clip.Image.Embed(images), new BlockEdits
            {
                InputTokens = prompt,
                Output = OutputTokens.All,
                Capture = block => golden.Check($"{tower}.block{block.Block}", block.Output),
            });
            golden.Check($"{tower}.features", clip.EncodeImages(images, new BlockEdits { InputTokens = prompt }));
        }

        static Tensor Unit(Tensor v) => v / v.square().sum(-1, true).sqrt();
    }
}
