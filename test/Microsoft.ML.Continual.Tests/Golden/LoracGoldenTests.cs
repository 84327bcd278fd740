using Microsoft.ML.Continual.Testing.Golden;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Golden;

/// <summary>LoRAC-IPC as released: compositions, penalty, importance, frozen matrices, classifier alignment, inference of the task.</summary>
[TestClass, TestCategory("Golden")]
public sealed class LoracGoldenTests
{
    public static IEnumerable<object[]> Cases => GoldenFolder.Rows("lorac-");

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void Training_and_inference_match_the_reference(string name)
    {
        using GoldenCase golden = GoldenCase.Open(name);
        using var run = new LoracGoldenRun(golden);
        run.Run();
        golden.Finish();
    }
}
