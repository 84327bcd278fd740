using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Persistence;

/// <summary>Damages a set of tensors where a checksum would not tell: swapped, missing, renamed, of other shapes and types, not finite.</summary>
internal static class TensorMutation
{
    /// <summary>Changes the set; new tensors lie in the caller's dispose scope.</summary>
    public static void Apply(Dictionary<string, Tensor> tensors, SeededRandom random)
    {
        if (tensors.Count == 0)
        {
            tensors["extra"] = zeros(3);
            return;
        }
        string[] names = [.. tensors.Keys.Order(StringComparer.Ordinal)];
        string name = names[random.NextInt(names.Length)], other = names[random.NextInt(names.Length)];
        Tensor value = tensors[name];
        switch (random.NextInt(12))
        {
            case 0:
                (tensors[name], tensors[other]) = (tensors[other], value);
                break;
            case 1:
                tensors.Remove(name);
                break;
            case 2:
                tensors.Remove(name);
                tensors[name + "x"] = value;
                break;
            case 3:
                tensors["extra" + random.NextInt(3)] = value;
                break;
            case 4:
                tensors[name] = value.flatten();
                break;
            case 5:
                tensors[name] = value.unsqueeze(0);
                break;
            case 6:
                tensors[name] = value.dim() >= 2 ? value.transpose(0, 1).contiguous() : zeros(2, 2);
                break;
            case 7:
                tensors[name] = zeros(0);
                break;
            case 8:
                tensors[name] = value.dim() >= 1 && value.shape[0] > 1 ? value.narrow(0, 0, value.shape[0] - 1).contiguous() : value.reshape(-1).repeat(2);
                break;
            case 9:
                tensors[name] = value.dim() >= 1 && value.shape[0] > 0 ? cat([value, value], 0) : zeros(1);
                break;
            case 10:
                tensors[name] = value.to(new[] { ScalarType.Float64, ScalarType.Float16, ScalarType.Int64, ScalarType.Int32, ScalarType.Byte, ScalarType.Bool }[random.NextInt(6)]);
                break;
            default:
                tensors[name] = full(value.shape, new[] { float.NaN, float.PositiveInfinity, -1e30f, 1e30f, -1, 0 }[random.NextInt(6)], value.dtype.IsFloating() ? value.dtype : ScalarType.Float32);
                break;
        }
    }

    private static bool IsFloating(this ScalarType type) => type is ScalarType.Float32 or ScalarType.Float64 or ScalarType.Float16 or ScalarType.BFloat16;
}
