using System.Runtime.InteropServices;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Persistence;

/// <summary>A folder on a disk of its own with room for so many bytes: a tmpfs, which only root may mount.</summary>
internal sealed partial class SmallDisk : IDisposable
{
    private const int DetachNow = 2;   // MNT_DETACH

    private SmallDisk(string folder) => Folder = folder;

    /// <summary>Where it is mounted.</summary>
    public string Folder { get; }

    /// <summary>Mounts one; the test is inconclusive where that is not allowed.</summary>
    /// <param name="bytes">Its size, which the system rounds up to whole pages.</param>
    public static SmallDisk Mount(long bytes)
    {
        if (!OperatingSystem.IsLinux()) Assert.Inconclusive("A small disk is a tmpfs, which only Linux has.");
        string folder = Directory.CreateTempSubdirectory("continual-disk-").FullName;
        if (NativeMount("tmpfs", folder, "tmpfs", 0, $"size={bytes}") == 0) return new SmallDisk(folder);
        int error = Marshal.GetLastPInvokeError();
        Directory.Delete(folder);
        Assert.Inconclusive($"A small disk cannot be mounted here (error {error}): that needs root.");
        return null;
    }

    public void Dispose()
    {
        if (NativeUnmount(Folder, DetachNow) == 0) Directory.Delete(Folder);
    }

    [LibraryImport("libc", EntryPoint = "mount", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int NativeMount(string source, string target, string type, nuint flags, string data);

    [LibraryImport("libc", EntryPoint = "umount2", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int NativeUnmount(string target, int flags);
}
