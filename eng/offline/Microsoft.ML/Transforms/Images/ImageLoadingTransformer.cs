using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML.Data;

/// <summary>
/// Loads images, or the bytes of their files, from paths. The getter disposes the image it is handed and the cursor the last one it gave:
/// copy the pixels of an image that must live longer.
/// </summary>
public sealed class ImageLoadingTransformer : OneToOneTransformerBase
{
    /// <summary>The folder that relative paths start from, in full; null for the current one.</summary>
    public readonly string ImageFolder;

    internal ImageLoadingTransformer((string Output, string Input) columns, string folder, bool decode) : base(columns)
    {
        if (!string.IsNullOrEmpty(folder) && !Directory.Exists(folder))
            throw new ArgumentException($"Directory \"{folder}\" does not exist.");
        ImageFolder = string.IsNullOrEmpty(folder) ? null : Path.GetFullPath(folder);
        Decodes = decode;
    }

    internal bool Decodes { get; }

    internal (string Output, string Input) Pair => Columns[0];

    private protected override DataViewSchema.DetachedColumn OutputOf(int pair, DataViewSchema.Column input)
    {
        if (input.Type is not TextDataViewType)
            throw Errors.SchemaMismatch("inputSchema", "input", input.Name, TextDataViewType.Instance.ToString(), input.Type.ToString());
        return new(Columns[pair].Output, Decodes ? new ImageDataViewType() : new VectorDataViewType(NumberDataViewType.Byte));
    }

    private protected override Delegate MakeGetter(int pair, DataViewRow row, DataViewSchema.Column input, ICollection<Action> onDispose)
    {
        ValueGetter<ReadOnlyMemory<char>> getPath = row.GetGetter<ReadOnlyMemory<char>>(input);
        return Decodes ? Image(getPath, onDispose) : Bytes(getPath);
    }

    private ValueGetter<MLImage> Image(ValueGetter<ReadOnlyMemory<char>> getPath, ICollection<Action> onDispose)
    {
        MLImage last = null;
        onDispose.Add(() => last?.Dispose());
        return (ref MLImage value) =>
        {
            value?.Dispose();
            value = null;
            string path = ReadPath(getPath);
            if (path is not null)
            {
                using var file = new MemoryStream(File.ReadAllBytes(path));
                value = MLImage.CreateFromStream(file);
                value.Tag = path;
            }
            last = value;
        };
    }

    private ValueGetter<VBuffer<byte>> Bytes(ValueGetter<ReadOnlyMemory<char>> getPath) => (ref VBuffer<byte> value) =>
    {
        string path = ReadPath(getPath);
        byte[] file = path is null ? [] : File.ReadAllBytes(path);
        VBuffer<byte>.Copy(file, 0, ref value, file.Length);
    };

    /// <summary>The path in full; null for empty text, which stands for no image.</summary>
    private string ReadPath(ValueGetter<ReadOnlyMemory<char>> getPath)
    {
        ReadOnlyMemory<char> path = default;
        getPath(ref path);
        return path.IsEmpty ? null : ImageFolder is null ? path.ToString() : Path.Combine(ImageFolder, path.ToString());
    }
}
