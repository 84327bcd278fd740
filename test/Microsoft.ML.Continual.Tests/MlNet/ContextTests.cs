using Microsoft.ML.Runtime;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.MlNet;

/// <summary>What this repository relies on of <see cref="MLContext"/>. Holds against the packages and the stand-in alike.</summary>
[TestClass]
public sealed class ContextTests
{
    [TestMethod]
    public void Messages_of_a_host_reach_the_log()
    {
        var context = new MLContext(1);
        var heard = new List<LoggingEventArgs>();
        context.Log += (_, message) => heard.Add(message);
        using (IChannel channel = ((IHostEnvironment)context).Register("Trainer").Start("Training"))
        {
            channel.Info(MessageSensitivity.None, "epoch {0} of {1}", 2, 5);
            channel.Warning(MessageSensitivity.None, "a {0} that stays");
        }

        LoggingEventArgs info = heard.Single(message => message.Kind == ChannelMessageKind.Info && message.Source.Contains("Trainer", StringComparison.Ordinal));
        Assert.AreEqual("epoch 2 of 5", info.RawMessage);
        Assert.AreEqual("Trainer; Training", info.Source);
        StringAssert.EndsWith(info.Message, "epoch 2 of 5");
        Assert.AreEqual("a {0} that stays", heard.Single(message => message.Kind == ChannelMessageKind.Warning).RawMessage);
    }

    [TestMethod]
    public void Progress_does_not_reach_the_log()
    {
        var context = new MLContext(1);
        int heard = 0;
        IHost host = ((IHostEnvironment)context).Register("Trainer");
        context.Log += (_, _) => heard++;
        using (IProgressChannel progress = host.StartProgressChannel("Epochs"))
        {
            progress.SetHeader(new ProgressHeader(["Loss"], ["epochs"]), entry => entry.SetProgress(0, 1, 5));
            progress.Checkpoint(0.5, 1);
        }
        Assert.AreEqual(0, heard);
    }

    [TestMethod]
    public void Random_numbers_follow_from_the_seed_and_the_order_of_hosts()
    {
        int[] Draw(int seed)
        {
            var context = new MLContext(seed);
            IHost first = ((IHostEnvironment)context).Register("A");
            IHost second = ((IHostEnvironment)context).Register("A");
            return [first.Rand.Next(), second.Rand.Next(), second.Rand.Next()];
        }

        CollectionAssert.AreEqual(Draw(3), Draw(3));
        CollectionAssert.AreNotEqual(Draw(3), Draw(4));
        Assert.AreNotEqual(Draw(3)[0], Draw(3)[1]);
    }

    [TestMethod]
    public void Device_settings_start_as_no_gpu_and_no_fallback()
    {
        var context = new MLContext();
        Assert.IsNull(context.GpuDeviceId);
        Assert.IsFalse(context.FallbackToCpu);
        context.GpuDeviceId = 1;
        Assert.AreEqual(1, context.GpuDeviceId);
    }

    [TestMethod]
    public void Options_are_kept_by_name_and_type()
    {
        var context = new MLContext();
        Assert.IsTrue(context.TryAddOption("x", 3));
        Assert.IsFalse(context.TryAddOption("x", 4));
        Assert.IsTrue(context.TryGetOption("x", out int value));
        Assert.AreEqual(3, value);
        Assert.IsFalse(context.TryGetOption("x", out string _));
        Assert.IsTrue(context.RemoveOption("x"));
        Assert.AreEqual(0, context.GetOptionOrDefault<int>("x"));
    }
}
