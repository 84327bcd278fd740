using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.DeepPrompt;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Testing.Golden;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Pgp.Tests.Golden;

/// <summary>The released code of VPT-NSP² over several tasks, against <see cref="DeepPromptMethod"/> and <see cref="NullSpaceProjection"/> with the Reference preset.</summary>
[TestClass, TestCategory("Golden")]
public sealed class NullSpaceGoldenTests
{
    public static IEnumerable<object[]> Cases => GoldenFolder.Rows("nsp2-");

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void A_run_over_tasks_equals_the_released_code(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using GoldenCase golden = GoldenCase.Open(name);
        using var run = new Run(golden);
        run.All();
        golden.Finish();
    }

    private sealed class Run : NullSpaceGoldenRun
    {
        private readonly VisionTransformer _backbone;

        public Run(GoldenCase golden) : base(golden, 1e-6)
        {
            int dim = golden.Int("dim");
            _backbone = VisionTransformer.FromTensors(golden.Named("init."),
                new VisionTransformerConfig(golden.Int("image"), golden.Int("patch"), dim, golden.Int("depth"), golden.Int("heads"), (int)(golden.Number("mlp_ratio") * dim)), CPU);
            var options = new DeepPromptOptions
            {
                Backbone = _backbone, PromptLength = golden.Int("prompt_len"), FirstBlock = FirstBlock, BlockCount = BlockCount, Temperature = golden.Number("temperature"),
                HeadInitialization = HeadInitialization.ReleasedCode,
            };
            Configure(options);
            (Options, Method) = (options, options.CreateMethod(new SeededRandom(1)));
        }

        protected override MethodOptions Options { get; }

        protected override ContinualMethod Method { get; }

        public override void Dispose()
        {
            base.Dispose();
            _backbone.Dispose();
        }

        protected override MethodTask Task(int index, IReadOnlyList<int> classes, int classCount, int imageCount) => new(index, classes, classCount, imageCount, new SeededRandom(index));

        protected override Tensor Forward(Tensor images, BlockEdits edits) => _backbone.Forward(images, edits);

        protected override void CheckOutputs(Tensor images, IReadOnlyDictionary<int, Tensor> prompts)
        {
            Tensor features = DeepPromptMethod.Features(_backbone, images, prompts);
            Golden.Check("forward.features", features);
            Golden.Check("forward.logits", nn.functional.linear(features, Parameter("head.weight"), Parameter("head.bias")));
        }
    }
}
