using System.Globalization;
using MathNet.Numerics.LinearAlgebra;
using Microsoft.ML.Continual.Backbones.Clip;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.ClipPrompt;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Tasks;
using Microsoft.ML.Continual.Testing.Golden;
using Microsoft.ML.Continual.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Pgp.Tests.Golden;

/// <summary>The released code of CLIP-PGP over several tasks, against <see cref="ClipPromptMethod"/> and <see cref="GradientProjection"/> with the preset for CLIP.</summary>
[TestClass, TestCategory("Golden")]
public sealed class ClipPgpGoldenTests
{
    public static IEnumerable<object[]> Cases => GoldenFolder.Rows("clip-pgp-");

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void A_run_over_tasks_equals_the_released_code(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using GoldenCase golden = GoldenCase.Open(name);
        new Run(golden).All();
        golden.Finish();
    }

    private sealed class Run(GoldenCase golden)
    {
        private const string PromptName = "image_prompt_pool.0.weight";

        private readonly int _perTask = golden.Int("per_task");
        private readonly ClassRegistry _labels = new();
        private readonly List<MemoryInspection> _inspections = [];
        private ClipPromptOptions _options = null!;
        private ClipPromptMethod _method = null!;
        private GradientProjection _projection = null!;

        public void All()
        {
            using ClipModel clip = ClipGolden.MakeModel(golden, new GivenIds(golden));
            CheckTemplates(clip);
            _options = MethodOptions(clip);
            using var method = (ClipPromptMethod)_options.CreateMethod(new SeededRandom(1));
            PgpOptions pgp = PgpOptions.ClipReference;
            (pgp.Energy, pgp.Components) = (golden.Number("threshold"), golden.Int("n_components"));
            using var projection = (GradientProjection)pgp.CreateConstraint();
            (_method, _projection) = (method, projection);
            projection.Attach(method);
            projection.MemoryMade = _inspections.Add;
            for (int task = 1; task <= golden.Int("tasks_run", golden.Int("tasks")); task++)
            {
                Train(task);
                Evaluate(task);
            }
        }

        // The released code's recipe, with the case's numbers.
        private ClipPromptOptions MethodOptions(ClipModel clip) => new ClipPromptOptions
        {
            Backbone = clip, ImagePromptLength = golden.Int("prompt_length"), ContextLength = golden.Int("n_ctx"), BatchSize = golden.Int("batch"), Epochs = golden.Int("epochs"),
            FirstTaskLearningRate = golden.Number("init_lr"), LearningRate = golden.Number("lr"), FirstTaskWeightDecay = golden.Number("init_wd"), WeightDecay = golden.Number("wd"),
        }.UseReleasedCode();

        private Tensor Parameter(string name) => _method.Parameters.Single(p => p.Name == name).Value;

        /// <summary>What the released code keeps as buffers are rows of the token embedding.</summary>
        private void CheckTemplates(ClipModel clip)
        {
            Tensor ids = golden["tokenized"], embedding = golden["clip.token_embedding.weight"];
            Tensor rows = embedding.index_select(0, ids.reshape(-1)).view(ids.shape[0], ids.shape[1], ids.shape[2], clip.Config.TextWidth);
            int n = golden.Int("n_ctx");
            Assert.IsTrue(rows.narrow(2, 0, 1).equal(golden["init.text_prefix"]).all().item<bool>());
            Assert.IsTrue(rows.narrow(2, 1 + n, ids.shape[2] - 1 - n).equal(golden["init.text_suffix"]).all().item<bool>());
        }

        private void Train(int task)
        {
            using DisposeScope scope = NewDisposeScope();
            string prefix = $"task{task}.", context = $"text_prompt_pool.{task - 1}.ctx";
            Tensor images = golden[prefix + "images"], labels = golden[prefix + "labels"];
            int[] own = [.. Enumerable.Range((task - 1) * _perTask, _perTask)];
            foreach (int c in own) _labels.Add(c.ToString(CultureInfo.InvariantCulture));
            _method.BeginTask(new MethodTask(task - 1, own, _labels.Count, (int)images.shape[0], new SeededRandom(task)) { Labels = _labels });
            using (no_grad())
            {
                if (task == 1) Parameter(PromptName).copy_(golden["init.image_prompt"]);
                Parameter(context).copy_(golden["init.text_ctx"].select(0, task - 1));
            }
            var constraintTask = new ConstraintTask(task - 1, (int)images.shape[0], asked =>
            {
                Tensor memory = images.index_select(0, golden[prefix + "mem_batches"]);
                Assert.AreEqual(memory.shape[0], asked, "the released code takes as many images as there are channels");
                return memory.chunk(3, 0);
            }, Console.WriteLine);
            _projection.BeginTask(constraintTask);
            CheckProjectorUsed(prefix, task);

            using optim.Optimizer optimizer = Optimizers.Create(_options, _method.Parameters.Select(p => p.Value), task == 1);
            Tensor batches = golden[prefix + "batches"];
            int steps = (int)batches.shape[0], perEpoch = steps / _options.Epochs;
            double[] loss = new double[steps], rate = new double[steps];
            for (int s = 0; s < steps; s++)
            {
                rate[s] = Optimizers.RateOf(_options, s / perEpoch, task == 1);
                Optimizers.SetRate(optimizer, rate[s]);
                loss[s] = Step(prefix, s + 1, context, images, labels, batches.select(0, s), own, optimizer);
            }
            golden.Check(prefix + "loss", from_array(loss));
            golden.Check(prefix + "lr", from_array(rate));
            _inspections.Clear();
            CheckActivations(prefix, images);
            _projection.EndTask(constraintTask);
            foreach (MemoryInspection inspection in _inspections) GoldenMemory.Check(golden, prefix + "pgp.", inspection);
            _method.EndTask();
            CheckEnd(prefix, task);
        }

        private double Step(string prefix, int step, string context, Tensor images, Tensor labels, Tensor rows, int[] own, optim.Optimizer optimizer)
        {
            using DisposeScope scope = NewDisposeScope();
            string at = $"{prefix}step{step}.";
            var batch = new ImageBatch(images.index_select(0, rows), labels.index_select(0, rows), [.. rows.data<long>().ToArray().Select(r => (int)r)], false);
            LossTerms terms = _method.ComputeLoss(batch);
            golden.Check(at + "logits", terms.Logits.narrow(1, own[0], own.Length));
            optimizer.zero_grad();
            terms.Total.backward();
            golden.Check(at + "grad_raw.image_prompt", Parameter(PromptName).grad!);
            golden.Check(at + "grad_raw.text_ctx", Parameter(context).grad!);
            _projection.ProjectGradients();
            golden.Check(at + "grad_final.image_prompt", Parameter(PromptName).grad!);
            golden.Check(at + "grad_final.text_ctx", Parameter(context).grad!);
            _projection.BeforeStep();
            optimizer.step();
            _projection.AfterStep();
            golden.Check($"{prefix}after{step}.image_prompt", Parameter(PromptName));
            golden.Check($"{prefix}after{step}.text_ctx", Parameter(context));
            return terms.CrossEntropy.item<float>();
        }

        private void CheckProjectorUsed(string prefix, int task)
        {
            if (task > 1) golden.Check(prefix + "pgp.projector_used", ToTensor(_projection.Bases["prompt"].Projector()));
        }

        private void CheckActivations(string prefix, Tensor images)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor memory = images.index_select(0, golden[prefix + "mem_batches"]);
            golden.Check(prefix + "pgp.rep", _method.CollectActivations(memory, ["prompt"])["prompt"].reshape(memory.shape[0], -1));
        }

        /// <summary>The parameters after the task. Contexts of tasks to come do not exist yet; in the released code they wait with their initial values.</summary>
        private void CheckEnd(string prefix, int task)
        {
            using DisposeScope scope = NewDisposeScope();
            using var state = new StateDictionary();
            _method.SaveState(state);
            golden.Check(prefix + "end.image_prompt", state.Get("image_prompt", null));
            Tensor initial = golden["init.text_ctx"];
            golden.Check(prefix + "end.text_ctx", cat([state.Get("text_contexts", null), initial.narrow(0, task, initial.shape[0] - task)], 0));
        }

        private void Evaluate(int task)
        {
            using DisposeScope scope = NewDisposeScope();
            using var scorer = (ClipPromptScorer)_method.CreateScorer();
            // One batch with pictures of all tasks so far: the released evaluation, which cuts at the largest true task of a batch, compares them with all classes seen, and leaks nothing here.
            Tensor seen = golden["val_tasks"].less(task).nonzero().reshape(-1);
            Tensor images = golden["val_images"].index_select(0, seen), tasks = golden["val_tasks"].index_select(0, seen);
            Tensor all = scorer.Score(images);
            golden.Check($"task{task}.cil_logits", all);
            golden.Check($"task{task}.cil_pred", all.argmax(1));

            Tensor own = zeros(images.shape[0], _perTask);
            for (int i = 0; i < task; i++)
            {
                Tensor rows = tasks.eq(i).nonzero().reshape(-1);
                own.index_copy_(0, rows, scorer.Score(images.index_select(0, rows), i).narrow(1, i * _perTask, _perTask));
            }
            golden.Check($"task{task}.til_logits", own);
            golden.Check($"task{task}.til_pred", own.argmax(1) + tasks * _perTask);
        }

        private static Tensor ToTensor(Matrix<double> matrix) => TensorMatrix.ToTensor(matrix.ToRowMajorArray(), matrix.RowCount, matrix.ColumnCount);
    }

    /// <summary>Gives a case's ids for the template of class <c>c</c>, whose name is its number.</summary>
    private sealed class GivenIds(GoldenCase golden) : ITextTokenizer
    {
        public int VocabularySize => golden.Int("vocab");

        public IReadOnlyList<int> Encode(string text)
        {
            int index = int.Parse(text.TrimStart('X', ' ').TrimEnd('.'), CultureInfo.InvariantCulture), length = golden.Int("context");
            int[] ids = [.. golden.Longs("tokenized").Skip(index * length).Take(length).Select(id => (int)id)];
            return ids[..(Array.IndexOf(ids, ids.Max()) + 1)];
        }
    }
}
