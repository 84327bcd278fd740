namespace Microsoft.ML.Continual.Checkpoints;

/// <summary>Files that appear under their name only when they are complete and on the disk.</summary>
internal static class AtomicFile
{
    /// <summary>What the name of the kept file before ends with.</summary>
    public const string PreviousSuffix = ".previous";

    private const string TemporarySuffix = ".tmp";

    /// <summary>The file that <see cref="Write"/> keeps beside a file.</summary>
    public static string PreviousOf(string path) => path + PreviousSuffix;

    /// <summary>Writes beside the file, flushes to the disk, then renames. Whatever fails, the old file is untouched and nothing is left of the new one.</summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <param name="write">Writes the content.</param>
    /// <param name="keep">Whether the file that is replaced is a good one, to be kept as <see cref="PreviousOf"/>.</param>
    public static void Write(string path, Action<Stream> write, Func<bool>? keep = null)
    {
        // A fixed name: what a killed process leaves is overwritten by the next, and does not pile up.
        string temporary = path + TemporarySuffix;
        try
        {
            var file = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None);   // fails while another writer has it open, and leaves it to that one
            try
            {
                using (file)
                {
                    write(file);
                    file.Flush(flushToDisk: true);
                }
                // Replace links the old file to its second name before it renames: there is a file under the name at every moment.
                if (keep is not null && File.Exists(path) && keep()) File.Replace(temporary, path, PreviousOf(path));
                else File.Move(temporary, path, overwrite: true);
            }
            catch
            {
                TryDelete(temporary);
                throw;
            }
        }
        // A full disk; .NET reports a file beyond the system's or the user's limit as an argument that is out of range.
        catch (Exception e) when (e.GetType() == typeof(IOException) || e is ArgumentOutOfRangeException)
        {
            throw new IOException($"'{path}' could not be written; what was there before is unchanged. {e.Message}", e);
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The failure that led here is the one to report.
        }
    }
}
