namespace Microsoft.ML.Continual.Checkpoints.Zip;

/// <summary>An entry of a zip, as its directory and its own header agree.</summary>
/// <param name="Name">The name: a relative path with slashes.</param>
/// <param name="Deflated">Whether its bytes are compressed; else they are stored as they are.</param>
/// <param name="Crc">The CRC-32 of its bytes.</param>
/// <param name="CompressedSize">The number of its bytes in the file.</param>
/// <param name="Size">The number of its bytes.</param>
/// <param name="HeaderOffset">Where its own header begins.</param>
/// <param name="DataOffset">Where its bytes begin in the file.</param>
internal sealed record ZipEntry(string Name, bool Deflated, uint Crc, long CompressedSize, long Size, long HeaderOffset, long DataOffset);
