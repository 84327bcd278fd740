using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Training;

/// <summary>What a constraint may add to the loss, and which views of the images it is shown.</summary>
[TestClass]
public sealed class PenaltyTests
{
    private readonly MLContext _mlContext = new(1);

    [TestMethod]
    public void A_penalty_pulls_on_the_parameters_and_leaves_the_reported_cross_entropy_alone()
    {
        var runs = new List<(double CrossEntropy, float[] Offset)>();
        foreach (double weight in new[] { 0.0, 10 })
        {
            var listener = new Listener();
            using ContinualTrainer trainer = _mlContext.Continual().Trainer(new ColourOptions { Seed = 1, Epochs = 1 }).WithConstraint(new PullOptions { Weight = weight });
            trainer.Fit(TinyImages.View(_mlContext, 2, 1, "a", "b"), listener, CancellationToken.None).Dispose();
            runs.Add((listener.Heard[^1].Loss, trainer.State!.Method.Get("offset", null).data<float>().ToArray()));
        }
        Assert.AreEqual(runs[0].CrossEntropy, runs[1].CrossEntropy, 1e-12, "one step: the parameters were still the same");
        Assert.IsTrue(runs[1].Offset.Zip(runs[0].Offset).All(p => p.First > p.Second), "pulled upwards");
    }

    [TestMethod]
    public void The_view_of_prediction_is_the_same_every_time_and_that_of_training_is_not()
    {
        var seen = new PullOptions();
        var options = new ColourOptions { Seed = 1, TrainingView = new TrainingView(TrainingViewKind.RandomResizedCrop) };
        using ContinualTrainer trainer = _mlContext.Continual().Trainer(options).WithConstraint(seen);
        trainer.Fit(TinyImages.View(_mlContext, 3, 1, "a", "b")).Dispose();
        Assert.AreEqual(seen.Evaluation[0], seen.Evaluation[1], 1e-6);
        Assert.AreNotEqual(seen.Training[0], seen.Training[1], 1e-6);
    }

    /// <summary>The lists are shared with the trainer's copy of the options.</summary>
    private sealed class PullOptions : ConstraintOptions
    {
        public double Weight { get; set; }

        /// <summary>The sum of squares of all pixels in the view of prediction, at each of two looks.</summary>
        public List<double> Evaluation { get; } = [];

        /// <summary>The same in the view of training.</summary>
        public List<double> Training { get; } = [];

        public override UpdateConstraint CreateConstraint() => new PullConstraint(this);

        public override void Validate() { }
    }

    private sealed class PullConstraint(PullOptions options) : UpdateConstraint
    {
        private ContinualMethod? _method;

        public override string Name => "Pull";

        public override void Attach(ContinualMethod method) => _method = method;

        public override Tensor? Penalty() => options.Weight == 0 ? null : _method!.Sites[0].Parameter.sum() * -options.Weight;

        public override void EndTask(ConstraintTask task)
        {
            for (int look = 0; look < 2; look++)
            {
                options.Evaluation.Add(task.SampleEvaluationImages(task.ImageCount).Sum(b => b.square().sum().item<float>()));
                options.Training.Add(task.SampleImages(task.ImageCount).Sum(b => b.square().sum().item<float>()));
            }
        }

        public override void SaveState(StateDictionary state) { }

        public override void LoadState(StateDictionary state) { }

        public override void Dispose() { }
    }
}
