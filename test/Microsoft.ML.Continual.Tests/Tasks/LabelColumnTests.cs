using Microsoft.ML.Continual.Tasks;
using Microsoft.ML.Data;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Tasks;

[TestClass]
public sealed class LabelColumnTests
{
    private readonly MLContext _mlContext = new(seed: 1);

    [TestMethod]
    public void Text_and_numbers_are_read_as_they_are_and_missing_ones_as_null()
    {
        CollectionAssert.AreEqual(new object?[] { "b", null, "a" }, Rows.LabelsOf(Rows.Of(_mlContext, "b", "", "a")));
        CollectionAssert.AreEqual(new object?[] { 2f, null }, Rows.LabelsOf(Rows.Of(_mlContext, 2f, float.NaN)));
        CollectionAssert.AreEqual(new object?[] { 0, -5 }, Rows.LabelsOf(Rows.Of(_mlContext, 0, -5)));
        CollectionAssert.AreEqual(new object?[] { (byte)7 }, Rows.LabelsOf(Rows.Of(_mlContext, (byte)7)));
    }

    [TestMethod]
    public void Key_without_values_is_identified_by_its_number_from_1()
    {
        IDataView view = _mlContext.Data.LoadFromEnumerable(new[] { new Rows.KeyRow { Label = 0 }, new Rows.KeyRow { Label = 4 } });
        CollectionAssert.AreEqual(new object?[] { 1u, 5u }, Rows.LabelsOf(view));
    }

    [TestMethod]
    public void Key_of_a_number_has_the_number_as_its_value()
    {
        IDataView view = Rows.Of(_mlContext, 40, 20, 40);
        IDataView keys = _mlContext.Transforms.Conversion.MapValueToKey("Label").Fit(view).Transform(view);
        CollectionAssert.AreEqual(new object?[] { 40, 20, 40 }, Rows.LabelsOf(keys));
    }

    [TestMethod]
    public void Missing_label_of_a_training_row_is_an_error_that_names_the_row()
    {
        IDataView view = Rows.Of(_mlContext, "a", "b", "");
        LabelColumn labels = LabelColumn.Create(view.Schema, "Label");
        using DataViewRowCursor cursor = view.GetRowCursor([labels.Column]);
        Func<long, object> read = labels.BindRequired(cursor);
        cursor.MoveNext();
        cursor.MoveNext();
        Assert.AreEqual("b", read(1));
        cursor.MoveNext();
        var error = Assert.ThrowsExactly<InvalidDataException>(() => read(2));
        StringAssert.Contains(error.Message, "'Label', row 2");
    }

    [TestMethod]
    public void Key_outside_its_range_is_an_error_that_names_column_row_and_range()
    {
        var view = new BrokenKeyView(3, 1, 7);
        var error = Assert.ThrowsExactly<InvalidDataException>(() => Rows.LabelsOf(view));
        StringAssert.Contains(error.Message, "'Label', row 1");
        StringAssert.Contains(error.Message, "the key 7 lies outside its range 1 to 3");
    }

    [TestMethod]
    public void Missing_column_is_an_error_that_lists_those_there()
    {
        var error = Assert.ThrowsExactly<ArgumentException>(() => LabelColumn.Create(Rows.Of(_mlContext, "a").Schema, "Class"));
        StringAssert.Contains(error.Message, "'Class'");
        StringAssert.Contains(error.Message, "'Label', 'Number'");
    }

    [TestMethod]
    public void Label_of_an_unsupported_type_is_an_error_that_names_it()
    {
        var error = Assert.ThrowsExactly<ArgumentException>(() => LabelColumn.Create(Rows.Of(_mlContext, true).Schema, "Label"));
        StringAssert.Contains(error.Message, "'Label'");
        StringAssert.Contains(error.Message, "Boolean");
    }

    [TestMethod]
    public void Labels_of_another_type_than_in_the_tasks_before_are_an_error()
    {
        var registry = new ClassRegistry();
        registry.Add("a");
        var error = Assert.ThrowsExactly<ArgumentException>(() => LabelColumn.Create(Rows.Of(_mlContext, 1).Schema, "Label", registry));
        StringAssert.Contains(error.Message, "'Label': expected labels of type Text");
        StringAssert.Contains(error.Message, "found Int32");
    }
}
