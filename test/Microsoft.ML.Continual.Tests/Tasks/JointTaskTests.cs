using Microsoft.ML.Continual.Inference;
using Microsoft.ML.Continual.Tasks;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Training;
using Microsoft.ML.Data;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Tasks;

[TestClass]
public sealed class JointTaskTests
{
    private readonly MLContext _mlContext = new(seed: 1);

    private ContinualTask Join(params ContinualTask[] tasks) => _mlContext.Continual().JointTask(tasks);

    private IDataView Keys(params string[] labels)
    {
        IDataView view = Rows.Of(_mlContext, labels);
        return _mlContext.Transforms.Conversion.MapValueToKey("Label").Fit(view).Transform(view);
    }

    [TestMethod]
    public void It_has_the_rows_of_all_tasks_in_their_order_and_can_be_read_again()
    {
        TaskSequence tasks = ClassSplit.SplitByClass(_mlContext, Rows.Of(_mlContext, "d", "a", "c", "b", "a"), Rows.Of(_mlContext, "b", "d"), 2);
        ContinualTask joint = _mlContext.Continual().JointTask(tasks);
        for (int pass = 0; pass < 2; pass++)
        {
            CollectionAssert.AreEqual(new[] { 1, 3, 4, 0, 2 }, Rows.NumbersOf(joint.Train));
            CollectionAssert.AreEqual(new object[] { "a", "b", "a", "d", "c" }, Rows.LabelsOf(joint.Train));
        }
        CollectionAssert.AreEqual(new[] { 0, 1 }, Rows.NumbersOf(joint.Test!));
        CollectionAssert.AreEqual(new[] { "a", "b", "c", "d" }, joint.ClassNames!.ToArray());
        Assert.AreEqual("Joint", joint.Name);
    }

    [TestMethod]
    public void Keys_are_joined_by_their_values()
    {
        ContinualTask joint = Join(new("one", Keys("a", "b")), new("two", Keys("c", "b", "d")));
        CollectionAssert.AreEqual(new object[] { "a", "b", "c", "b", "d" }, Rows.LabelsOf(joint.Train));
        Assert.AreEqual(4ul, ((KeyDataViewType)joint.Train.Schema["Label"].Type).Count);
        var back = _mlContext.Transforms.Conversion.MapKeyToValue("Label").Fit(joint.Train).Transform(joint.Train);
        CollectionAssert.AreEqual(new object[] { "a", "b", "c", "b", "d" }, Rows.LabelsOf(back));
    }

    [TestMethod]
    public void Keys_without_values_are_joined_by_their_numbers()
    {
        IDataView Numbered(params uint[] keys) => _mlContext.Data.LoadFromEnumerable(keys.Select(key => new Rows.KeyRow { Label = key }).ToArray());
        CollectionAssert.AreEqual(new object[] { 3u, 1u, 5u }, Rows.LabelsOf(Join(new("one", Numbered(2, 0)), new("two", Numbered(4))).Train));   // 0-based where they are read from objects
    }

    [TestMethod]
    public void Columns_that_only_some_tasks_have_are_left_out_and_other_types_are_named()
    {
        IDataView wide = _mlContext.Transforms.CopyColumns("More", "Number").Fit(Rows.Of(_mlContext, "a")).Transform(Rows.Of(_mlContext, "a"));
        CollectionAssert.AreEqual(new[] { "Label", "Number" }, Join(new("one", wide), new("two", Rows.Of(_mlContext, "b"))).Train.Schema.Select(c => c.Name).ToArray());
        string message = Assert.ThrowsExactly<ArgumentException>(() => Join(new("one", Rows.Of(_mlContext, "a")), new("two", Rows.Of(_mlContext, 1)))).Message;
        foreach (string part in new[] { "'Label'", "'one'", "'two'", "Int32" }) StringAssert.Contains(message, part);
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => Join(new("one", Keys("a")), new("two", Rows.Of(_mlContext, "a")))).Message, "Key");
        Assert.ThrowsExactly<ArgumentException>(() => Join());
    }

    [TestMethod]
    public void A_test_view_that_tasks_share_is_taken_once_and_one_that_is_missing_leaves_none()
    {
        IDataView test = Rows.Of(_mlContext, "a", "b"), own = Rows.Of(_mlContext, "c");
        ContinualTask one = new("one", Rows.Of(_mlContext, "a"), test), two = new("two", Rows.Of(_mlContext, "b"), test), three = new("three", Rows.Of(_mlContext, "c"), own);
        CollectionAssert.AreEqual(new object[] { "a", "b", "c" }, Rows.LabelsOf(Join(one, two, three).Test!));
        Assert.IsNull(Join(one, new("none", Rows.Of(_mlContext, "c"))).Test);
        Assert.IsNull(Join(one, two).ClassNames);
    }

    [TestMethod]
    public void Rows_have_ids_of_their_own_and_the_count_is_the_sum()
    {
        IDataView view = Join(new("one", Rows.Of(_mlContext, "a", "b")), new("two", Rows.Of(_mlContext, "c", "d", "e"))).Train;
        Assert.AreEqual(5L, view.GetRowCount());
        var ids = new HashSet<DataViewRowId>();
        using DataViewRowCursor cursor = view.GetRowCursor([]);
        ValueGetter<DataViewRowId> getter = cursor.GetIdGetter();
        for (int row = 0; cursor.MoveNext(); row++)
        {
            DataViewRowId id = default;
            getter(ref id);
            Assert.IsTrue(ids.Add(id));
            Assert.AreEqual(row, cursor.Position);
        }
        Assert.HasCount(5, ids);
        Assert.IsFalse(cursor.IsColumnActive(view.Schema["Label"]));
        Assert.Throws<ArgumentException>(() => { cursor.GetGetter<ReadOnlyMemory<char>>(view.Schema["Label"]); });
    }

    [TestMethod]
    public void A_trainer_learns_it_as_it_learns_the_same_rows_in_one_view_and_is_evaluated_task_by_task()
    {
        using var backbone = TinyVit.Create();
        IDataView Images(int seed, params string[] labels) => TinyImages.View(_mlContext, 5, seed, labels);
        ContinualTask pets = new("pets", Images(1, "cat", "dog"), Images(2, "cat", "dog")), forest = new("forest", Images(1, "fox", "elk"), Images(2, "fox", "elk"));
        using ContinualTrainer joint = _mlContext.Continual().LinearProbe(LinearProbeConformanceTests.Options(backbone)), whole = _mlContext.Continual().LinearProbe(LinearProbeConformanceTests.Options(backbone));
        using ContinualTransformer bound = joint.Fit(Join(pets, forest));
        whole.Fit(_mlContext.Data.LoadFromEnumerable((List<TinyImage>)[.. TinyImages.Make(5, 1, "cat", "dog"), .. TinyImages.Make(5, 1, "fox", "elk")])).Dispose();
        CollectionAssert.AreEqual(bound.Classes.Names.ToArray(), new[] { "cat", "dog", "fox", "elk" });
        CollectionAssert.AreEqual(Head(whole), Head(joint));
        foreach (ContinualTask task in new[] { pets, forest }) Assert.IsTrue(_mlContext.Continual().Evaluate(bound, task).Accuracy is >= 0 and <= 1);

        static float[] Head(ContinualTrainer trainer) => Methods.MethodBench.Values(trainer.State!.Method.Get("head.weight", null));
    }
}
