using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Pgp.Tests.Projection;

[TestClass]
public sealed class StateTests
{
    internal static void AssertEqual(StateDictionary expected, StateDictionary actual)
    {
        Assert.AreEqual(expected.Values.ToJsonString(), actual.Values.ToJsonString());
        CollectionAssert.AreEqual(expected.Tensors.Keys.ToArray(), actual.Tensors.Keys.ToArray());
        foreach ((string name, Tensor value) in expected.Tensors)
            Assert.IsTrue(value.bytes.SequenceEqual(actual.Tensors[name].bytes), name);
    }

    private static GradientProjection Make(PgpOptions options, TableMethod method)
    {
        var projection = (GradientProjection)options.CreateConstraint();
        projection.Attach(method);
        return projection;
    }

    [TestMethod]
    public void A_run_that_is_saved_and_resumed_goes_on_bit_for_bit()
    {
        foreach (PgpOptions options in new[] { PgpOptions.Stacked, PgpOptions.Paper, PgpOptions.Reference })
        {
            using DisposeScope scope = NewDisposeScope();
            if (options.Space == PgpSpace.SampleIndexSum) (options.PromptsInMemory, options.Energy, options.KeyEnergy) = (PromptsInMemory.SelectedOnly, 0.9, 0.9);
            using var method = new TableMethod(5, 16);
            method.Sites[0].RowsInUse = tensor(new[] { true, false, true, true, false }).DetachFromDisposeScope();
            using GradientProjection projection = Make(options, method);
            Tensor Images(int task) => Loop.Images(20 + task, 40, 2, 16, 5);
            for (int task = 0; task < 2; task++) Loop.Train(method, projection, task, Images(task), 20);

            using StateDictionary methodState = new(), state = new();
            method.SaveState(methodState);
            projection.SaveState(state);
            using StateDictionary copy = state.Clone();
            using var resumedMethod = new TableMethod(5, 16, seed: 99);
            resumedMethod.Sites[0].RowsInUse = method.Sites[0].RowsInUse!.clone().DetachFromDisposeScope();
            resumedMethod.LoadState(methodState);
            using GradientProjection resumed = Make(options, resumedMethod);
            resumed.LoadState(copy);
            CollectionAssert.AreEqual(projection.LastAudit!.Entries.ToArray(), resumed.LastAudit!.Entries.ToArray());

            Loop.Train(method, projection, 2, Images(2), 20);
            Loop.Train(resumedMethod, resumed, 2, Images(2), 20);
            using StateDictionary end = new(), resumedEnd = new();
            projection.SaveState(end);
            resumed.SaveState(resumedEnd);
            AssertEqual(end, resumedEnd);
            foreach (string site in new[] { "prompt", "key" })
                CollectionAssert.AreEqual(method[site].detach().data<float>().ToArray(), resumedMethod[site].detach().data<float>().ToArray(), $"{options.Space}, {site}");
            Assert.AreEqual(2, projection.LastAudit!.TaskIndex);
            Assert.AreEqual(4, projection.LastAudit.Entries.Count, "two sites, two past tasks");
        }
    }

    [TestMethod]
    public void A_state_without_tasks_can_be_saved_and_read()
    {
        using var method = new TableMethod(5, 16);
        using GradientProjection projection = Make(new PgpOptions(), method);
        using var state = new StateDictionary();
        projection.SaveState(state);
        projection.LoadState(state);
        Assert.AreEqual(0, projection.Bases["prompt"].Rank);
        Assert.IsNull(projection.LastAudit);
    }

    [TestMethod]
    public void A_state_of_something_else_is_refused_and_changes_nothing()
    {
        using DisposeScope scope = NewDisposeScope();
        using var method = new TableMethod(5, 16);
        using GradientProjection projection = Make(new PgpOptions(), method);
        Loop.Train(method, projection, 0, Loop.Images(1, 40, 2, 16, 5), 5);
        using var good = new StateDictionary();
        projection.SaveState(good);

        (string What, Action<StateDictionary> Spoil)[] wrong =
        [
            ("constraint", s => s.Values["constraint"] = "EWC"),
            ("version", s => s.Values["version"] = 99),
            ("space", s => s.Values["space"] = "InputOnly"),
            ("sites", s => s.Values["sites"]!.AsArray().RemoveAt(0)),
            ("dimension", s => s.Values["sites"]![0]!["dimension"] = 17),
            ("prompt.basis", s => s.Values["sites"]![0]!["rank"] = 3),
            ("cannot be read", s => s.Values["sites"]![0]!["rank"] = "many"),
            ("cannot be read", s => s.Values.Remove("sites")),
            ("rank of site 'prompt' is '-1'", s => s.Values["sites"]![0]!["rank"] = -1),
            ("updates of site 'prompt' is '-1'", s => s.Values["sites"]![0]!["updates"] = -1),
            ("largest eigenvalue of site 'prompt' is '-1'", s => s.Values["sites"]![0]!["past"]![0]!["largest"] = -1.0),
            ("rows used last of site 'prompt' is '2'", s => s.Values["sites"]![0]!["rowsUsed"] = "10"),
            ("'prompt.past' holds NaN", s => s.Tensors["prompt.past"].fill_(double.NaN)),
            ("'key.basis' holds NaN", s => s.Tensors["key.basis"][0, 0] = tensor(double.NaN, ScalarType.Float64)),
        ];
        foreach ((string what, Action<StateDictionary> spoil) in wrong)
        {
            using StateDictionary bad = good.Clone();
            spoil(bad);
            StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => projection.LoadState(bad), what).Message, what);
            using var after = new StateDictionary();
            projection.SaveState(after);
            AssertEqual(good, after);
        }
        using var other = new TableMethod(5, 16, 1, "prompt");
        using GradientProjection fewer = Make(new PgpOptions(), other);
        Assert.ThrowsExactly<InvalidDataException>(() => fewer.LoadState(good));
    }

    [TestMethod]
    public void Live_tensors_do_not_grow_from_step_to_step_or_from_task_to_task()
    {
        foreach (PgpOptions options in new[] { PgpOptions.Stacked, PgpOptions.Paper, PgpOptions.Reference })
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor images = Loop.Images(1, 40, 2, 16, 5);
            using var method = new TableMethod(5, 16);
            using GradientProjection projection = Make(options, method);
            var afterTask = new List<long>();
            var afterStep = new List<long>();
            for (int task = 0; task < 4; task++)
            {
                Loop.Train(method, projection, task, images, 10, afterStep: () => afterStep.Add(Tensor.TotalCount));
                afterTask.Add(Tensor.TotalCount);
                using var state = new StateDictionary();
                projection.SaveState(state);
                projection.LoadState(state);
            }
            Assert.AreEqual(1, afterStep.Skip(21).Take(9).Distinct().Count(), $"{options.Space}, steps: {string.Join(", ", afterStep)}");
            Assert.AreEqual(1, afterTask.Skip(1).Distinct().Count(), $"{options.Space}, tasks: {string.Join(", ", afterTask)}");
        }
    }
}
