using Microsoft.ML.Continual.Inference;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Training;
using Microsoft.ML.Data;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Inference;

[TestClass]
public sealed class ScoringTests
{
    private readonly MLContext _mlContext = new(1);
    private readonly List<int> _scored = [];
    private readonly List<TinyImage> _rows = TinyImages.Make(5, 9, "cat", "dog");   // 10 rows, Number = row
    private ContinualTrainer _trainer = null!;
    private ContinualTransformer _model = null!;
    private ProbedView _view = null!;

    [TestInitialize]
    public void Learn()
    {
        _trainer = _mlContext.Continual().Trainer(new ColourOptions { Seed = 3, PredictionBatchSize = 4, Scored = _scored.Add });
        _model = _trainer.Fit(TinyImages.View(_mlContext, 4, 1, "cat", "dog"));
        _view = new ProbedView(_mlContext.Data.LoadFromEnumerable(_rows));
    }

    [TestCleanup]
    public void Free()
    {
        _model.Dispose();
        _trainer.Dispose();
    }

    [TestMethod]
    public void Rows_are_scored_in_blocks_and_every_row_gets_its_own_values()
    {
        float[][] alone = [.. _rows.Select(row => States.Scores(_model, _mlContext.Data.LoadFromEnumerable(new[] { row }))[0])];
        _scored.Clear();
        List<Seen> seen = Read(_model.Transform(_view).GetRowCursor(_model.Transform(_view).Schema));
        CollectionAssert.AreEqual(new[] { 4, 4, 2 }, _scored);
        Assert.HasCount(10, seen);
        for (int i = 0; i < 10; i++)
        {
            Assert.AreEqual((i, (long)i, (long)i, _rows[i].Label), (seen[i].Number, seen[i].Position, seen[i].Batch, seen[i].Text));
            Assert.AreEqual(_rows[i].Label == "cat" ? 1u : 2u, seen[i].Label);
            Assert.AreEqual(_rows[i].Image[5], seen[i].Pixel);
            for (int c = 0; c < 2; c++) Assert.AreEqual(alone[i][c], seen[i].Scores[c], 1e-6f);
            Assert.AreEqual(seen[i].Scores[0] >= seen[i].Scores[1] ? 1u : 2u, seen[i].Predicted);
        }
        Assert.HasCount(10, seen.Select(s => s.Id).ToHashSet());
        Assert.AreEqual(0, _view.OpenCursors);
    }

    [TestMethod]
    public void A_shuffled_cursor_serves_rows_that_belong_together()
    {
        IDataView scored = _model.Transform(new ProbedView(_mlContext.Data.Cache(_mlContext.Data.LoadFromEnumerable(_rows))));
        Assert.IsTrue(scored.CanShuffle);
        List<Seen> inOrder = Read(scored.GetRowCursor(scored.Schema)), shuffled = Read(scored.GetRowCursor(scored.Schema, new Random(4)));
        CollectionAssert.AreNotEqual(inOrder.Select(s => s.Number).ToArray(), shuffled.Select(s => s.Number).ToArray());
        foreach (Seen one in shuffled)
        {
            Seen same = inOrder[one.Number];
            Assert.AreEqual((same.Id, same.Label, same.Predicted, same.Pixel, same.Text), (one.Id, one.Label, one.Predicted, one.Pixel, one.Text));
            for (int c = 0; c < 2; c++) Assert.AreEqual(same.Scores[c], one.Scores[c], 1e-6f);
        }
    }

    [TestMethod]
    public void A_cursor_set_serves_each_row_once()
    {
        IDataView scored = _model.Transform(_view);
        List<Seen> whole = Read(scored.GetRowCursor(scored.Schema));
        DataViewRowCursor[] cursors = scored.GetRowCursorSet(scored.Schema, 3);
        Assert.HasCount(3, cursors);
        List<Seen>[] parts = new List<Seen>[3];
        Parallel.For(0, 3, i => parts[i] = Read(cursors[i]));
        CollectionAssert.AreEqual(new[] { 0, 3, 6, 9 }, parts[0].Select(s => s.Number).ToArray());
        CollectionAssert.AreEqual(new long[] { 0, 1, 2, 3 }, parts[0].Select(s => s.Position).ToArray());
        foreach (Seen one in parts.SelectMany(p => p))
        {
            Assert.AreEqual((whole[one.Number].Id, one.Number), (one.Id, (int)one.Batch));
            for (int c = 0; c < 2; c++) Assert.AreEqual(whole[one.Number].Scores[c], one.Scores[c], 1e-6f);
        }
        Assert.AreEqual(0, _view.OpenCursors);
    }

    [TestMethod]
    public void Nothing_is_scored_and_no_image_is_read_unless_a_score_is_wanted()
    {
        IDataView scored = _model.Transform(_view);
        using (DataViewRowCursor cursor = scored.GetRowCursor([scored.Schema["Number"], scored.Schema["Label"]]))
        {
            ValueGetter<uint> label = cursor.GetGetter<uint>(scored.Schema["Label"]);
            uint value = 0;
            Assert.IsTrue(cursor.MoveNext());
            label(ref value);
            Assert.AreEqual(1u, value);
            Assert.AreEqual(1, _view.RowsRead);   // no reading ahead either
            Assert.IsFalse(cursor.IsColumnActive(scored.Schema["Score"]));
            Assert.ThrowsExactly<InvalidOperationException>(() => cursor.GetGetter<VBuffer<float>>(scored.Schema["Score"]));
        }
        CollectionAssert.AreEqual(new[] { "Label,Number" }, _view.Asked);
        Assert.IsEmpty(_scored);

        using (DataViewRowCursor cursor = scored.GetRowCursor([scored.Schema["Score"]]))
            while (cursor.MoveNext()) continue;
        Assert.AreEqual("Image", _view.Asked[1]);
        Assert.IsEmpty(_scored);   // active, but never asked for
    }

    [TestMethod]
    public void An_exception_of_the_source_comes_at_its_row_after_the_rows_before()
    {
        var failing = new ProbedView(_mlContext.Data.LoadFromEnumerable(_rows)) { FailAt = 6 };
        IDataView scored = _model.Transform(failing);
        DataViewSchema.Column column = scored.Schema["PredictedLabel"];
        using (DataViewRowCursor cursor = scored.GetRowCursor([column]))
        {
            ValueGetter<uint> predicted = cursor.GetGetter<uint>(column);
            for (int i = 0; i < 6; i++)
            {
                Assert.IsTrue(cursor.MoveNext());
                uint key = 0;
                predicted(ref key);
                Assert.AreEqual(_rows[i].Label == "cat" ? 1u : 2u, key);
            }
            StringAssert.Contains(Assert.ThrowsExactly<IOException>(() => cursor.MoveNext()).Message, "row 6");
            Assert.IsFalse(cursor.MoveNext());
        }
        Assert.AreEqual(0, failing.OpenCursors);
    }

    [TestMethod]
    public void A_bad_image_is_named_by_its_row()
    {
        _rows[7].Image = [];
        IDataView scored = _model.Transform(_view);
        using DataViewRowCursor cursor = scored.GetRowCursor([scored.Schema["Score"]]);
        for (int i = 0; i < 7; i++) Assert.IsTrue(cursor.MoveNext());
        StringAssert.Contains(Assert.Throws<Exception>(() => cursor.MoveNext()).Message, "7");
    }

    [TestMethod]
    public void A_cursor_left_in_the_middle_stops_reading_and_frees_its_source()
    {
        IDataView scored = _model.Transform(_view);
        DataViewRowCursor cursor = scored.GetRowCursor([scored.Schema["Score"]]);
        Assert.IsTrue(cursor.MoveNext());
        cursor.Dispose();
        cursor.Dispose();
        Assert.AreEqual(0, _view.OpenCursors);
        Assert.IsTrue(_view.RowsRead <= 10);
        Assert.ThrowsExactly<ObjectDisposedException>(() => cursor.MoveNext());
        scored.GetRowCursor([scored.Schema["Score"]]).Dispose();   // never moved: nothing was started
        Assert.AreEqual(0, _view.OpenCursors);
    }

    [TestMethod]
    public void No_value_is_served_before_the_first_row_or_after_the_last()
    {
        IDataView scored = _model.Transform(_view);
        using DataViewRowCursor cursor = scored.GetRowCursor(scored.Schema);
        ValueGetter<uint> predicted = cursor.GetGetter<uint>(scored.Schema["PredictedLabel"]);
        ValueGetter<int> number = cursor.GetGetter<int>(scored.Schema["Number"]);
        uint key = 0;
        int value = 0;
        Assert.AreEqual(-1, cursor.Position);
        Assert.ThrowsExactly<InvalidOperationException>(() => predicted(ref key));
        while (cursor.MoveNext()) continue;
        Assert.ThrowsExactly<InvalidOperationException>(() => number(ref value));
        Assert.AreEqual(-1, cursor.Position);
        Assert.IsFalse(cursor.MoveNext());
        StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(() => cursor.GetGetter<float>(scored.Schema["PredictedLabel"])).Message, "PredictedLabel");
    }

    [TestMethod]
    public void An_empty_view_has_no_rows_after_scoring()
    {
        Assert.IsEmpty(States.Scores(_model, _mlContext.Data.LoadFromEnumerable(new List<TinyImage>())));
        Assert.IsEmpty(_scored);
    }

    [TestMethod]
    public void Columns_are_found_by_the_model_or_named_as_missing()
    {
        IDataView without = _mlContext.Data.LoadFromEnumerable(new[] { new Unrelated() });
        foreach (Action action in new Action[] { () => _model.Transform(without), () => _model.GetOutputSchema(without.Schema), () => _model.GetRowToRowMapper(without.Schema) })
            StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(action).Message, "'Image'");
        _model.Dispose();
        Assert.ThrowsExactly<ObjectDisposedException>(() => _model.Transform(_view));
    }

    private static List<Seen> Read(DataViewRowCursor cursor)
    {
        using (cursor)
        {
            DataViewSchema schema = cursor.Schema;
            DataViewSchema.Column hidden = schema.First(c => c.Name == "Label" && c.IsHidden);
            ValueGetter<VBuffer<float>> scores = cursor.GetGetter<VBuffer<float>>(schema["Score"]);
            ValueGetter<VBuffer<byte>> image = cursor.GetGetter<VBuffer<byte>>(schema["Image"]);
            ValueGetter<ReadOnlyMemory<char>> text = cursor.GetGetter<ReadOnlyMemory<char>>(hidden);
            ValueGetter<uint> label = cursor.GetGetter<uint>(schema["Label"]), predicted = cursor.GetGetter<uint>(schema["PredictedLabel"]);
            ValueGetter<int> number = cursor.GetGetter<int>(schema["Number"]);
            ValueGetter<DataViewRowId> id = cursor.GetIdGetter();
            var rows = new List<Seen>();
            VBuffer<float> score = default;
            VBuffer<byte> pixels = default;
            while (cursor.MoveNext())
            {
                ReadOnlyMemory<char> name = default;
                uint key = 0, best = 0;
                int count = 0;
                DataViewRowId rowId = default;
                image(ref pixels);
                scores(ref score);
                text(ref name);
                label(ref key);
                predicted(ref best);
                number(ref count);
                id(ref rowId);
                rows.Add(new Seen(count, cursor.Position, cursor.Batch, rowId, name.ToString(), key, best, pixels.GetValues()[5], [.. score.DenseValues()]));
            }
            return rows;
        }
    }

    private sealed record Seen(int Number, long Position, long Batch, DataViewRowId Id, string Text, uint Label, uint Predicted, byte Pixel, float[] Scores);

    private sealed class Unrelated
    {
        public string Label { get; set; } = "cat";
    }
}
