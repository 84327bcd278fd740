using System.Text;
using Microsoft.ML.Continual.Evaluation.Report;

namespace Microsoft.ML.Continual.Evaluation;

/// <summary>Writes runs as one HTML page that a person can read anywhere: tables, curves, matrices, audits and the configuration behind each number.</summary>
public static class ContinualReport
{
    /// <summary>Writes the page; an existing file is replaced only once the new one is complete.</summary>
    /// <param name="path">The file to write; its folder is made when absent.</param>
    /// <param name="title">The page's heading.</param>
    /// <param name="runs">The runs to compare, in the order to show; at least one.</param>
    /// <returns>The file's full path.</returns>
    /// <exception cref="ArgumentException">There are no runs, or one of them learned no task.</exception>
    public static string Write(string path, string title, IReadOnlyList<SequenceResult> runs)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string page = Render(title, runs);
        string target = Path.GetFullPath(path);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        string temporary = target + ".tmp";
        File.WriteAllText(temporary, page, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        File.Move(temporary, target, overwrite: true);
        return target;
    }

    /// <summary>The page as text.</summary>
    /// <exception cref="ArgumentException">There are no runs, or one of them learned no task.</exception>
    public static string Render(string title, IReadOnlyList<SequenceResult> runs)
    {
        ArgumentNullException.ThrowIfNull(title);
        ArgumentNullException.ThrowIfNull(runs);
        if (runs.Count == 0) throw new ArgumentException("A report needs at least one run.", nameof(runs));
        if (runs.FirstOrDefault(r => r.Matrix.TaskCount == 0) is { } empty)
            throw new ArgumentException($"Run '{empty.Name}' has learned no task.", nameof(runs));
        return HtmlReport.Render(title, runs);
    }
}
