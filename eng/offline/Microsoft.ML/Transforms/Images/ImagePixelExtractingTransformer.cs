using Microsoft.ML.Data;

namespace Microsoft.ML.Transforms.Image;

/// <summary>Reads the pixels of images of one size into vectors.</summary>
public sealed class ImagePixelExtractingTransformer : OneToOneTransformerBase
{
    private readonly PixelLayout _layout;

    internal ImagePixelExtractingTransformer((string Output, string Input) columns, PixelLayout layout) : base(columns) => _layout = layout;

    internal (string Output, string Input) Pair => Columns[0];

    internal NumberDataViewType ItemType => _layout.AsSingle ? NumberDataViewType.Single : NumberDataViewType.Byte;

    private protected override DataViewSchema.DetachedColumn OutputOf(int pair, DataViewSchema.Column input)
    {
        if (input.Type is not ImageDataViewType image)
            throw Errors.SchemaMismatch("inputSchema", "input", input.Name, "image", input.Type.ToString());
        if (image.Height <= 0 || image.Width <= 0)
            throw Errors.SchemaMismatch("inputSchema", "input", input.Name, "known-size image", "unknown-size image");
        int channels = _layout.Channels.Length;
        VectorDataViewType type = _layout.Interleave
            ? new(ItemType, image.Height, image.Width, channels)
            : new(ItemType, channels, image.Height, image.Width);
        return new(Columns[pair].Output, type);
    }

    private protected override Delegate MakeGetter(int pair, DataViewRow row, DataViewSchema.Column input, ICollection<Action> onDispose) =>
        _layout.AsSingle
            ? Getter(row, input, onDispose, sample => (sample - _layout.Offset) * _layout.Scale)
            : Getter(row, input, onDispose, sample => sample);

    private ValueGetter<VBuffer<T>> Getter<T>(DataViewRow row, DataViewSchema.Column input, ICollection<Action> onDispose, Func<byte, T> convert)
    {
        var type = (ImageDataViewType)input.Type;
        int pixels = type.Height * type.Width;
        int channels = _layout.Channels.Length;
        T[] table = [.. Enumerable.Range(0, 256).Select(sample => convert((byte)sample))];
        ValueGetter<MLImage> getImage = row.GetGetter<MLImage>(input);
        MLImage image = null;
        onDispose.Add(() => image?.Dispose());
        return (ref VBuffer<T> value) =>
        {
            getImage(ref image);
            if (image is null)
            {
                value = VBufferEditor.Create(ref value, pixels * channels, 0).Commit();
                return;
            }
            Errors.Check(image.Height == type.Height && image.Width == type.Width,
                $"An image of {image.Height} x {image.Width} in column '{input.Name}' of type {type}.");
            VBufferEditor<T> editor = VBufferEditor.Create(ref value, pixels * channels);
            ReadOnlySpan<byte> source = image.Pixels;
            for (int c = 0; c < channels; c++)
            {
                int from = Offset(_layout.Channels[c], image.PixelFormat);
                (int to, int step) = _layout.Interleave ? (c, channels) : (c * pixels, 1);
                for (int i = 0; i < pixels; i++, from += 4, to += step)
                    editor.Values[to] = table[source[from]];
            }
            value = editor.Commit();
        };
    }

    private static int Offset(char channel, MLPixelFormat format) => channel switch
    {
        'A' => 3,
        'G' => 1,
        'R' => format == MLPixelFormat.Rgba32 ? 0 : 2,
        _ => format == MLPixelFormat.Rgba32 ? 2 : 0,
    };
}
