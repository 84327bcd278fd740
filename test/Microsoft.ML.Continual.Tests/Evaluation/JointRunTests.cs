using Microsoft.ML.Continual.Evaluation;
using Microsoft.ML.Continual.Inference;
using Microsoft.ML.Continual.Methods.FineTuning;
using Microsoft.ML.Continual.Tasks;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Evaluation;

[TestClass]
public sealed class JointRunTests
{
    private readonly TemporaryFolder _folder = new();
    private readonly MLContext _mlContext = new(1);
    private readonly StubBackbone _backbone = new();

    private ContinualCatalog Continual => _mlContext.Continual();

    [TestCleanup]
    public void Delete() => _folder.Dispose();

    [TestMethod]
    public void Each_row_is_that_of_a_training_by_itself_on_all_tasks_so_far_and_the_first_that_of_the_plain_method()
    {
        using var vit = TinyVit.Create();
        ContinualTrainer Trainer()
        {
            FineTuningOptions options = FineTuningConformanceTests.Options<FineTuningOptions>(vit);
            options.Seed = 3;
            return Continual.FineTuning(options);
        }
        ContinualTask[] tasks = Tasks();
        SequenceResult joint = Continual.RunJoint(Trainer, tasks);
        for (int after = 0; after < tasks.Length; after++)
        {
            using ContinualTrainer alone = Trainer();
            using ContinualTransformer model = alone.Fit(Continual.JointTask(tasks[..(after + 1)]));
            Assert.AreEqual(Lines(tasks[..(after + 1)].Select(task => Continual.Evaluate(model, task))), Lines(joint.Evaluations[after]), $"after task {after + 1}");
        }
        using ContinualTrainer plain = Trainer();
        Assert.AreEqual(Lines(Continual.Run(plain, tasks[..1]).Evaluations[0]), Lines(joint.Evaluations[0]));
    }

    [TestMethod]
    public void The_result_says_that_training_was_joint_and_describes_the_tasks_as_a_plain_run_does()
    {
        List<TaskReport> reports = [];
        List<int> trained = [];
        SequenceResult joint = Continual.RunJoint(Create, Tasks(), new RunOptions { Tasks = new Immediate<TaskReport>(reports.Add), Training = new Immediate<TrainingProgress>(p => trained.Add(p.TaskIndex)) });
        using ContinualTrainer trainer = Create();
        SequenceResult plain = Continual.Run(trainer, Tasks());

        Assert.AreEqual((true, false, "Colour, joint"), (joint.IsJoint, plain.IsJoint, joint.Name));
        Assert.AreEqual((plain.Scenario, plain.Setting, plain.IsOnline, plain.Seed), (joint.Scenario, joint.Setting, joint.IsOnline, joint.Seed));
        Assert.AreEqual(Scenario.Mixed, joint.Scenario);
        Assert.AreEqual("ash birch|cat dog|ash fox", string.Join('|', joint.TaskClasses.Select(classes => string.Join(' ', classes))));
        Assert.AreEqual(string.Join('|', plain.TaskClasses.Select(classes => string.Join(' ', classes))), string.Join('|', joint.TaskClasses.Select(classes => string.Join(' ', classes))));
        CollectionAssert.AreEqual(plain.TaskNames.ToArray(), joint.TaskNames.ToArray());
        CollectionAssert.AreEqual(joint.TrainingTimes.ToArray(), reports.Select(r => r.TrainingTime).ToArray());
        CollectionAssert.AreEqual(new[] { 0, 1, 2 }, trained.Distinct().ToArray());
        Dictionary<string, string> configuration = joint.Configuration.ToDictionary();
        Assert.AreEqual("each image by itself; joint: trained anew on all tasks so far after each task", configuration["Protocol"]);
        Assert.AreEqual("2 passes over all tasks so far, anew after each task, shuffled", configuration["Training"]);
        Assert.AreEqual("Colour", configuration["Method"]);
        StringAssert.Contains(joint.ToString(), "joint");
        StringAssert.Contains(ContinualReport.Render("t", [joint, plain]), "Colour, joint: joint training, anew on all tasks so far after each task; no continual learning");
    }

    [TestMethod]
    [DataRow(EvaluationSetting.TaskIncremental)]
    [DataRow(EvaluationSetting.BatchMaximumTask)]
    public void A_model_that_is_told_the_task_chooses_among_that_tasks_classes(EvaluationSetting setting)
    {
        ContinualTask[] tasks = [Task("one", 1, "ash"), Task("two", 2, "birch", "cedar"), Task("three", 3, "oak")];
        SequenceResult told = Continual.RunJoint(Create, tasks, new RunOptions { Setting = setting }), untold = Continual.RunJoint(Create, tasks);
        Assert.AreEqual(0.0, told.Evaluations[2][0].LogLoss, 1e-6, "one class to choose from");
        Assert.IsGreaterThan(0.01, untold.Evaluations[2][0].LogLoss);
        if (setting == EvaluationSetting.TaskIncremental) Assert.AreEqual(0.0, told.Evaluations[2][2].LogLoss, 1e-6);
        else Assert.AreEqual(Lines(untold.Evaluations[2].Skip(2).Select(e => e with { Setting = setting })), Lines(told.Evaluations[2].Skip(2)));
    }

    [TestMethod]
    public void Cut_off_anywhere_it_ends_with_the_same_matrix_and_the_same_file_whatever_the_context_draws()
    {
        string whole = _folder.File("whole.state");
        int states = 0;
        SequenceResult expected = Run(whole, null, _ => states++);
        byte[] bytes = File.ReadAllBytes(whole);
        Assert.IsGreaterThan(9, states);
        for (int cut = 1; cut <= states; cut++)
        {
            string path = _folder.File($"cut{cut}.state");
            using var source = new CancellationTokenSource();
            int kept = 0, left = 0;
            try
            {
                Run(path, source, _ => { if (++kept == cut) source.Cancel(); });
            }
            catch (OperationCanceledException)
            {
            }
            SequenceResult resumed = Run(path, null, _ => left++);
            Assert.AreEqual(Lines(expected.Evaluations.SelectMany(e => e)), Lines(resumed.Evaluations.SelectMany(e => e)), $"cut at state {cut}");
            Assert.AreEqual(expected.Seed, resumed.Seed);
            CollectionAssert.AreEqual(bytes, File.ReadAllBytes(path), $"cut at state {cut}");
            Assert.AreEqual(states - cut, left, $"cut at state {cut}: nothing is trained twice");
        }
        Assert.AreEqual(Lines(expected.Evaluations.SelectMany(e => e)), Lines(Run(whole, null, _ => Assert.Fail("A run that is done trains nothing.")).Evaluations.SelectMany(e => e)));
    }

    [TestMethod]
    public void A_state_of_another_kind_of_run_or_of_other_tasks_is_refused()
    {
        string joint = _folder.File("joint.state"), plain = _folder.File("plain.state");
        Continual.RunJoint(Create, Tasks(), new RunOptions { StatePath = joint });
        using ContinualTrainer trainer = Create(), other = Create();
        Continual.Run(trainer, Tasks(), new RunOptions { StatePath = plain });
        StringAssert.Contains(Refused(() => Continual.RunJoint(Create, Tasks(), new RunOptions { StatePath = plain })), "expected the state of a run of joint training; found one of learning task after task");
        StringAssert.Contains(Refused(() => Continual.Run(other, Tasks(), new RunOptions { StatePath = joint })), "expected the state of a run of learning task after task; found one of joint training");
        StringAssert.Contains(Refused(() => Continual.RunJoint(Create, Tasks().Reverse(), new RunOptions { StatePath = joint })), "task 1 of the run that was kept is 'trees'; the sequence has 'mixed'");
        StringAssert.Contains(Refused(() => Continual.RunJoint(Create, Tasks(), new RunOptions { StatePath = joint, Setting = EvaluationSetting.TaskIncremental })), "TaskIncremental");

        static string Refused(Action run) => Assert.ThrowsExactly<InvalidDataException>(run).Message;
    }

    [TestMethod]
    public void Trainers_that_cannot_give_a_bound_and_tasks_that_cannot_be_tested_are_refused()
    {
        using ContinualTrainer one = Create();
        StringAssert.Contains(Refused(() => one), "Expected a new trainer at each call");
        using ContinualTrainer learned = Create();
        learned.Fit(Tasks()[0]).Dispose();
        StringAssert.Contains(Refused(() => learned), "found one that has learned");
        StringAssert.Contains(Refused(() => null!), "found null");
        StringAssert.Contains(Refused(() => Continual.Trainer(new ColourOptions { Backbone = _backbone, Shuffle = false })), "Shuffle: expected true");
        int calls = 0;
        StringAssert.Contains(Refused(() => Continual.Trainer(new ColourOptions { Backbone = _backbone, Seed = 1, Epochs = ++calls })), "ColourOptions with another Epochs");
        StringAssert.Contains(Refused(() => Continual.Trainer(new ColourOptions { Backbone = _backbone, Seed = ++calls })), "another Seed");
        StringAssert.Contains(Refused(() => Continual.Trainer(new ColourOptions())), "another backbone");
        StringAssert.Contains(Refused(() => ++calls % 2 == 0 ? Create() : Create().WithConstraint(new HalvingOptions())), "no constraint");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => Continual.RunJoint(Create, [new ContinualTask("autumn", Tasks()[0].Train)])).Message, "'autumn'");
        Assert.ThrowsExactly<ArgumentException>(() => Continual.RunJoint(Create, []));
        Assert.ThrowsExactly<ArgumentNullException>(() => Continual.RunJoint(null!, Tasks()));

        string Refused(Func<ContinualTrainer> create) => Assert.ThrowsExactly<ArgumentException>(() => Continual.RunJoint(create, Tasks())).Message;
    }

    [TestMethod]
    public void Trainers_are_disposed_and_tensors_do_not_add_up()
    {
        List<ContinualTrainer> made = [];
        List<long> alive = [];
        ContinualTrainer Made()
        {
            made.Add(Create());
            return made[^1];
        }
        Continual.RunJoint(Made, Tasks());   // what is made once for the process is there
        long before = LiveTensors.Count();
        made.Clear();
        Continual.RunJoint(Made, Tasks(), new RunOptions { Tasks = new Immediate<TaskReport>(_ => alive.Add(LiveTensors.Count())) });
        Assert.AreEqual(before, LiveTensors.Count());
        Assert.HasCount(1, alive.Distinct(), string.Join(", ", alive));
        Assert.HasCount(3, made);
        foreach (ContinualTrainer trainer in made) Assert.ThrowsExactly<ObjectDisposedException>(() => trainer.Fit(Tasks()[0]));
    }

    private ContinualTrainer Create() => Continual.Trainer(new ColourOptions { Backbone = _backbone, Seed = 11 });

    private SequenceResult Run(string path, CancellationTokenSource? source, Action<string> kept)
    {
        var context = new MLContext(7);
        return context.Continual().RunJoint(() =>
        {
            ContinualTrainer trainer = context.Continual().Trainer(new ColourOptions { Backbone = _backbone });   // no seed: the context draws one for each trainer
            trainer.StateKept = kept;
            return trainer;
        }, Tasks(), new RunOptions { StatePath = path, StateEverySteps = 2 }, source?.Token ?? CancellationToken.None);
    }

    private static string Lines(IEnumerable<TaskEvaluation> evaluations) => string.Join('\n', evaluations.Select(e => FormattableString.Invariant($"{e}; exactly {e.Accuracy:R}, {e.TopFiveAccuracy:R}, {e.LogLoss:R}")));

    private ContinualTask[] Tasks() =>
    [
        Task("trees", 1, "ash", "birch"), Task("pets", 2, "cat", "dog"), Task("mixed", 3, "fox", "ash"),
    ];

    private ContinualTask Task(string name, int seed, params string[] labels) =>
        new(name, TinyImages.View(_mlContext, 5, seed, labels), TinyImages.View(_mlContext, 3, seed + 10, labels));

    /// <summary>Reports on the calling thread; <see cref="Progress{T}"/> would post to the pool.</summary>
    private sealed class Immediate<T>(Action<T> action) : IProgress<T>
    {
        public void Report(T value) => action(value);
    }
}
