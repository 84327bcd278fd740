using System.Text.Json.Nodes;
using Microsoft.ML.Continual.Tasks;
using Microsoft.ML.Data;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Tasks;

[TestClass]
public sealed class ClassRegistryTests
{
    private readonly MLContext _mlContext = new(seed: 1);

    [TestMethod]
    public void Index_once_given_never_changes_while_the_registry_grows()
    {
        var registry = new ClassRegistry();
        Assert.AreEqual(0, registry.Add("zebra"));
        Assert.AreEqual(1, registry.Add("ant"));
        Assert.AreEqual(0, registry.Add("zebra"));
        Assert.AreEqual(2, registry.Add("bee".AsMemory()));
        Assert.AreEqual(1, registry.IndexOf("ant"));
        Assert.AreEqual(2, registry.IndexOf("bee".AsMemory()));
        Assert.AreEqual(-1, registry.IndexOf("Ant"));
        CollectionAssert.AreEqual(new[] { "zebra", "ant", "bee" }, registry.Names.ToArray());
        Assert.AreEqual(TextDataViewType.Instance, registry.ValueType);
    }

    [TestMethod]
    public void Snapshot_does_not_see_later_classes_and_refuses_new_ones()
    {
        var registry = new ClassRegistry();
        registry.Add(3);
        ClassRegistry frozen = registry.Freeze(), copy = registry.Clone();
        registry.Add(4);
        copy.Add(5);
        Assert.AreEqual(1, frozen.Count);
        Assert.AreEqual(0, frozen.Add(3));   // known: nothing to change
        Assert.ThrowsExactly<InvalidOperationException>(() => frozen.Add(4));
        Assert.AreEqual(1, frozen.Count);
        Assert.AreEqual(-1, registry.IndexOf(5));
    }

    [TestMethod]
    [DataRow("", DisplayName = "empty text")]
    [DataRow(float.NaN, DisplayName = "NaN")]
    [DataRow(double.NaN, DisplayName = "NaN (double)")]
    [DataRow('c', DisplayName = "neither text nor number")]
    public void Missing_or_foreign_value_is_refused_and_changes_nothing(object value)
    {
        var registry = new ClassRegistry();
        Assert.ThrowsExactly<ArgumentException>(() => registry.Add(value));
        Assert.AreEqual(0, registry.Count);
        Assert.IsNull(registry.ValueType);
    }

    [TestMethod]
    public void Value_of_another_type_is_refused()
    {
        var registry = new ClassRegistry();
        registry.Add(1);
        var error = Assert.ThrowsExactly<ArgumentException>(() => registry.Add("1"));
        StringAssert.Contains(error.Message, "Int32");
        StringAssert.Contains(error.Message, "Text");
        Assert.AreEqual(-1, registry.IndexOf(1L));
        Assert.AreEqual(1, registry.Count);
    }

    [TestMethod]
    public void Json_brings_back_the_very_values_of_every_type()
    {
        object[][] lists =
        [
            ["b", "a", " ", "é\u0001\"\\", "10"], [(sbyte)-128], [byte.MaxValue], [short.MinValue], [ushort.MaxValue], [int.MinValue, 0], [uint.MaxValue],
            [long.MinValue, long.MaxValue], [ulong.MaxValue], [0.1f, float.Epsilon, float.MaxValue, float.PositiveInfinity, -1f / 3], [0.1, double.Epsilon, double.MinValue, Math.PI],
        ];
        foreach (object[] values in lists)
        {
            var registry = new ClassRegistry();
            foreach (object value in values) registry.Add(value);
            ClassRegistry back = ClassRegistry.FromJson(JsonNode.Parse(registry.ToJson().ToJsonString()));
            CollectionAssert.AreEqual(values, back.Values.ToArray());
            Assert.AreEqual(registry.ValueType, back.ValueType);
        }
        Assert.AreEqual(0, ClassRegistry.FromJson(JsonNode.Parse(new ClassRegistry().ToJson().ToJsonString())).Count);
    }

    [TestMethod]
    [DataRow("null")]
    [DataRow("[]")]
    [DataRow("""{"type":"Text"}""")]
    [DataRow("""{"type":"Colour","values":["red"]}""")]
    [DataRow("""{"type":"Int32","values":["x"]}""")]
    [DataRow("""{"type":"Int32","values":[1]}""")]
    [DataRow("""{"type":"Int32","values":["1","01"]}""")]
    [DataRow("""{"type":"Text","values":["a","b","a"]}""")]
    [DataRow("""{"type":"Text","values":[""]}""")]
    [DataRow("""{"type":null,"values":["a"]}""")]
    public void Json_that_is_no_registry_is_refused(string json) =>
        Assert.ThrowsExactly<InvalidDataException>(() => ClassRegistry.FromJson(JsonNode.Parse(json)));

    [TestMethod]
    public void Key_values_annotation_has_the_labels_in_their_own_type()
    {
        var registry = new ClassRegistry();
        registry.Add(30L);
        registry.Add(-7L);
        DataViewSchema.Column column = ColumnWith(builder => registry.AddKeyValuesTo(builder));
        VBuffer<long> values = default;
        column.GetKeyValues(ref values);
        CollectionAssert.AreEqual(new[] { 30L, -7L }, values.DenseValues().ToArray());
        registry.Add(8L);
        column.GetKeyValues(ref values);
        Assert.AreEqual(2, values.Length, "The annotation changed with the registry.");
        VBuffer<ReadOnlyMemory<char>> names = default;
        ColumnWith(registry.AddSlotNamesTo).GetSlotNames(ref names);
        CollectionAssert.AreEqual(new[] { "30", "-7", "8" }, names.DenseValues().Select(name => name.ToString()).ToArray());
        Assert.ThrowsExactly<InvalidOperationException>(() => ColumnWith(builder => new ClassRegistry().AddKeyValuesTo(builder)));

        static DataViewSchema.Column ColumnWith(Action<DataViewSchema.Annotations.Builder> add)
        {
            var annotations = new DataViewSchema.Annotations.Builder();
            add(annotations);
            DataViewSchema.Annotations made = annotations.ToAnnotations();
            var schema = new DataViewSchema.Builder();
            DataViewType type = made.Schema[0].Name == "KeyValues" ? new KeyDataViewType(typeof(uint), 2) : new VectorDataViewType(NumberDataViewType.Single, 3);
            schema.AddColumn("Column", type, made);
            return schema.ToSchema()[0];
        }
    }

    [TestMethod]
    public void Keys_fitted_anew_on_each_task_are_the_classes_of_their_values()
    {
        var registry = new ClassRegistry();
        int[][] indices = [.. new[] { new[] { "cat", "dog" }, ["eel", "cat"], ["fox"] }.Select(labels =>
        {
            IDataView view = Rows.Of(_mlContext, labels);
            IDataView keys = _mlContext.Transforms.Conversion.MapValueToKey("Label").Fit(view).Transform(view);
            return Rows.LabelsOf(keys).Select(label => registry.Add(label!)).ToArray();
        })];
        CollectionAssert.AreEqual(new[] { 0, 1 }, indices[0]);
        CollectionAssert.AreEqual(new[] { 2, 0 }, indices[1]);
        CollectionAssert.AreEqual(new[] { 3 }, indices[2]);
    }

    [TestMethod]
    public void Key_data_makes_MapValueToKey_number_as_the_registry_does()
    {
        var registry = new ClassRegistry();
        foreach (string name in new[] { "dog", "cat", "ape" }) registry.Add(name);
        IDataView view = Rows.Of(_mlContext, "ape", "dog", "cat");
        IDataView keys = _mlContext.Transforms.Conversion.MapValueToKey("Key", "Label", keyData: registry.ToKeyData(_mlContext)).Fit(view).Transform(view);
        DataViewSchema.Column column = keys.Schema["Key"];
        var raw = new List<uint>();
        using DataViewRowCursor cursor = keys.GetRowCursor([column]);
        ValueGetter<uint> getter = cursor.GetGetter<uint>(column);
        for (uint key = 0; cursor.MoveNext(); raw.Add(key)) getter(ref key);
        CollectionAssert.AreEqual(new uint[] { 3, 1, 2 }, raw);
    }
}
