using Microsoft.ML.Data;

namespace Microsoft.ML.Transforms.Image;

/// <summary>Resizes images to one size.</summary>
public sealed class ImageResizingEstimator : TrivialEstimator<ImageResizingTransformer>
{
    internal ImageResizingEstimator((string Output, string Input) columns, int width, int height, ResizingKind kind, Anchor anchor)
        : base(new ImageResizingTransformer(columns, width, height, kind, anchor))
    {
    }

    /// <inheritdoc/>
    public override SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        (string output, string input) = Transformer.Pair;
        SchemaShape.Column column = inputSchema.Find(input, nameof(inputSchema), "input");
        if (column.ItemType is not ImageDataViewType || column.Kind != SchemaShape.Column.VectorKind.Scalar)
            throw Errors.SchemaMismatch(nameof(inputSchema), "input", input, new ImageDataViewType().ToString(), column.TypeText);
        return inputSchema.With(new SchemaShape.Column(output, SchemaShape.Column.VectorKind.Scalar, Transformer.OutputType, isKey: false));
    }

    /// <summary>What happens to the aspect ratio.</summary>
    public enum ResizingKind : byte
    {
        /// <summary>It is kept; the rest is filled with black.</summary>
        IsoPad = 0,

        /// <summary>It is kept; what stands over is cut off.</summary>
        IsoCrop = 1,

        /// <summary>It is given up.</summary>
        Fill = 2,
    }

    /// <summary>What stays when cropping.</summary>
    public enum Anchor : byte
    {
        /// <summary>The right side.</summary>
        Right = 0,

        /// <summary>The left side.</summary>
        Left = 1,

        /// <summary>The top.</summary>
        Top = 2,

        /// <summary>The bottom.</summary>
        Bottom = 3,

        /// <summary>The middle.</summary>
        Center = 4,
    }
}
