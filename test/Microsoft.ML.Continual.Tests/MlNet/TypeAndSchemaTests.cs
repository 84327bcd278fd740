using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.MlNet;

/// <summary>What this repository relies on of ML.NET's types and schemas. Holds against the packages and the stand-in alike.</summary>
[TestClass]
public sealed class TypeAndSchemaTests
{
    [TestMethod]
    public void Later_column_of_a_name_hides_the_earlier_one()
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumn("A", NumberDataViewType.Single);
        builder.AddColumn("A", TextDataViewType.Instance);
        DataViewSchema schema = builder.ToSchema();

        Assert.HasCount(2, schema);
        Assert.IsTrue(schema[0].IsHidden);
        Assert.IsFalse(schema[1].IsHidden);
        Assert.AreEqual(1, schema["A"].Index);
        Assert.IsNull(schema.GetColumnOrNull("B"));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => schema["B"]);
    }

    [TestMethod]
    public void Types_compare_by_what_they_say()
    {
        Assert.IsTrue(new KeyDataViewType(typeof(uint), 10).Equals(new KeyDataViewType(typeof(uint), 10UL)));
        Assert.IsFalse(new KeyDataViewType(typeof(uint), 10).Equals(new KeyDataViewType(typeof(uint), 11)));
        Assert.IsFalse(new KeyDataViewType(typeof(uint), 10).Equals(NumberDataViewType.UInt32));
        Assert.IsTrue(new VectorDataViewType(NumberDataViewType.Byte, 3, 4).Equals(new VectorDataViewType(NumberDataViewType.Byte, 3, 4)));
        Assert.IsFalse(new VectorDataViewType(NumberDataViewType.Byte, 3, 4).Equals(new VectorDataViewType(NumberDataViewType.Byte, 12)));
        Assert.IsTrue(new ImageDataViewType(2, 3).Equals(new ImageDataViewType(2, 3)));
        Assert.IsFalse(new ImageDataViewType(2, 3).Equals(new ImageDataViewType()));
    }

    [TestMethod]
    public void Types_name_themselves()
    {
        Assert.AreEqual("Key<UInt32, 0-9>", new KeyDataViewType(typeof(uint), 10).ToString());
        Assert.AreEqual("Vector<Single, 4>", new VectorDataViewType(NumberDataViewType.Single, 4).ToString());
        Assert.AreEqual("Vector<Single>", new VectorDataViewType(NumberDataViewType.Single).ToString());
        Assert.AreEqual("Vector<Byte, 3, 8, 8>", new VectorDataViewType(NumberDataViewType.Byte, 3, 8, 8).ToString());
        Assert.AreEqual("String", TextDataViewType.Instance.ToString());
        Assert.AreEqual("Image<2, 3>", new ImageDataViewType(2, 3).ToString());
    }

    [TestMethod]
    public void Vector_without_a_size_is_of_unknown_size()
    {
        var type = new VectorDataViewType(NumberDataViewType.Single);
        Assert.IsFalse(type.IsKnownSize);
        Assert.AreEqual(0, type.Size);
        Assert.AreEqual(typeof(VBuffer<float>), type.RawType);
        Assert.AreEqual(24, new VectorDataViewType(NumberDataViewType.Single, 2, 3, 4).Size);
    }

    [TestMethod]
    public void Key_needs_an_unsigned_type_and_a_category()
    {
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new KeyDataViewType(typeof(int), 3));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new KeyDataViewType(typeof(uint), 0UL));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new KeyDataViewType(typeof(byte), 256UL));
    }

    [TestMethod]
    public void Annotations_give_back_what_was_added()
    {
        var values = new VBuffer<ReadOnlyMemory<char>>(2, ["cat".AsMemory(), "dog".AsMemory()]);
        var annotations = new DataViewSchema.Annotations.Builder();
        annotations.Add("KeyValues", new VectorDataViewType(TextDataViewType.Instance, 2), (ref VBuffer<ReadOnlyMemory<char>> value) => values.CopyTo(ref value));
        annotations.AddPrimitiveValue("Flag", BooleanDataViewType.Instance, true);
        var builder = new DataViewSchema.Builder();
        builder.AddColumn("Label", new KeyDataViewType(typeof(uint), 2), annotations.ToAnnotations());
        builder.AddColumn("Other", new KeyDataViewType(typeof(uint), 3), annotations.ToAnnotations());
        DataViewSchema schema = builder.ToSchema();

        Assert.IsTrue(schema["Label"].HasKeyValues());
        Assert.IsFalse(schema["Label"].HasKeyValues(NumberDataViewType.Single), "The values are text.");
        Assert.IsFalse(schema["Other"].HasKeyValues(), "Two values do not name three keys.");
        VBuffer<ReadOnlyMemory<char>> read = default;
        schema["Label"].GetKeyValues(ref read);
        CollectionAssert.AreEqual(new[] { "cat", "dog" }, read.DenseValues().Select(text => text.ToString()).ToArray());
        bool flag = false;
        schema["Label"].Annotations.GetValue("Flag", ref flag);
        Assert.IsTrue(flag);
        Assert.ThrowsExactly<InvalidOperationException>(() => schema["Label"].Annotations.GetValue("None", ref flag));
    }

    [TestMethod]
    public void Annotation_of_another_raw_type_is_refused()
    {
        var annotations = new DataViewSchema.Annotations.Builder();
        Assert.ThrowsExactly<ArgumentException>(() => annotations.AddPrimitiveValue("Flag", BooleanDataViewType.Instance, 1f));
    }

    [TestMethod]
    public void Sparse_vector_reads_as_its_dense_form()
    {
        var sparse = new VBuffer<float>(5, 2, [3f, 7f], [1, 4]);
        Assert.IsFalse(sparse.IsDense);
        CollectionAssert.AreEqual(new[] { 0f, 3, 0, 0, 7 }, sparse.DenseValues().ToArray());
        Assert.AreEqual(7f, sparse.GetItemOrDefault(4));
        Assert.AreEqual(0f, sparse.GetItemOrDefault(3));
        CollectionAssert.AreEqual(new[] { 1, 4 }, sparse.GetIndices().ToArray());
        CollectionAssert.AreEqual(new[] { 1, 4 }, sparse.Items().Select(item => item.Key).ToArray());
        var all = new float[6];
        sparse.CopyTo(all.AsSpan(), 1);
        CollectionAssert.AreEqual(new[] { 0f, 0, 3, 0, 0, 7 }, all);
        VBuffer<float> middle = default;
        sparse.CopyTo(ref middle, 1, 3);
        CollectionAssert.AreEqual(new[] { 3f, 0, 0 }, middle.DenseValues().ToArray());
        VBuffer<float> dense = default;
        sparse.CopyToDense(ref dense);
        Assert.IsTrue(dense.IsDense);
        CollectionAssert.AreEqual(new[] { 0f, 3, 0, 0, 7 }, dense.GetValues().ToArray());
    }

    [TestMethod]
    public void Editor_reuses_the_buffer_that_is_long_enough()
    {
        var array = new float[4];
        var buffer = new VBuffer<float>(4, array);
        VBufferEditor<float> editor = VBufferEditor.Create(ref buffer, 3);
        Assert.IsFalse(editor.CreatedNewValues);
        editor.Values[0] = 9;
        buffer = editor.Commit();
        Assert.AreEqual(3, buffer.Length);
        Assert.AreEqual(9f, array[0]);
        Assert.IsTrue(VBufferEditor.Create(ref buffer, 5).CreatedNewValues);
    }

    [TestMethod]
    public void Vector_refuses_too_few_values()
    {
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new VBuffer<float>(3, new float[2]));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new VBuffer<float>(3, 2, new float[2], [0]));
    }
}
