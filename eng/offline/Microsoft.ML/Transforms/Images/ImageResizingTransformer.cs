using Microsoft.ML.Data;
using Microsoft.ML.Images;

namespace Microsoft.ML.Transforms.Image;

/// <summary>Resizes images to one size. An image of that size already passes as it is.</summary>
public sealed class ImageResizingTransformer : OneToOneTransformerBase
{
    private readonly ImageResizingEstimator.ResizingKind _kind;
    private readonly ImageResizingEstimator.Anchor _anchor;

    internal ImageResizingTransformer(
        (string Output, string Input) columns, int width, int height, ImageResizingEstimator.ResizingKind kind, ImageResizingEstimator.Anchor anchor)
        : base(columns)
    {
        Errors.CheckNonEmpty(columns.Output, "outputColumnName");
        Errors.CheckParam(width > 0, "imageWidth", "Must be positive.");
        Errors.CheckParam(height > 0, "imageHeight", "Must be positive.");
        Errors.CheckParam(Enum.IsDefined(kind), "resizing", "Undefined resizing kind.");
        Errors.CheckParam(Enum.IsDefined(anchor), "anchor", "Undefined anchor.");
        _kind = kind;
        _anchor = anchor;
        OutputType = new ImageDataViewType(height, width);
    }

    internal ImageDataViewType OutputType { get; }

    internal (string Output, string Input) Pair => Columns[0];

    private protected override DataViewSchema.DetachedColumn OutputOf(int pair, DataViewSchema.Column input)
    {
        if (input.Type is not ImageDataViewType)
            throw Errors.SchemaMismatch("inputSchema", "input", input.Name, "image", input.Type.ToString());
        return new(Columns[pair].Output, OutputType);
    }

    private protected override Delegate MakeGetter(int pair, DataViewRow row, DataViewSchema.Column input, ICollection<Action> onDispose)
    {
        ValueGetter<MLImage> getSource = row.GetGetter<MLImage>(input);
        MLImage source = null;
        return (ValueGetter<MLImage>)((ref MLImage value) =>
        {
            value?.Dispose();
            value = null;
            getSource(ref source);
            if (source is null)
                return;
            value = source.Width == OutputType.Width && source.Height == OutputType.Height
                ? source
                : ImageResizer.Resize(source, OutputType.Width, OutputType.Height, _kind, _anchor);
            value.Tag = source.Tag;
        });
    }
}
