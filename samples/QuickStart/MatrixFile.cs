using System.Text.Json;
using Microsoft.ML.Continual.Evaluation;

namespace Microsoft.ML.Continual.Samples.QuickStart;

/// <summary>Accuracies for programs to read and compare: every digit, no times.</summary>
internal static class MatrixFile
{
    /// <summary>Writes the matrix of each run by its name: row j after task j, column i for the test images of task i.</summary>
    public static void Write(string path, IReadOnlyList<SequenceResult> runs) => File.WriteAllText(path, JsonSerializer.Serialize(
        runs.ToDictionary(run => run.Name, run => Enumerable.Range(0, run.Matrix.TaskCount).Select(run.Matrix.Row).ToArray()), new JsonSerializerOptions { WriteIndented = true }) + "\n");
}
