using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods.Rehearsal;
using Microsoft.ML.Continual.Numerics;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Methods;

/// <summary>What is remembered, which, and how it is stored.</summary>
[TestClass]
public sealed class ExemplarMemoryTests
{
    private static Exemplar Bytes(int label, int value, int height = 2, int width = 3) =>
        new(new HostImage(height, width, [.. Enumerable.Repeat((byte)value, 3 * height * width)], null, 0), label, 1);

    [TestMethod]
    public void Herding_takes_the_hand_computed_order_and_never_an_image_twice()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor features = tensor((IList<float>)[1, 0, 0.8f, 0.6f, 0.6f, 0.8f, 0, 1, 0.96f, 0.28f], new long[] { 5, 2 });
        CollectionAssert.AreEqual(new[] { 1, 2, 4, 3 }, Herding.Choose(features, 4));
        CollectionAssert.AreEqual(new[] { 1, 2, 4, 3, 0 }, Herding.Choose(features, 50));
        CollectionAssert.AreEqual(new[] { 0, 1, 2 }, Herding.Choose(ones(3, 2), 3), "the first of equals");
    }

    [TestMethod]
    public void Shares_are_rounded_down_as_classes_come()
    {
        var options = new ICarlOptions();
        CollectionAssert.AreEqual(new[] { 200, 100, 66, 50, 40, 33, 28, 25, 22, 20 }, Enumerable.Range(1, 10).Select(t => options.Share(10 * t)).ToArray());
        Assert.AreEqual(20, new ICarlOptions { Budget = MemoryBudget.PerClass, MemorySize = 20 }.Share(200));
        StringAssert.Contains(options.Protocol, "2,000 images of old classes remembered");
        StringAssert.Contains(new ICarlOptions { Budget = MemoryBudget.PerClass, MemorySize = 20 }.Protocol, "20 images of each class remembered");
    }

    [TestMethod]
    public void A_smaller_share_keeps_a_prefix_whatever_came_between()
    {
        ExemplarMemory steps = Make(), once = Make();
        steps.Truncate(4);
        steps.Truncate(2);
        once.Truncate(2);
        CollectionAssert.AreEqual(once.All.ToArray(), steps.All.ToArray());
        CollectionAssert.AreEqual(new byte[] { 0, 1 }, steps.Of(3).Select(e => e.Image.Bytes![0]).ToArray());
        Assert.AreEqual(4, steps.Count);
        Assert.IsEmpty(steps.Of(8));

        static ExemplarMemory Make()
        {
            var memory = new ExemplarMemory();
            foreach (int label in new[] { 3, 1 }) memory.Set(label, s_images[label]);
            return memory;
        }
    }

    private static readonly Dictionary<int, Exemplar[]> s_images = new[] { 1, 3 }.ToDictionary(label => label, label => Enumerable.Range(0, 6).Select(i => Bytes(label, i)).ToArray());

    [TestMethod]
    public void Images_of_bytes_and_floats_and_of_all_sizes_come_back_bit_for_bit()
    {
        List<Exemplar> images = [.. Enumerable.Range(0, 300).Select(i => i % 7 == 0
            ? new Exemplar(new HostImage(1, 1 + i % 3, null, [.. Enumerable.Range(0, 3 * (1 + i % 3)).Select(p => p / 50f)], 0), i % 4, i / 100)
            : Bytes(i % 4, i % 256, 1 + i % 5, 1 + i % 3))];
        using var state = new StateDictionary();
        ExemplarTensors.Save(state, "m.", images);
        ExemplarTensors.Check(state, "m.", 4);
        List<Exemplar> back = ExemplarTensors.Load(state, "m.");
        Assert.HasCount(300, back);
        for (int i = 0; i < 300; i++)
        {
            (Exemplar expected, Exemplar actual) = (images[i], back[i]);
            Assert.AreEqual((expected.Image.Height, expected.Image.Width, expected.Label, expected.Task), (actual.Image.Height, actual.Image.Width, actual.Label, actual.Task));
            CollectionAssert.AreEqual(expected.Image.Bytes, actual.Image.Bytes);
            CollectionAssert.AreEqual(expected.Image.Floats, actual.Image.Floats);
        }
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => ExemplarTensors.Check(state, "m.", 3)).Message, "m.rows");
        using var torn = new StateDictionary();
        using (NewDisposeScope())
        {
            foreach ((string name, Tensor value) in state.Tensors) torn.Add(name, name == "m.bytes.0" ? value.narrow(0, 0, value.shape[0] - 1) : value);
        }
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => ExemplarTensors.Check(torn, "m.", 4)).Message, "m.bytes.0");
    }
}
