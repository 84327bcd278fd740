using System.Text.Json;
using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Backbones.Clip;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.ClipDeepPrompt;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Tasks;
using Microsoft.ML.Continual.Testing.Golden;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Pgp.Tests.Golden;

/// <summary>The released code of CLIP-NSP² over several tasks, with its refinement of the projection, against <see cref="ClipDeepPromptMethod"/> and <see cref="NullSpaceProjection"/>.</summary>
[TestClass, TestCategory("Golden")]
public sealed class ClipNullSpaceGoldenTests
{
    public static IEnumerable<object[]> Cases => GoldenFolder.Rows("nsp2-clip-");

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
        private readonly ClipModel _clip;
        private readonly ClipDeepPromptOptions _options;
        private readonly ClipDeepPromptMethod _method;
        private readonly string[] _names;   // by the case's class
        private readonly ClassRegistry _labels = new();

        public Run(GoldenCase golden) : base(golden, 1e-5)
        {
            JsonElement text = golden.Root.GetProperty("text");
            _names = Texts(text, "classes");
            string[] templates = Texts(text, "templates");
            _clip = Model(golden, new CaseTokenizer(golden, _names, templates));
            _options = new ClipDeepPromptOptions
            {
                Backbone = _clip, PromptLength = golden.Int("prompt_len"), FirstBlock = FirstBlock, BlockCount = BlockCount, Temperature = golden.Number("temperature"), Templates = templates,
                RefinementEpochs = golden.Int("refine_epochs"), RefinementSamples = golden.Int("refine_ns"),
            };
            Configure(_options);
            _method = (ClipDeepPromptMethod)_options.CreateMethod(new SeededRandom(1));
            using IDisposable frozen = no_grad();
            _method.Head.Bias.copy_(golden["init.head.bias"]);
            golden.Check("text.features", ClassTexts.Features(_clip, _names, templates));
        }

        protected override MethodOptions Options => _options;

        protected override ContinualMethod Method => _method;

        public override void Dispose()
        {
            base.Dispose();
            _clip.Dispose();
        }

        protected override MethodTask Task(int index, IReadOnlyList<int> classes, int classCount, int imageCount)
        {
            foreach (int c in classes) _labels.Add(_names[ClassOrder[c]]);
            return new(index, classes, classCount, imageCount, new SeededRandom(index)) { Labels = _labels.Clone().Freeze() };
        }

        protected override Tensor Forward(Tensor images, BlockEdits edits) => _clip.Image.Forward(_clip.Image.Embed(images), edits);

        protected override void CheckOutputs(Tensor images, IReadOnlyDictionary<int, Tensor> prompts)
        {
            Tensor features = ClipDeepPromptMethod.Features(_clip, images, prompts);
            Golden.Check("forward.features", features);
            Tensor embedded = ClassTexts.Unit(nn.functional.linear(features, _method.Head.Weight, _method.Head.Bias));
            Golden.Check("forward.logits", (embedded * Parameter("logit_scale").exp()).mm(_method.Texts.t()));
        }

        protected override void Conclude(int task, Tensor images, Tensor labels)
        {
            string prefix = $"t{task}.";
            var losses = new List<float>();
            _method.Refiner = new HeadRefiner(_options)
            {
                Normals = epoch => Golden[prefix + "refine.z"].select(0, epoch),
                Order = epoch => [.. Golden[prefix + "refine.order"].select(0, epoch).contiguous().data<long>().ToArray().Select(i => (int)i)],
                Drawn = (epoch, features) => Golden.Check($"{prefix}refine.samples{epoch}", features),
                Stepped = loss => losses.Add(loss.item<float>()),
            };
            int batch = Golden.Int("eval_batch_size");
            _method.Conclude(new FinishedTask((int)images.shape[0],
                _ => images.split(batch).Zip(labels.split(batch), (x, y) => new ImageBatch(x, y, [.. Enumerable.Range(0, (int)x.shape[0])], true)), new SeededRandom(task), Console.WriteLine));
            ClassStatistics statistics = _method.Statistics;
            Golden.Check(prefix + "classstat.mean", stack(Enumerable.Range(0, statistics.Count).Select(statistics.Mean).ToList()));
            Golden.Check(prefix + "classstat.cov", stack(Enumerable.Range(0, statistics.Count).Select(c => statistics.Factor(c).mm(statistics.Factor(c).t())).ToList()));
            Golden.Check(prefix + "refine.loss", tensor(losses.ToArray()));
            Golden.Check(prefix + "refine.head.weight", _method.Head.Weight);
            Golden.Check(prefix + "refine.head.bias", _method.Head.Bias);
        }

        private static string[] Texts(JsonElement text, string key) => [.. text.GetProperty(key).EnumerateArray().Select(t => t.GetString()!)];

        // The case has timm's names for the image tower and OpenAI's for the text tower.
        private static ClipModel Model(GoldenCase golden, ITextTokenizer tokenizer)
        {
            Dictionary<string, Tensor> tensors = golden.Named("text.init."), visual = golden.Named("init.");
            tensors["logit_scale"] = visual["logit_scale"];
            tensors["visual.class_embedding"] = visual["cls_token"].reshape(-1);
            tensors["visual.positional_embedding"] = visual["pos_embed"].squeeze(0);
            tensors["visual.conv1.weight"] = visual["patch_embed.proj.weight"];
            tensors["visual.proj"] = visual["head.weight"].t();
            foreach (string part in new[] { "weight", "bias" })
            {
                tensors["visual.ln_pre." + part] = visual["norm_pre." + part];
                tensors["visual.ln_post." + part] = visual["norm." + part];
                for (int i = 0; i < golden.Int("depth"); i++)
                {
                    string block = $"visual.transformer.resblocks.{i}.", from = $"blocks.{i}.";
                    tensors[block + "ln_1." + part] = visual[from + "norm1." + part];
                    tensors[block + "attn.in_proj_" + part] = visual[from + "attn.qkv." + part];
                    tensors[block + "attn.out_proj." + part] = visual[from + "attn.proj." + part];
                    tensors[block + "ln_2." + part] = visual[from + "norm2." + part];
                    tensors[block + "mlp.c_fc." + part] = visual[from + "mlp.fc1." + part];
                    tensors[block + "mlp.c_proj." + part] = visual[from + "mlp.fc2." + part];
                }
            }
            ClipConfig config = ClipConfig.Infer(tensors.ToDictionary(t => t.Key, t => t.Value.shape, StringComparer.Ordinal), golden.Int("heads"), golden.Int("text_heads"));
            return ClipModel.FromTensors(tensors, config, tokenizer: tokenizer);
        }
    }

    /// <summary>Knows the texts of the case and the ids that the case gives them.</summary>
    private sealed class CaseTokenizer : ITextTokenizer
    {
        private readonly Dictionary<string, int[]> _ids = new(StringComparer.Ordinal);

        public CaseTokenizer(GoldenCase golden, string[] names, string[] templates)
        {
            int length = (int)golden["text.tokens"].shape[1];
            int[][] rows = [.. golden.Longs("text.tokens").Select(id => (int)id).Chunk(length)];
            VocabularySize = (int)golden["text.init.token_embedding.weight"].shape[0];
            for (int c = 0; c < names.Length; c++)
                for (int t = 0; t < templates.Length; t++)
                {
                    int[] row = rows[c * templates.Length + t];
                    _ids[templates[t].Replace("{}", names[c], StringComparison.Ordinal)] = row[..(Array.IndexOf(row, VocabularySize - 1) + 1)];
                }
        }

        public int VocabularySize { get; }

        public IReadOnlyList<int> Encode(string text) => _ids[text];
    }
}
