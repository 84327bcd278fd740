using System.Formats.Tar;
using System.IO.Compression;
using Microsoft.ML.Continual.Samples.Datasets;
using Microsoft.ML.Continual.Samples.Scenes;
using Microsoft.ML.Data;

namespace Microsoft.ML.Continual.Tests.Samples.Datasets;

/// <summary>A temporary folder in which tests write tiny data sets in their official layouts. An image's red value tells it from others.</summary>
internal sealed class DatasetWriter : IDisposable
{
    private readonly MLContext _mlContext = new(1);

    public string Folder { get; } = Directory.CreateTempSubdirectory("datasets-").FullName;

    public string PathOf(string name) => Path.Combine(Folder, name);

    public DatasetWriter Bytes(string name, params byte[] bytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(name))!);
        File.WriteAllBytes(PathOf(name), bytes);
        return this;
    }

    public DatasetWriter Text(string name, params string[] lines)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(name))!);
        File.WriteAllLines(PathOf(name), lines);
        return this;
    }

    /// <summary>A PNG picture of 8 × 8 equal pixels.</summary>
    public DatasetWriter Png(string name, int value) => Bytes(name, PngFile.Encode(8, 8, [.. Enumerable.Repeat((byte)value, 3 * 64)]));

    /// <summary>An archive packed by gzip, with folders in it as the official ones have.</summary>
    public DatasetWriter TarGz(string name, string folder, params (string Name, byte[] Bytes)[] files)
    {
        using var packed = new GZipStream(File.Create(PathOf(name)), CompressionLevel.Fastest);
        using var tar = new TarWriter(packed, TarEntryFormat.Ustar);
        tar.WriteEntry(new UstarTarEntry(TarEntryType.Directory, folder + "/"));
        foreach ((string file, byte[] bytes) in files) tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, $"{folder}/{file}") { DataStream = new MemoryStream(bytes) });
        return this;
    }

    /// <summary>The label and the red value of the first pixel of every row.</summary>
    public (string Label, int Red)[] Rows(IDataView view) =>
        [.. _mlContext.Data.CreateEnumerable<Row>(view, reuseRowObject: false).Select(row => (row.Label!, (int)row.Image!.GetBGRPixels[2]))];

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private sealed class Row
    {
        public string? Label { get; set; }

        [AnySizeImage]
        public MLImage? Image { get; set; }
    }
}
