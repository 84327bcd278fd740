namespace Microsoft.ML.Continual.Backbones.Clip;

/// <summary>Turns text into the token ids that a text tower was trained with.</summary>
public interface ITextTokenizer
{
    /// <summary>The number of tokens it can give; ids are 0 … size − 1.</summary>
    int VocabularySize { get; }

    /// <summary>The ids of a text, from the start token to the end token, however many they are. The end token has the largest id of all.</summary>
    /// <param name="text">Any text.</param>
    IReadOnlyList<int> Encode(string text);
}
