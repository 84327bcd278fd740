using Microsoft.ML.Data;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.MlNet;

/// <summary>
/// What this repository relies on of ML.NET's custom mappings, among it the public way to shapes of columns with annotations. Holds against
/// the packages and the stand-in alike.
/// </summary>
[TestClass]
public sealed class CustomMappingTests
{
    private sealed class None
    {
    }

    private sealed class Input
    {
        public float Size { get; set; }
    }

    private sealed class Output
    {
        public float Twice { get; set; }

        [KeyType(10)]
        public uint Bucket { get; set; }
    }

    private sealed class Scored
    {
        public VBuffer<float> Score { get; set; }

        public uint PredictedLabel { get; set; }
    }

    private readonly MLContext _context = new(1);

    private IDataView Inputs => _context.Data.LoadFromEnumerable(new[] { new Input { Size = 1 }, new Input { Size = 3 } });

    [TestMethod]
    public void Action_fills_columns_row_by_row_and_once_a_row()
    {
        int calls = 0;
        var transformer = _context.Transforms.CustomMapping<Input, Output>(
            (from, to) =>
            {
                Interlocked.Increment(ref calls);
                to.Twice = 2 * from.Size;
                to.Bucket = (uint)from.Size;
            },
            contractName: null).Fit(Inputs);
        IDataView view = transformer.Transform(Inputs);
        Assert.AreEqual(0, calls, "Nothing is computed before it is read.");
        Assert.AreEqual("Key<UInt32, 0-9>", view.Schema["Bucket"].Type.ToString());

        using DataViewRowCursor cursor = view.GetRowCursor(view.Schema);
        ValueGetter<float> twice = cursor.GetGetter<float>(view.Schema["Twice"]);
        ValueGetter<uint> bucket = cursor.GetGetter<uint>(view.Schema["Bucket"]);
        var rows = new List<(float, uint)>();
        while (cursor.MoveNext())
        {
            float number = 0;
            uint key = 0;
            twice(ref number);
            bucket(ref key);
            rows.Add((number, key));
        }
        CollectionAssert.AreEqual(new[] { (2f, 2u), (6f, 4u) }, rows);
        Assert.AreEqual(2, calls);
    }

    [TestMethod]
    public void Columns_that_nobody_reads_are_not_computed()
    {
        int calls = 0;
        IDataView view = _context.Transforms.CustomMapping<Input, Output>((_, _) => Interlocked.Increment(ref calls), contractName: null).Fit(Inputs).Transform(Inputs);
        CollectionAssert.AreEqual(new[] { 1f, 3f }, view.GetColumn<float>("Size").ToArray());
        Assert.AreEqual(0, calls);
    }

    [TestMethod]
    public void Missing_input_is_named_before_any_row_is_read()
    {
        var estimator = _context.Transforms.CustomMapping<Input, Output>((_, _) => { }, contractName: null);
        IDataView other = _context.Data.LoadFromEnumerable(new[] { new Output() });
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => estimator.Fit(other)).Message, "Size");
        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => estimator.GetOutputSchema(new SchemaShape([])));
        StringAssert.Contains(error.Message, "Could not find input column 'Size'");
    }

    [TestMethod]
    public void Output_definition_gives_shapes_of_any_type_and_annotation()
    {
        SchemaDefinition definition = SchemaDefinition.Create(typeof(Scored));
        SchemaDefinition.Column score = definition["Score"];
        score.ColumnName = "S";
        score.ColumnType = new VectorDataViewType(NumberDataViewType.Single, 2);
        var names = new VBuffer<ReadOnlyMemory<char>>(2, ["a".AsMemory(), "b".AsMemory()]);
        score.AddAnnotation("SlotNames", names, new VectorDataViewType(TextDataViewType.Instance, 2));
        score.AddAnnotation("ScoreColumnKind", "MulticlassClassification".AsMemory(), TextDataViewType.Instance);
        score.AddAnnotation("ScoreColumnSetId", 1u, new KeyDataViewType(typeof(uint), int.MaxValue));
        SchemaDefinition.Column predicted = definition["PredictedLabel"];
        predicted.ColumnType = new KeyDataViewType(typeof(uint), 2);
        predicted.AddAnnotation("KeyValues", names, new VectorDataViewType(TextDataViewType.Instance, 2));

        SchemaShape shape = _context.Transforms.CustomMapping<None, Scored>((_, _) => { }, null, null, definition).GetOutputSchema(new SchemaShape([]));

        SchemaShape.Column scoreShape = shape.Single(column => column.Name == "S");
        Assert.AreEqual(SchemaShape.Column.VectorKind.Vector, scoreShape.Kind);
        Assert.AreSame(NumberDataViewType.Single, scoreShape.ItemType);
        Assert.IsFalse(scoreShape.IsKey);
        CollectionAssert.AreEquivalent(new[] { "SlotNames", "ScoreColumnKind", "ScoreColumnSetId" }, scoreShape.Annotations.Select(column => column.Name).ToArray());
        Assert.IsTrue(scoreShape.Annotations.Single(column => column.Name == "ScoreColumnSetId").IsKey);
        SchemaShape.Column predictedShape = shape.Single(column => column.Name == "PredictedLabel");
        Assert.IsTrue(predictedShape.IsKey);
        Assert.AreSame(NumberDataViewType.UInt32, predictedShape.ItemType);
        Assert.AreEqual(SchemaShape.Column.VectorKind.Vector, predictedShape.Annotations.Single(column => column.Name == "KeyValues").Kind);
    }

    [TestMethod]
    public void Vector_member_without_a_size_takes_any_vector()
    {
        SchemaDefinition definition = SchemaDefinition.Create(typeof(Scored));
        definition["PredictedLabel"].ColumnType = new KeyDataViewType(typeof(uint), 2);
        SchemaShape shape = _context.Transforms.CustomMapping<None, Scored>((_, _) => { }, null, null, definition).GetOutputSchema(new SchemaShape([]));
        Assert.AreEqual(SchemaShape.Column.VectorKind.VariableVector, shape.Single(column => column.Name == "Score").Kind);
    }

    [TestMethod]
    public void Predicate_drops_the_rows_for_which_it_is_true()
    {
        IDataView view = _context.Data.FilterByCustomPredicate<Input>(Inputs, row => row.Size > 2);
        CollectionAssert.AreEqual(new[] { 1f }, view.GetColumn<float>("Size").ToArray());
    }
}
