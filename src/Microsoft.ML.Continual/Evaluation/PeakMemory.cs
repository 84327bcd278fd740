using System.Globalization;

namespace Microsoft.ML.Continual.Evaluation;

/// <summary>The most memory that the process held at a time. Linux can start the count anew for each run; elsewhere it is that of the process's whole life.</summary>
internal static class PeakMemory
{
    /// <summary>Starts the count anew, where the system can.</summary>
    public static void Restart()
    {
        try
        {
            if (OperatingSystem.IsLinux()) File.WriteAllText("/proc/self/clear_refs", "5");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Some containers forbid it: the peak is then the process's.
        }
    }

    /// <summary>Bytes of the host's memory, device memory not counted.</summary>
    public static long Read()
    {
        const string Key = "VmHWM:";
        try
        {
            if (OperatingSystem.IsLinux() && File.ReadLines("/proc/self/status").FirstOrDefault(line => line.StartsWith(Key, StringComparison.Ordinal)) is { } line)
                return 1024 * long.Parse(line[Key.Length..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            // The runtime's own count is next.
        }
        using var process = System.Diagnostics.Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }
}
