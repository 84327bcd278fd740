using Microsoft.ML.Continual.Samples.Datasets;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Samples.Datasets;

[TestClass]
public sealed class NumpyPermutationTests
{
    // The first and last classes that NumPy 1.24.2 gives, as NSP²'s experiments use them.
    [TestMethod]
    [DataRow(100, 2024, "55 17 75 11 2 29 49 48 41 45", "46 70 72 8 16 36 89 86")]
    [DataRow(100, 2025, "79 92 13 3 76 63 64 88 48 38", "9 29 12 95 37 7 91")]
    [DataRow(200, 2024, "192 54 163 105 170 138 69 57 36 61", "72 103 8 114 99 144 164 86")]
    [DataRow(200, 2026, "54 93 198 2 119 60 47 182 16 111", "40 26 95 115 103 191 4 170")]
    [DataRow(7, 5, "1 4 2 3 6", "")]
    public void The_order_is_that_of_NumPy(int count, int seed, string first, string last)
    {
        int[] order = NumpyPermutation.Shuffle(count, seed);
        string text = string.Join(' ', order);
        StringAssert.StartsWith(text, first);
        StringAssert.EndsWith(text, last);
        CollectionAssert.AreEquivalent(Enumerable.Range(0, count).ToArray(), order);
    }
}
