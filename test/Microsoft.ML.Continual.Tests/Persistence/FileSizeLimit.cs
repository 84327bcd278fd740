using System.Runtime.InteropServices;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Persistence;

/// <summary>While it lives, no file of this process can grow beyond so many bytes: what a full disk is to a writer, without root.</summary>
internal sealed partial class FileSizeLimit : IDisposable
{
    private const int FileSize = 1, TooLargeSignal = 25;   // RLIMIT_FSIZE, SIGXFSZ

    private readonly Limit _before;
    private readonly PosixSignalRegistration _signal;

    public FileSizeLimit(long bytes)
    {
        if (!OperatingSystem.IsLinux()) Assert.Inconclusive("The limit of file sizes is set as Linux has it.");
        // By default the signal ends the process; handled, the write fails.
        _signal = PosixSignalRegistration.Create((PosixSignal)TooLargeSignal, context => context.Cancel = true);
        Assert.AreEqual(0, Get(FileSize, out _before));
        Limit limit = _before with { Soft = (nuint)bytes };
        Assert.AreEqual(0, Set(FileSize, in limit));
    }

    public void Dispose()
    {
        Set(FileSize, in _before);
        _signal.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int Get(int resource, out Limit limit);

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    private static partial int Set(int resource, in Limit limit);

    [StructLayout(LayoutKind.Sequential)]
    private record struct Limit(nuint Soft, nuint Hard);
}
