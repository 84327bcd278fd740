using Microsoft.ML.Data;
using Microsoft.ML.Transforms;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.MlNet;

/// <summary>What this repository relies on of ML.NET's column transformations. Holds against the packages and the stand-in alike.</summary>
[TestClass]
public sealed class ColumnTransformTests
{
    private sealed class Animal
    {
        public string Name { get; set; } = "";

        public float Size { get; set; }

        public float Weight { get; set; }
    }

    private sealed class Value
    {
        public string Name { get; set; } = "";
    }

    private static readonly Animal[] s_animals =
    [
        new() { Name = "dog", Size = 3, Weight = 10 },
        new() { Name = "ant", Size = 1, Weight = 0 },
        new() { Name = "", Size = 0, Weight = 0 },
        new() { Name = "dog", Size = 4, Weight = 20 },
    ];

    private readonly MLContext _context = new(1);

    private IDataView Animals => _context.Data.LoadFromEnumerable(s_animals);

    private static string[] KeyValuesOf(DataViewSchema.Column column)
    {
        VBuffer<ReadOnlyMemory<char>> values = default;
        column.GetKeyValues(ref values);
        return [.. values.DenseValues().Select(text => text.ToString())];
    }

    [TestMethod]
    public void Keys_follow_occurrence_and_empty_text_is_missing()
    {
        IDataView view = _context.Transforms.Conversion.MapValueToKey("Key", "Name").Fit(Animals).Transform(Animals);
        Assert.AreEqual("Key<UInt32, 0-1>", view.Schema["Key"].Type.ToString());
        CollectionAssert.AreEqual(new[] { 1u, 2u, 0u, 1u }, view.GetColumn<uint>("Key").ToArray());
        CollectionAssert.AreEqual(new[] { "dog", "ant" }, KeyValuesOf(view.Schema["Key"]));
    }

    [TestMethod]
    public void Keys_by_value_are_sorted()
    {
        IDataView view = _context.Transforms.Conversion
            .MapValueToKey("Key", "Name", keyOrdinality: ValueToKeyMappingEstimator.KeyOrdinality.ByValue).Fit(Animals).Transform(Animals);
        CollectionAssert.AreEqual(new[] { 2u, 1u, 0u, 2u }, view.GetColumn<uint>("Key").ToArray());
        CollectionAssert.AreEqual(new[] { "ant", "dog" }, KeyValuesOf(view.Schema["Key"]));
    }

    [TestMethod]
    public void Value_that_was_not_fitted_has_no_key_and_a_new_fit_starts_again_at_1()
    {
        var estimator = _context.Transforms.Conversion.MapValueToKey("Key", "Name");
        IDataView cats = _context.Data.LoadFromEnumerable(new[] { new Animal { Name = "cat" }, new Animal { Name = "dog" } });
        CollectionAssert.AreEqual(new[] { 0u, 1u }, estimator.Fit(Animals).Transform(cats).GetColumn<uint>("Key").ToArray());
        CollectionAssert.AreEqual(new[] { 1u, 2u }, estimator.Fit(cats).Transform(cats).GetColumn<uint>("Key").ToArray());
    }

    [TestMethod]
    public void Key_data_give_the_keys_in_place_of_the_fitted_rows()
    {
        IDataView values = _context.Data.LoadFromEnumerable(new[] { new Value { Name = "cat" }, new Value { Name = "dog" } });
        IDataView view = _context.Transforms.Conversion.MapValueToKey("Key", "Name", keyData: values).Fit(Animals).Transform(Animals);
        CollectionAssert.AreEqual(new[] { 2u, 0u, 0u, 2u }, view.GetColumn<uint>("Key").ToArray());
        CollectionAssert.AreEqual(new[] { "cat", "dog" }, KeyValuesOf(view.Schema["Key"]));
    }

    [TestMethod]
    public void Numbers_keep_their_type_as_key_values_unless_text_is_wanted()
    {
        DataViewSchema Keyed(bool asText) => _context.Transforms.Conversion
            .MapValueToKey("Key", "Size", addKeyValueAnnotationsAsText: asText).Fit(Animals).Transform(Animals).Schema;
        Assert.IsTrue(Keyed(false)["Key"].HasKeyValues(NumberDataViewType.Single));
        Assert.IsFalse(Keyed(false)["Key"].HasKeyValues());
        CollectionAssert.AreEqual(new[] { "3", "1", "0", "4" }, KeyValuesOf(Keyed(true)["Key"]));
    }

    [TestMethod]
    public void Number_of_keys_can_be_limited()
    {
        IDataView view = _context.Transforms.Conversion.MapValueToKey("Key", "Size", maximumNumberOfKeys: 2).Fit(Animals).Transform(Animals);
        CollectionAssert.AreEqual(new[] { 1u, 2u, 0u, 0u }, view.GetColumn<uint>("Key").ToArray());
    }

    [TestMethod]
    public void Keys_map_back_to_their_values()
    {
        var chain = _context.Transforms.Conversion.MapValueToKey("Key", "Name").Append(_context.Transforms.Conversion.MapKeyToValue("Back", "Key"));
        CollectionAssert.AreEqual(new[] { "dog", "ant", "", "dog" }, chain.Fit(Animals).Transform(Animals).GetColumn<string>("Back").ToArray());
        var numbers = _context.Transforms.Conversion.MapValueToKey("Key", "Size", maximumNumberOfKeys: 2)
            .Append(_context.Transforms.Conversion.MapKeyToValue("Back", "Key"));
        CollectionAssert.AreEqual(new[] { 3f, 1, float.NaN, float.NaN }, numbers.Fit(Animals).Transform(Animals).GetColumn<float>("Back").ToArray());
    }

    [TestMethod]
    public void Key_without_values_cannot_be_mapped_back()
    {
        var estimator = _context.Transforms.Conversion.MapKeyToValue("Back", "Name");
        Assert.ThrowsExactly<InvalidOperationException>(() => estimator.Fit(Animals));
        var chain = _context.Transforms.CopyColumns("Copy", "Name").Append(estimator);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => chain.Fit(Animals), "A chain looks at shapes before it fits.");
    }

    [TestMethod]
    public void Copied_column_keeps_type_and_annotations()
    {
        var chain = _context.Transforms.Conversion.MapValueToKey("Key", "Name").Append(_context.Transforms.CopyColumns("Copy", "Key"));
        IDataView view = chain.Fit(Animals).Transform(Animals);
        Assert.IsTrue(view.Schema["Copy"].Type.Equals(view.Schema["Key"].Type));
        CollectionAssert.AreEqual(new[] { "dog", "ant" }, KeyValuesOf(view.Schema["Copy"]));
    }

    [TestMethod]
    public void Concatenated_scalars_name_their_slots()
    {
        var estimator = _context.Transforms.Concatenate("Features", "Size", "Weight");
        IDataView view = estimator.Fit(Animals).Transform(Animals);
        Assert.AreEqual("Vector<Single, 2>", view.Schema["Features"].Type.ToString());
        CollectionAssert.AreEqual(new[] { 4f, 20f }, view.GetColumn<float[]>("Features").Last());
        Assert.IsTrue(view.Schema["Features"].HasSlotNames());
        VBuffer<ReadOnlyMemory<char>> names = default;
        view.Schema["Features"].GetSlotNames(ref names);
        CollectionAssert.AreEqual(new[] { "Size", "Weight" }, names.DenseValues().Select(name => name.ToString()).ToArray());
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _context.Transforms.Concatenate("X", "Size", "Name").Fit(Animals).Transform(Animals));
    }

    [TestMethod]
    public void Columns_are_kept_in_the_order_asked_for_or_dropped_by_name()
    {
        IDataView kept = _context.Transforms.SelectColumns("Weight", "Name").Fit(Animals).Transform(Animals);
        CollectionAssert.AreEqual(new[] { "Weight", "Name" }, kept.Schema.Select(column => column.Name).ToArray());
        CollectionAssert.AreEqual(new[] { 10f, 0, 0, 20 }, kept.GetColumn<float>("Weight").ToArray());
        IDataView rest = _context.Transforms.DropColumns("Size").Fit(Animals).Transform(Animals);
        Assert.IsNull(rest.Schema.GetColumnOrNull("Size"));
        Assert.AreEqual(2, rest.Schema.Count);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _context.Transforms.DropColumns("Nothing").Fit(Animals));
    }

    [TestMethod]
    public void Types_convert_element_by_element()
    {
        IDataView view = _context.Transforms.Conversion.ConvertType("D", "Size", DataKind.Double).Fit(Animals).Transform(Animals);
        CollectionAssert.AreEqual(new[] { 3d, 1, 0, 4 }, view.GetColumn<double>("D").ToArray());
        IDataView text = _context.Transforms.Conversion.ConvertType("T", "Size", DataKind.String).Fit(Animals).Transform(Animals);
        CollectionAssert.AreEqual(new[] { "3", "1", "0", "4" }, text.GetColumn<string>("T").ToArray());
    }

    [TestMethod]
    public void Values_are_looked_up_and_unknown_ones_become_the_default()
    {
        KeyValuePair<string, int>[] legs = [new("dog", 4), new("ant", 6)];
        IDataView view = _context.Transforms.Conversion.MapValue("Legs", legs, "Name").Fit(Animals).Transform(Animals);
        CollectionAssert.AreEqual(new[] { 4, 6, 0, 4 }, view.GetColumn<int>("Legs").ToArray());
    }

    [TestMethod]
    public void Missing_input_column_is_named()
    {
        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _context.Transforms.Conversion.MapValueToKey("Key", "Nothing").Fit(Animals));
        StringAssert.Contains(error.Message, "Could not find input column 'Nothing'");
    }
}
