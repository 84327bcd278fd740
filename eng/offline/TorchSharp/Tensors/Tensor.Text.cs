using System.Globalization;
using System.Text;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        // Long tensors show this many items at each end of a dimension.
        private const int Edge = 3;

        /// <summary>The tensor's type, shape and device, as in "[2x3], type = Float32, device = cpu".</summary>
        public override string ToString() => IsInvalid ? "[invalid]" : $"[{string.Join("x", shape)}], type = {dtype}, device = {device}";

        public string ToString(TensorStringStyle style, string? fltFormat = null, int? width = null, CultureInfo? cultureInfo = null, string? newLine = null)
        {
            if (style == TensorStringStyle.Metadata) return ToString();
            using var mode = no_grad();
            using var scope = NewDisposeScope();
            var text = new StringBuilder();
            if (style != TensorStringStyle.Numpy) text.Append(ToString()).Append(ndim == 0 ? ", value = " : newLine ?? Environment.NewLine);
            bool real = is_floating_point();
            Tensor values = detach().cpu().to_type(real ? ScalarType.Float64 : ScalarType.Int64);
            Write(text, values, real ? fltFormat ?? "g5" : "d", cultureInfo ?? CultureInfo.InvariantCulture, newLine ?? Environment.NewLine);
            return text.ToString();
        }

        private static void Write(StringBuilder text, Tensor values, string format, CultureInfo culture, string newLine)
        {
            if (values.ndim == 0)
            {
                text.Append(values.ToScalar() is { Type: ScalarType.Float64 } scalar ? scalar.AsDouble.ToString(format, culture) : values.ToInt64().ToString(format, culture));
                return;
            }
            long length = values.shape[0];
            text.Append('[');
            for (long i = 0; i < length; i++)
            {
                if (i > 0) text.Append(values.ndim == 1 ? ", " : newLine);
                if (length > 4 * Edge && i == Edge)
                {
                    text.Append("..., ");
                    i = length - Edge;
                }
                Write(text, values[i], format, culture, newLine);
            }
            text.Append(']');
        }
    }
}
