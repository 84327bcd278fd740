using Microsoft.ML.Data;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.MlNet;

/// <summary>What this repository relies on of ML.NET's operations on views. Holds against the packages and the stand-in alike.</summary>
[TestClass]
public sealed class DataOperationTests
{
    private sealed class Row
    {
        public float Number { get; set; }

        [KeyType(4)]
        public uint Key { get; set; }

        public string Group { get; set; } = "";
    }

    private readonly MLContext _context = new(1);

    private static Row[] Rows(int count) =>
        [.. Enumerable.Range(0, count).Select(i => new Row { Number = i, Key = (uint)(i % 5), Group = $"g{i % 10}" })];

    private IDataView View(int count) => _context.Data.LoadFromEnumerable(Rows(count));

    private static float[] Numbers(IDataView view) => [.. view.GetColumn<float>("Number")];

    [TestMethod]
    public void Range_includes_its_lower_bound_and_excludes_its_upper_one()
    {
        CollectionAssert.AreEqual(new[] { 2f, 3f }, Numbers(_context.Data.FilterRowsByColumn(View(6), "Number", 2, 4)));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _context.Data.FilterRowsByColumn(View(6), "Group"));
    }

    [TestMethod]
    public void Fraction_of_keys_takes_whole_keys_and_no_missing_ones()
    {
        IDataView half = _context.Data.FilterRowsByKeyColumnFraction(View(10), "Key", 0, 0.5);
        CollectionAssert.AreEqual(new[] { 1u, 2u, 1u, 2u }, half.GetColumn<uint>("Key").ToArray());
        IDataView all = _context.Data.FilterRowsByKeyColumnFraction(View(10), "Key");
        Assert.AreEqual(8, all.GetColumn<uint>("Key").Count(), "Key 4 of 0 to 3 is missing.");
    }

    [TestMethod]
    public void Rows_are_taken_and_skipped_in_order()
    {
        CollectionAssert.AreEqual(new[] { 0f, 1f }, Numbers(_context.Data.TakeRows(View(5), 2)));
        CollectionAssert.AreEqual(new[] { 3f, 4f }, Numbers(_context.Data.SkipRows(View(5), 3)));
        CollectionAssert.AreEqual(new[] { 3f }, Numbers(_context.Data.TakeRows(_context.Data.SkipRows(View(5), 3), 1)));
        Assert.IsEmpty(Numbers(_context.Data.SkipRows(View(5), 9)));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _context.Data.TakeRows(View(5), 0));
    }

    [TestMethod]
    public void Shuffled_rows_are_the_same_rows_in_another_order()
    {
        float[] shuffled = Numbers(_context.Data.ShuffleRows(View(200), seed: 5));
        CollectionAssert.AreNotEqual(Numbers(View(200)), shuffled);
        CollectionAssert.AreEquivalent(Numbers(View(200)), shuffled);
        CollectionAssert.AreEqual(shuffled, Numbers(_context.Data.ShuffleRows(View(200), seed: 5)));
    }

    [TestMethod]
    public void Cache_reads_its_source_once()
    {
        int passes = 0;
        IEnumerable<Row> Counted()
        {
            passes++;
            foreach (Row row in Rows(4))
                yield return row;
        }

        IDataView view = _context.Data.Cache(_context.Data.LoadFromEnumerable(Counted()));
        CollectionAssert.AreEqual(new[] { 0f, 1f, 2f, 3f }, Numbers(view));
        CollectionAssert.AreEqual(new[] { 0f, 1f, 2f, 3f }, Numbers(view));
        Assert.AreEqual(1, passes);
        Assert.IsTrue(view.CanShuffle);
    }

    [TestMethod]
    public void Split_parts_each_row_once_and_for_good()
    {
        DataOperationsCatalog.TrainTestData split = _context.Data.TrainTestSplit(View(400), testFraction: 0.25, seed: 7);
        float[] test = Numbers(split.TestSet);
        CollectionAssert.AreEquivalent(Numbers(View(400)), Numbers(split.TrainSet).Concat(test).ToArray());
        CollectionAssert.AreEqual(test, Numbers(split.TestSet));
        Assert.IsTrue(test.Length is > 60 and < 140, $"{test.Length} of 400 rows for a fraction of 0.25.");
        CollectionAssert.AreEqual(test, Numbers(_context.Data.TrainTestSplit(View(400), 0.25, seed: 7).TestSet));
        CollectionAssert.AreEqual(new[] { "Number", "Key", "Group" }, split.TestSet.Schema.Where(column => !column.IsHidden).Select(column => column.Name).ToArray());
    }

    [TestMethod]
    public void Split_by_a_column_keeps_equal_values_together()
    {
        DataOperationsCatalog.TrainTestData split = _context.Data.TrainTestSplit(View(400), testFraction: 0.5, samplingKeyColumnName: "Group", seed: 7);
        string[] train = [.. split.TrainSet.GetColumn<string>("Group").Distinct()];
        string[] test = [.. split.TestSet.GetColumn<string>("Group").Distinct()];
        Assert.HasCount(10, train.Concat(test));
        Assert.IsEmpty(train.Intersect(test));
    }

    [TestMethod]
    public void Folds_test_each_row_once()
    {
        float[] tested = [.. _context.Data.CrossValidationSplit(View(100), 4, seed: 3).SelectMany(split => Numbers(split.TestSet))];
        CollectionAssert.AreEquivalent(Numbers(View(100)), tested);
    }

    [TestMethod]
    public void Row_keeps_its_identity_through_filters()
    {
        static DataViewRowId[] Ids(IDataView view)
        {
            using DataViewRowCursor cursor = view.GetRowCursor(view.Schema);
            ValueGetter<DataViewRowId> get = cursor.GetIdGetter();
            var ids = new List<DataViewRowId>();
            while (cursor.MoveNext())
            {
                DataViewRowId id = default;
                get(ref id);
                ids.Add(id);
            }
            return [.. ids];
        }

        DataViewRowId[] all = Ids(View(6));
        Assert.HasCount(6, all.Distinct());
        CollectionAssert.AreEqual(all[2..4], Ids(_context.Data.FilterRowsByColumn(View(6), "Number", 2, 4)));
    }

    [TestMethod]
    public void Preview_reads_the_first_rows()
    {
        DataDebuggerPreview preview = View(6).Preview(maxRows: 2);
        Assert.AreEqual(2, preview.RowView.Length);
        Assert.AreEqual(1f, preview.ColumnView.Single(column => column.Column.Name == "Number").Values[1]);
    }
}
