using Microsoft.ML.Continual.Testing.Golden;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Golden;

[TestClass, TestCategory("Golden")]
public sealed class L2PGoldenTests
{
    public static IEnumerable<object[]> Cases => GoldenFolder.Rows("l2p-");

    [TestMethod, DynamicData(nameof(Cases))]
    public void L2P_matches_the_published_code(string name)
    {
        using GoldenCase golden = GoldenCase.Open(name);
        using var run = new L2PGoldenRun(golden);
        run.CheckQueryVariants();
        for (int task = 1; task <= run.TaskCount; task++) run.RunTask(task);
        golden.Finish();
    }
}
