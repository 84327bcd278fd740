using Microsoft.ML.Continual.Backbones.Clip;
using Microsoft.ML.Continual.Testing.Golden;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Golden;

[TestClass, TestCategory("Golden")]
public sealed class ClipTokenizerGoldenTests
{
    public static IEnumerable<object[]> Cases => GoldenFolder.Rows("clip-tokenizer-");

    [TestMethod, DynamicData(nameof(Cases))]
    public void The_tokenizer_matches_the_published_code(string name)
    {
        using GoldenCase golden = GoldenCase.Open(name);
        using DisposeScope scope = NewDisposeScope();
        string[] texts = [.. golden.Root.GetProperty("texts").EnumerateArray().Select(text => text.GetString()!)];
        ClipTokenizer? tokenizer = ClipVocabularyFile.For(texts, out string whyNot);
        if (tokenizer is null) Assert.Inconclusive(whyNot);
        int length = golden.Int("context_length");
        List<IReadOnlyList<int>> ids = [.. texts.Select(tokenizer.Encode)];
        foreach (IReadOnlyList<int> row in ids)
        {
            Assert.AreEqual(golden.Int("start"), row[0]);
            Assert.AreEqual(golden.Int("end"), row[^1]);
        }
        ids.Add(new int[length]);   // pads all to the full length
        golden.Check("tokenized", ClipModel.Pad(ids, CPU).narrow(0, 0, texts.Length));
        golden.Finish();
    }
}
