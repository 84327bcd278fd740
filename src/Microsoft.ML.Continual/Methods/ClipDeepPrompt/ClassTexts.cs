using Microsoft.ML.Continual.Backbones.Clip;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.ClipDeepPrompt;

/// <summary>The frozen text classifier: a feature for each class, the mean over templates.</summary>
internal static class ClassTexts
{
    public const string Placeholder = "{}";

    /// <summary>Features of class names, of unit length: [names, E] float32 on the model's device.</summary>
    /// <exception cref="ArgumentException">A text is longer than the text tower takes; the message names the class.</exception>
    public static Tensor Features(ClipModel clip, IReadOnlyList<string> names, IReadOnlyList<string> templates)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        var features = new List<Tensor>();
        foreach (string name in names)
        {
            using DisposeScope inner = NewDisposeScope();
            string words = name.Replace('_', ' ');
            IReadOnlyList<int>[] ids = [.. templates.Select(template => clip.Tokenizer!.Encode(template.Replace(Placeholder, words, StringComparison.Ordinal)))];
            if (ids.FirstOrDefault(text => text.Count > clip.Config.ContextLength) is { } longest)
                throw new ArgumentException($"The class '{name}': a text has {longest.Count} tokens; expected at most {clip.Config.ContextLength}, as the text tower takes. " +
                    $"Give a shorter name ({nameof(ClipDeepPromptOptions.ClassNames)}) or shorter {nameof(ClipDeepPromptOptions.Templates)}.", nameof(ClipDeepPromptOptions.ClassNames));
            Tensor texts = Unit(clip.EncodeTexts(ClipModel.Pad(ids, clip.Device)));   // [templates, E]
            features.Add(Unit(texts.mean([0], true)).MoveToOuterDisposeScope());      // [1, E]
        }
        return cat(features, 0).MoveToOuterDisposeScope();
    }

    /// <summary>Rows of unit length, float32 whatever the backbone's type.</summary>
    public static Tensor Unit(Tensor v)
    {
        Tensor wide = v.dtype == ScalarType.Float64 ? v : v.to(ScalarType.Float32);
        return wide * wide.square().sum(-1, true).rsqrt();
    }
}
