using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Numerics;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Data;

[TestClass]
public sealed class RowOrderTests
{
    private static readonly int[] Rows = [.. Enumerable.Range(0, 100)];

    [TestMethod]
    [DataRow(1)]
    [DataRow(7)]
    [DataRow(100)]
    [DataRow(1000)]
    public void Every_row_comes_once_and_never_from_beyond_the_window(int window)
    {
        int[] order = RowOrder.Shuffle(Rows, window, new SeededRandom(2));
        CollectionAssert.AreEquivalent(Rows, order);
        for (int place = 0; place < order.Length; place++) Assert.IsLessThan(place + window, order[place]);
        if (window == 1) CollectionAssert.AreEqual(Rows, order);
        CollectionAssert.AreEqual(order, RowOrder.Shuffle(Rows, window, new SeededRandom(2)));
        if (window > 1) CollectionAssert.AreNotEqual(order, RowOrder.Shuffle(Rows, window, new SeededRandom(3)));
    }

    [TestMethod]
    public void Whole_window_shuffles_evenly()
    {
        var random = new SeededRandom(5);
        int[,] counts = new int[6, 6];
        for (int i = 0; i < 12_000; i++)
        {
            int[] order = RowOrder.Shuffle(Rows.AsSpan(0, 6), 6, random);
            for (int place = 0; place < 6; place++) counts[place, order[place]]++;
        }
        foreach (int count in counts) Assert.AreEqual(2000, count, 5 * Math.Sqrt(2000));
    }

    [TestMethod]
    public void Chosen_rows_are_different_and_at_most_all()
    {
        int[] rows = RowOrder.Choose(50, 20, new SeededRandom(1));
        Assert.HasCount(20, rows.Distinct());
        Assert.IsTrue(rows.All(row => row is >= 0 and < 50));
        CollectionAssert.AreEqual(Rows[..50], RowOrder.Choose(50, 99, new SeededRandom(1)));
    }
}
