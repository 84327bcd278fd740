using Microsoft.ML.Continual.Backbones.Clip;
using Microsoft.ML.Continual.Tasks;

namespace Microsoft.ML.Continual.Methods.ClipPrompt;

/// <summary>Makes the texts of classes: names from labels, and token ids from names.</summary>
internal static class ClipTexts
{
    /// <summary>The names of a task's classes: what the options say, else the labels themselves where they are text.</summary>
    /// <exception cref="ArgumentException">A class has no name; the message names its label.</exception>
    public static IReadOnlyList<string> NamesOf(MethodTask task, IDictionary<string, string> given)
    {
        ClassRegistry labels = task.Labels ?? throw new ArgumentException($"The task has no label values ({nameof(MethodTask)}.{nameof(MethodTask.Labels)}), and CLIP needs names of its classes.", nameof(task));
        IReadOnlyList<string> texts = labels.Names;
        IReadOnlyList<object> values = labels.Values;
        return [.. task.Classes.Select(c => given.TryGetValue(texts[c], out string? name) ? name : values[c] as string
            ?? throw new ArgumentException($"Option {nameof(ClipPromptOptions.ClassNames)}: expected a name for the class {texts[c]}, whose label is a number; found none.", nameof(ClipPromptOptions.ClassNames)))];
    }

    /// <summary>A task with the token ids of its texts.</summary>
    /// <param name="clip">The backbone, with a tokeniser.</param>
    /// <param name="classes">Class indices.</param>
    /// <param name="names">Their names.</param>
    /// <param name="contextLength">The number n of tokens that the context stands for.</param>
    /// <exception cref="ArgumentException">A text is longer than the text tower takes; the message names the class.</exception>
    public static ClipTask Make(ClipModel clip, IReadOnlyList<int> classes, IReadOnlyList<string> names, int contextLength)
    {
        int longest = clip.Config.ContextLength;
        string placeholders = string.Concat(Enumerable.Repeat("X ", contextLength));
        var ids = new IReadOnlyList<int>[names.Count];
        for (int i = 0; i < ids.Length; i++)
        {
            ids[i] = clip.Tokenizer!.Encode($"{placeholders}{names[i].Replace('_', ' ')}.");
            if (ids[i].Count > longest)
                throw new ArgumentException($"The class '{names[i]}': its text has {ids[i].Count} tokens, {contextLength} of them for the context; expected at most {longest}, as the text tower takes. " +
                    $"Give a shorter name ({nameof(ClipPromptOptions.ClassNames)}) or a smaller {nameof(ClipPromptOptions.ContextLength)}.", nameof(ClipPromptOptions.ClassNames));
        }
        return new ClipTask(classes, names, ids);
    }
}
