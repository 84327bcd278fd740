namespace Microsoft.ML.Continual.Checkpoints.Zip;

/// <summary>The CRC-32 of zip files (polynomial 0xEDB88320, reflected), eight bytes at a time.</summary>
internal struct Crc32
{
    private static readonly uint[] s_tables = MakeTables();

    private uint _inverted;

    public readonly uint Value => _inverted ^ uint.MaxValue;

    public Crc32() => _inverted = uint.MaxValue;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        uint crc = _inverted;
        ReadOnlySpan<uint> t = s_tables;
        while (bytes.Length >= 8)
        {
            uint low = System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(bytes) ^ crc;
            uint high = System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            crc = t[0x700 + (int)(low & 0xFF)] ^ t[0x600 + (int)((low >> 8) & 0xFF)] ^ t[0x500 + (int)((low >> 16) & 0xFF)] ^ t[0x400 + (int)(low >> 24)] ^
                  t[0x300 + (int)(high & 0xFF)] ^ t[0x200 + (int)((high >> 8) & 0xFF)] ^ t[0x100 + (int)((high >> 16) & 0xFF)] ^ t[(int)(high >> 24)];
            bytes = bytes[8..];
        }
        foreach (byte b in bytes) crc = (crc >> 8) ^ t[(int)((crc ^ b) & 0xFF)];
        _inverted = crc;
    }

    // Table k gives the CRC of a byte that k zero bytes follow.
    private static uint[] MakeTables()
    {
        uint[] tables = new uint[8 * 256];
        for (uint i = 0; i < 256; i++)
        {
            uint crc = i;
            for (int bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
            tables[i] = crc;
        }
        for (int i = 256; i < tables.Length; i++) tables[i] = (tables[i - 256] >> 8) ^ tables[(int)(tables[i - 256] & 0xFF)];
        return tables;
    }
}
