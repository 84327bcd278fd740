using Microsoft.ML.Data;

namespace Microsoft.ML.Transforms.Image;

/// <summary>Reads the pixels of images of one size into vectors.</summary>
public sealed class ImagePixelExtractingEstimator : TrivialEstimator<ImagePixelExtractingTransformer>
{
    internal ImagePixelExtractingEstimator((string Output, string Input) columns, PixelLayout layout)
        : base(new ImagePixelExtractingTransformer(columns, layout))
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
        return inputSchema.With(new SchemaShape.Column(output, SchemaShape.Column.VectorKind.Vector, Transformer.ItemType, isKey: false));
    }

    /// <summary>The channels of an image.</summary>
    [Flags]
    public enum ColorBits : byte
    {
        /// <summary>Opacity.</summary>
        Alpha = 1,

        /// <summary>Red.</summary>
        Red = 2,

        /// <summary>Green.</summary>
        Green = 4,

        /// <summary>Blue.</summary>
        Blue = 8,

        /// <summary>The three colours.</summary>
        Rgb = Red | Green | Blue,

        /// <summary>All four.</summary>
        All = Alpha | Red | Green | Blue,
    }

    /// <summary>The order of the channels; those that are not extracted are passed over.</summary>
    public enum ColorsOrder : byte
    {
        /// <summary>Alpha, red, green, blue.</summary>
        ARGB = 1,

        /// <summary>Alpha, red, blue, green.</summary>
        ARBG = 2,

        /// <summary>Alpha, blue, red, green.</summary>
        ABRG = 3,

        /// <summary>Alpha, blue, green, red.</summary>
        ABGR = 4,

        /// <summary>Alpha, green, red, blue.</summary>
        AGRB = 5,

        /// <summary>Alpha, green, blue, red.</summary>
        AGBR = 6,
    }
}
