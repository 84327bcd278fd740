using System.Text.Json;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Testing.Golden;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Data;

/// <summary>Resizes against PIL and torchvision.</summary>
[TestClass, TestCategory("Golden")]
public sealed class ResizeGoldenTests
{
    public static IEnumerable<object[]> Cases => GoldenFolder.Rows("resize-");

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void Resize_is_the_same_as_PIL(string name)
    {
        using GoldenCase golden = GoldenCase.Open(name);
        JsonElement[] operations = [.. golden.Config.GetProperty("operations").EnumerateArray()];
        for (int i = 0; i < operations.Length; i++)
        {
            using var scope = NewDisposeScope();
            Tensor input = golden[$"in.{i}"];
            int height = (int)input.shape[1], width = (int)input.shape[2];
            var image = new HostImage(height, width, input.contiguous().bytes.ToArray(), null, 0);
            golden.CheckBytes($"out.{i}", Run(operations[i], image, onHost: true));
            golden.CheckBytes($"out.{i}", Run(operations[i], image, onHost: false));
        }
        golden.Finish();
    }

    private static Tensor Run(JsonElement operation, HostImage image, bool onHost)
    {
        int Int(string key) => operation.GetProperty(key).GetInt32();
        ResizeFilter filter = operation.GetProperty("filter").GetString() == "bicubic" ? ResizeFilter.Bicubic : ResizeFilter.Bilinear;
        switch (operation.GetProperty("op").GetString())
        {
            case "resize":
                // Prepared images are square: resize to a square that holds the result, then take that window of it.
                int height = Int("height"), width = Int("width"), size = Math.Min(height, width);
                var rows = new List<Tensor>();
                for (int top = 0; top < height; top = Math.Min(top + size, height))
                {
                    int firstRow = Math.Min(top, height - size);
                    var columns = new List<Tensor>();
                    for (int left = 0; left < width; left = Math.Min(left + size, width))
                    {
                        int firstColumn = Math.Min(left, width - size);
                        Tensor tile = Prepare(image, new ViewPlan(0, 0, image.Height, image.Width, height, width, firstRow, firstColumn, filter, false), size, onHost);
                        columns.Add(tile.narrow(2, left - firstColumn, size - (left - firstColumn)));
                    }
                    Tensor row = cat(columns, 2);
                    rows.Add(row.narrow(1, top - firstRow, size - (top - firstRow)));
                }
                return cat(rows, 1);
            case "resized_crop":
                return Prepare(image, new ViewPlan(Int("top"), Int("left"), Int("crop_height"), Int("crop_width"), Int("size"), Int("size"), 0, 0, filter, false), Int("size"), onHost);
            case "eval":
                var view = new EvaluationView(true, (Int("resize") + 0.5) / Int("size"), filter);   // the half keeps the product from falling below
                return Prepare(image, ViewPlan.ForEvaluation(image.Height, image.Width, Int("size"), view), Int("size"), onHost);
            default:
                throw new InvalidDataException($"The case holds the unknown operation {operation}.");
        }
    }

    private static Tensor Prepare(HostImage image, ViewPlan plan, int size, bool onHost)
    {
        var preparer = new ImagePreparer(new PlainBackbone(size));
        return preparer.Prepare(new ImagePacker(size, onHost).Pack([image], [plan]))[0].mul(255).round().to(ScalarType.Byte);
    }
}
