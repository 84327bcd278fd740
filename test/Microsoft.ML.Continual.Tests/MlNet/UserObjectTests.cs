using Microsoft.ML.Data;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.MlNet;

/// <summary>What this repository relies on of ML.NET's views over user objects. Holds against the packages and the stand-in alike.</summary>
[TestClass]
public sealed class UserObjectTests
{
    private sealed class Row
    {
        [ColumnName("Label"), KeyType(3)]
        public uint Class { get; set; }

        [VectorType(2)]
        public float[]? Features { get; set; }

        public string? Name { get; set; }

        [NoColumn]
        public object? Hidden { get; set; }
    }

    private sealed class RawRow
    {
        public uint Label { get; set; }

        public float[]? Features { get; set; }

        public string? Name { get; set; }
    }

    private sealed class WithExtra
    {
        public uint Label { get; set; }

        public int Extra { get; set; } = 5;
    }

    private sealed class Doubled
    {
        [ColumnName("A")]
        public int One { get; set; }

        [ColumnName("A")]
        public int Two { get; set; }
    }

    private sealed class Unmappable
    {
        public Uri? Address { get; set; }
    }

    private static readonly Row[] s_rows =
    [
        new() { Class = 0, Features = [1, 2], Name = "a" },
        new() { Class = 2, Features = [3, 4], Name = null },
        new() { Class = 7, Features = [5, 6], Name = "c" },
    ];

    [TestMethod]
    public void Members_become_columns_of_their_attributes()
    {
        DataViewSchema schema = new MLContext(1).Data.LoadFromEnumerable(s_rows).Schema;
        CollectionAssert.AreEquivalent(new[] { "Label", "Features", "Name" }, schema.Select(column => column.Name).ToArray());
        Assert.AreEqual("Key<UInt32, 0-2>", schema["Label"].Type.ToString());
        Assert.AreEqual("Vector<Single, 2>", schema["Features"].Type.ToString());
        Assert.IsInstanceOfType<TextDataViewType>(schema["Name"].Type);
    }

    [TestMethod]
    public void Key_members_are_0_based_and_key_columns_1_based()
    {
        var context = new MLContext(1);
        IDataView view = context.Data.LoadFromEnumerable(s_rows);
        // 7 is outside the three categories: missing.
        CollectionAssert.AreEqual(new[] { 1u, 3u, 0u }, view.GetColumn<uint>("Label").ToArray());
        // Objects that are filled get the stored value.
        CollectionAssert.AreEqual(new[] { 1u, 3u, 0u }, context.Data.CreateEnumerable<RawRow>(view, reuseRowObject: false).Select(row => row.Label).ToArray());
    }

    [TestMethod]
    public void Values_come_back_as_they_went_in()
    {
        var context = new MLContext(1);
        RawRow[] rows = [.. context.Data.CreateEnumerable<RawRow>(context.Data.LoadFromEnumerable(s_rows), reuseRowObject: false)];
        CollectionAssert.AreEqual(new[] { 3f, 4f }, rows[1].Features);
        CollectionAssert.AreEqual(new[] { "a", "", "c" }, rows.Select(row => row.Name).ToArray());
    }

    [TestMethod]
    public void Each_pass_enumerates_anew_and_none_before_it_is_asked_for()
    {
        int passes = 0;
        IEnumerable<Row> Rows()
        {
            passes++;
            foreach (Row row in s_rows)
                yield return row;
        }

        var context = new MLContext(1);
        IDataView view = context.Data.LoadFromEnumerable(Rows());
        Assert.AreEqual(0, passes);
        Assert.IsNull(view.GetRowCount());
        IEnumerable<uint> labels = view.GetColumn<uint>("Label");
        Assert.AreEqual(0, passes);
        Assert.AreEqual(3, labels.Count());
        Assert.AreEqual(3, labels.Count());
        Assert.AreEqual(2, passes);
        Assert.AreEqual(3, context.Data.LoadFromEnumerable(s_rows).GetRowCount());
    }

    [TestMethod]
    public void Reused_row_object_is_one_object()
    {
        var context = new MLContext(1);
        IDataView view = context.Data.LoadFromEnumerable(s_rows);
        RawRow[] reused = [.. context.Data.CreateEnumerable<RawRow>(view, reuseRowObject: true)];
        Assert.AreSame(reused[0], reused[2]);
        RawRow[] fresh = [.. context.Data.CreateEnumerable<RawRow>(view, reuseRowObject: false)];
        Assert.AreNotSame(fresh[0], fresh[2]);
        Assert.AreNotSame(fresh[0].Features, fresh[2].Features);
    }

    [TestMethod]
    public void Member_without_a_column_is_an_error_unless_ignored()
    {
        var context = new MLContext(1);
        IDataView view = context.Data.LoadFromEnumerable(s_rows);
        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => context.Data.CreateEnumerable<WithExtra>(view, false).ToArray());
        StringAssert.Contains(error.Message, "Extra");
        WithExtra[] rows = [.. context.Data.CreateEnumerable<WithExtra>(view, reuseRowObject: false, ignoreMissingColumns: true)];
        Assert.AreEqual(5, rows[0].Extra);
        Assert.AreEqual(3u, rows[1].Label);
    }

    [TestMethod]
    public void Column_that_is_not_active_cannot_be_read()
    {
        IDataView view = new MLContext(1).Data.LoadFromEnumerable(s_rows);
        using DataViewRowCursor cursor = view.GetRowCursor([view.Schema["Label"]]);
        Assert.IsTrue(cursor.IsColumnActive(view.Schema["Label"]));
        Assert.IsFalse(cursor.IsColumnActive(view.Schema["Name"]));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => cursor.GetGetter<ReadOnlyMemory<char>>(view.Schema["Name"]));
        Assert.ThrowsExactly<InvalidOperationException>(() => cursor.GetGetter<float>(view.Schema["Label"]));
    }

    [TestMethod]
    public void Position_counts_rows_from_0_and_is_negative_outside()
    {
        IDataView view = new MLContext(1).Data.LoadFromEnumerable(s_rows);
        using DataViewRowCursor cursor = view.GetRowCursor(view.Schema);
        Assert.AreEqual(-1, cursor.Position);
        for (long i = 0; i < 3; i++)
        {
            Assert.IsTrue(cursor.MoveNext());
            Assert.AreEqual(i, cursor.Position);
        }
        Assert.IsFalse(cursor.MoveNext());
        Assert.AreEqual(-1, cursor.Position);
        Assert.IsFalse(cursor.MoveNext());
    }

    [TestMethod]
    public void Null_row_is_an_error_when_it_is_reached()
    {
        IDataView view = new MLContext(1).Data.LoadFromEnumerable(new[] { s_rows[0], null! });
        using DataViewRowCursor cursor = view.GetRowCursor(view.Schema);
        Assert.IsTrue(cursor.MoveNext());
        Assert.ThrowsExactly<InvalidOperationException>(() => cursor.MoveNext());
    }

    [TestMethod]
    public void Two_members_of_one_column_name_are_refused() =>
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => SchemaDefinition.Create(typeof(Doubled)));

    [TestMethod]
    public void Member_of_a_type_without_a_column_type_is_refused_by_name()
    {
        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new MLContext(1).Data.LoadFromEnumerable(new[] { new Unmappable() }));
        StringAssert.Contains(error.Message, "Address");
    }

    [TestMethod]
    public void Definition_changes_names_types_and_annotations_at_run_time()
    {
        SchemaDefinition definition = SchemaDefinition.Create(typeof(RawRow), SchemaDefinition.Direction.Read);
        SchemaDefinition.Column label = definition["Label"];
        label.ColumnName = "Class";
        label.ColumnType = new KeyDataViewType(typeof(uint), 2);
        label.AddAnnotation("KeyValues", new VBuffer<ReadOnlyMemory<char>>(2, ["x".AsMemory(), "y".AsMemory()]), new VectorDataViewType(TextDataViewType.Instance, 2));
        definition["Features"].ColumnType = new VectorDataViewType(NumberDataViewType.Single, 1);

        IDataView view = new MLContext(1).Data.LoadFromEnumerable(new[] { new RawRow { Label = 1, Features = [4] } }, definition);
        Assert.IsTrue(view.Schema["Class"].HasKeyValues());
        Assert.AreEqual(1, ((VectorDataViewType)view.Schema["Features"].Type).Size);
        Assert.AreEqual(2u, view.GetColumn<uint>("Class").Single());
        Assert.IsNull(view.Schema.GetColumnOrNull("Label"));
    }

    [TestMethod]
    public void Column_reads_in_the_types_its_values_convert_to()
    {
        IDataView view = new MLContext(1).Data.LoadFromEnumerable(s_rows);
        CollectionAssert.AreEqual(new[] { "a", "", "c" }, view.GetColumn<string>("Name").ToArray());
        CollectionAssert.AreEqual(new[] { 5f, 6f }, view.GetColumn<float[]>("Features").Last());
        Assert.AreEqual(2, view.GetColumn<VBuffer<float>>(view.Schema["Features"]).First().Length);
    }
}
