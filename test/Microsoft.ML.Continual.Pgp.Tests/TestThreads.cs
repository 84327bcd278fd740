using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Pgp.Tests;

/// <summary>One thread for libtorch: these tensors are too small to share, and threads that wait for each other make a busy machine crawl.</summary>
[TestClass]
public static class TestThreads
{
    [AssemblyInitialize]
    public static void UseOne(TestContext _) => set_num_threads(1);
}
