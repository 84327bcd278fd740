using System.Text.Json;
using Microsoft.ML.Continual.Checkpoints;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Data.Augmentation;
using Microsoft.ML.Continual.Tests.Contract;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Data;

/// <summary>AutoAugment's operations and tables against PIL and torchvision; see the folder's README.</summary>
[TestClass]
public sealed class AugmentOperationTests
{
    private static readonly string s_folder = Path.Combine(Repository.Root, "test", "Microsoft.ML.Continual.Tests", "Data", "AutoAugment");

    [TestMethod]
    public void Operations_give_the_bytes_of_PIL()
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(s_folder, "case.json")));
        using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(s_folder, "tensors.safetensors"));
        var covered = new HashSet<AugmentOperation>();
        int i = 0;
        foreach (JsonElement entry in json.RootElement.GetProperty("operations").EnumerateArray())
        {
            var action = new AugmentAction(Enum.Parse<AugmentOperation>(entry.GetProperty("operation").GetString()!), entry.GetProperty("magnitude").GetDouble());
            covered.Add(action.Operation);
            Compare(file, entry.GetProperty("image").GetInt32(), new AugmentPair(action, null), $"out.{i++}", $"{action}");
        }
        Assert.HasCount(Enum.GetValues<AugmentOperation>().Length, covered);
    }

    [TestMethod]
    public void Pairs_have_torchvisions_probabilities_and_levels_and_give_its_bytes()
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(s_folder, "case.json")));
        using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(s_folder, "tensors.safetensors"));
        int i = 0;
        foreach (JsonElement entry in json.RootElement.GetProperty("pairs").EnumerateArray())
        {
            AutoAugmentPolicy policy = Enum.Parse<AutoAugmentPolicy>(entry.GetProperty("policy").GetString()!);
            int pair = entry.GetProperty("pair").GetInt32(), image = entry.GetProperty("image").GetInt32();
            bool[] positive = [.. entry.GetProperty("positive").EnumerateArray().Select(sign => sign.GetBoolean())];
            AugmentStep[] expected = [.. entry.GetProperty("steps").EnumerateArray().Select(
                step => new AugmentStep(Enum.Parse<AugmentOperation>(step[0].GetString()!), step[1].GetDouble(), Math.Max(step[2].GetInt32(), 0)))];
            (AugmentStep first, AugmentStep second) = AugmentTables.Of(policy)[pair];
            Assert.AreEqual((expected[0], expected[1]), (first, second), $"{policy}, pair {pair}");
            (int height, int width) = ((int)file.Entries[$"in.{image}"].Shape[1], (int)file.Entries[$"in.{image}"].Shape[2]);
            var drawn = new AugmentPair(AutoAugment.Act(first, positive[0], height, width), AutoAugment.Act(second, positive[1], height, width));
            Compare(file, image, drawn, $"pair.{i++}", $"{policy}, pair {pair}, {drawn}");
        }
        Assert.AreEqual(100, i);
    }

    private static void Compare(SafetensorsFile file, int image, AugmentPair pair, string expected, string what)
    {
        using var scope = NewDisposeScope();
        Tensor input = file.Read($"in.{image}");
        byte[] bytes = input.data<byte>().ToArray(), before = [.. bytes];
        var host = new HostImage((int)input.shape[1], (int)input.shape[2], bytes, null, 0);
        using var augmented = new AugmentedImages([host], [pair]);
        CollectionAssert.AreEqual(file.Read(expected).data<byte>().ToArray(), augmented.Images[0].Bytes![..bytes.Length], $"{what} on image {image}");
        CollectionAssert.AreEqual(before, bytes, "The original changed.");
    }
}
