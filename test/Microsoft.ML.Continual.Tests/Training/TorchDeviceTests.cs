using Microsoft.ML.Continual.Numerics;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;

namespace Microsoft.ML.Continual.Tests.Training;

[TestClass]
public sealed class TorchDeviceTests
{
    [TestMethod]
    public void A_missing_GPU_is_an_error_unless_falling_back_is_allowed()
    {
        var warnings = new List<string>();
        string message = Assert.ThrowsExactly<InvalidOperationException>(() => TorchDevice.Choose(0, false, 0, warnings.Add)).Message;
        StringAssert.Contains(message, "MLContext.GpuDeviceId is 0");
        StringAssert.Contains(message, "FallbackToCpu");
        Assert.IsEmpty(warnings);
        Assert.AreEqual(DeviceType.CPU, TorchDevice.Choose(0, true, 0, warnings.Add).type);
        Assert.HasCount(1, warnings);
        Assert.ThrowsExactly<InvalidOperationException>(() => TorchDevice.Choose(2, false, 2, warnings.Add));
        Assert.ThrowsExactly<InvalidOperationException>(() => TorchDevice.Choose(-1, false, 2, warnings.Add));
        torch.Device second = TorchDevice.Choose(1, false, 2, warnings.Add);
        Assert.AreEqual((DeviceType.CUDA, 1), (second.type, second.index));
        Assert.AreEqual(DeviceType.CPU, TorchDevice.Choose(new MLContext()).type);
    }

    [TestMethod]
    public void A_missing_native_library_is_one_error_that_names_the_packages()
    {
        foreach (Exception cause in new Exception[] { new TypeInitializationException("torch", new DllNotFoundException("no LibTorchSharp")), new DllNotFoundException("no LibTorchSharp"), new NotSupportedException("no LibTorchSharp") })
        {
            var error = Assert.ThrowsExactly<InvalidOperationException>(() => NativeLibtorch.Require(() => throw cause));
            foreach (string part in new[] { "TorchSharp-cpu", "TorchSharp-cuda-linux", "TorchSharp-cuda-windows", "no LibTorchSharp" }) StringAssert.Contains(error.Message, part);
            Assert.AreSame(cause, error.InnerException);
        }
        NativeLibtorch.Require();
    }
}
