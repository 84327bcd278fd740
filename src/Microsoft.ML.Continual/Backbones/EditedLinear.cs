using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Microsoft.ML.Continual.Backbones;

/// <summary>One linear map of a block with what <see cref="BlockEdits.Linears"/> says of it, for one pass.</summary>
internal readonly struct EditedLinear
{
    private readonly int _block;
    private readonly BlockLinear _linear;
    private readonly Tensor _weight, _bias;
    private readonly Tensor? _down, _up;
    private readonly Action<LinearInput>? _capture;

    /// <exception cref="ArgumentException">An edit's tensor has another shape than the map.</exception>
    public EditedLinear(int block, BlockLinear linear, Tensor weight, Tensor bias, BlockEdits edits)
    {
        (_block, _linear, _weight, _bias, _capture) = (block, linear, weight, bias, edits.CaptureLinear);
        if (edits.Linears is not { } edited || !edited.TryGetValue((block, linear), out LinearEdit? edit)) return;
        string name = $"{nameof(BlockEdits.Linears)}[{block}, {linear}]";
        long outputs = weight.shape[0], inputs = weight.shape[1];
        if (edit.Weight is { } replaced)
        {
            TokenShape.Require(replaced, $"{name}.{nameof(LinearEdit.Weight)}", outputs, inputs);
            _weight = replaced.to(weight.dtype);
        }
        if (edit.Down is null && edit.Up is null) return;
        if (edit.Down is not { } down || edit.Up is not { } up)
            throw new ArgumentException($"{name}: {nameof(LinearEdit.Down)} and {nameof(LinearEdit.Up)} belong together; found one of them only.", nameof(edits));
        TokenShape.Require(down, $"{name}.{nameof(LinearEdit.Down)}", null, inputs);
        TokenShape.Require(up, $"{name}.{nameof(LinearEdit.Up)}", outputs, down.shape[0]);
        (_down, _up) = (down.to(weight.dtype), up.to(weight.dtype));
    }

    /// <summary>[B, T, in] -> [B, T, out]; shows the input.</summary>
    public Tensor Apply(Tensor x) => Apply(x, 0, _weight.shape[0]);

    /// <summary>[B, T, in] -> [B, T, count], the outputs from <paramref name="first"/> on; shows the input.</summary>
    public Tensor Apply(Tensor x, long first, long count)
    {
        _capture?.Invoke(new LinearInput(_block, _linear, x));
        return ApplyRows(x, first, count);
    }

    /// <summary>[B, T, in] -> [B, T, count], the outputs from <paramref name="first"/> on; shows nothing.</summary>
    public Tensor ApplyRows(Tensor x, long first, long count)
    {
        using DisposeScope scope = NewDisposeScope();
        bool whole = first == 0 && count == _weight.shape[0];
        Tensor output = whole ? linear(x, _weight, _bias) : linear(x, _weight.narrow(0, first, count), _bias.narrow(0, first, count));
        if (_down is not null) output = output + linear(linear(x, _down), whole ? _up! : _up!.narrow(0, first, count));   // [B, T, in] -> [B, T, r] -> [B, T, count]
        return output.MoveToOuterDisposeScope();
    }
}
