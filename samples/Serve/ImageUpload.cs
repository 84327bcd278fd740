using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace Microsoft.ML.Continual.Samples.Serve;

/// <summary>Takes the image out of a request, and refuses what is no image before anything is decoded.</summary>
internal static class ImageUpload
{
    // What a form may hold beside its file: the bounds and headers of its parts.
    private const long FormOverhead = 16 << 10;

    private static readonly string[] ImageTypes = ["image/png", "image/jpeg", "application/octet-stream"];

    /// <summary>The most bytes that a request's body may have.</summary>
    public static long MaximumBody(ServeSettings settings) => settings.MaximumBytes + FormOverhead;

    /// <summary>The image file of a request: its body, or the one file of a form.</summary>
    /// <exception cref="RefusedUpload">400, 413 or 415: the request holds no image that is taken.</exception>
    public static async Task<byte[]> ReadAsync(HttpRequest request, ServeSettings settings, CancellationToken cancellationToken)
    {
        if (request.ContentLength > MaximumBody(settings)) throw TooLarge(settings);
        string? type = MediaTypeHeaderValue.TryParse(request.ContentType, out MediaTypeHeaderValue? parsed) ? parsed.MediaType.Value?.ToLowerInvariant() : null;
        byte[] file = type switch
        {
            "multipart/form-data" => await ReadFormAsync(request, settings, cancellationToken),
            _ when ImageTypes.Contains(type) => await ReadBodyAsync(request.Body, settings, cancellationToken),
            _ => throw new RefusedUpload(StatusCodes.Status415UnsupportedMediaType,
                $"Expected the content type {string.Join(", ", ImageTypes)} or multipart/form-data; found {(request.ContentType is { Length: > 0 } found ? $"'{found}'" : "none")}."),
        };
        Check(file, settings);
        return file;
    }

    /// <summary>Refuses what is no whole image of a permitted size.</summary>
    /// <exception cref="RefusedUpload">400 or 413.</exception>
    internal static void Check(ReadOnlySpan<byte> file, ServeSettings settings)
    {
        if (file.IsEmpty) throw Bad("Expected a PNG or JPEG image; found no bytes.");
        if (file.Length > settings.MaximumBytes) throw TooLarge(settings);
        ImageHeader header = ImageHeader.Read(file) ?? throw Bad($"Expected a PNG or JPEG image; found {file.Length} bytes that begin with {Convert.ToHexString(file[..Math.Min(8, file.Length)])} and have no sound header of either.");
        if (header.Width > settings.MaximumPixels / header.Height)   // the product may be beyond 64 bits
            throw new RefusedUpload(StatusCodes.Status413PayloadTooLarge, $"Expected at most {settings.MaximumPixels} pixels; the {header.Format} header says {header.Width} x {header.Height}.");
        if (!header.IsWhole) throw Bad($"The {header.Format} image of {header.Width} x {header.Height} pixels is not whole: its end is missing after {file.Length} bytes.");
    }

    private static async Task<byte[]> ReadBodyAsync(Stream body, ServeSettings settings, CancellationToken cancellationToken)
    {
        using var file = new MemoryStream();
        byte[] buffer = new byte[32 << 10];
        for (int read; (read = await body.ReadAsync(buffer, cancellationToken)) > 0;)
        {
            if (file.Length + read > settings.MaximumBytes) throw TooLarge(settings);
            file.Write(buffer, 0, read);
        }
        return file.ToArray();
    }

    private static async Task<byte[]> ReadFormAsync(HttpRequest request, ServeSettings settings, CancellationToken cancellationToken)
    {
        IFormCollection form;
        try
        {
            // Files stay in memory, which the size and the number of places bound.
            form = await request.ReadFormAsync(new FormOptions
            {
                MemoryBufferThreshold = (int)Math.Min(int.MaxValue, MaximumBody(settings)),
                MultipartBodyLengthLimit = settings.MaximumBytes,
                ValueCountLimit = 16,
                ValueLengthLimit = 4096,
            }, cancellationToken);
        }
        catch (InvalidDataException) when (request.ContentLength > settings.MaximumBytes)
        {
            throw TooLarge(settings);
        }
        catch (Exception e) when (e is InvalidDataException or IOException and not BadHttpRequestException)
        {
            throw Bad($"The form cannot be read: {e.Message}");
        }
        if (form.Files is not [IFormFile only]) throw Bad($"Expected a form with one file; found {form.Files.Count}.");
        using var file = new MemoryStream();
        await using Stream stream = only.OpenReadStream();
        await stream.CopyToAsync(file, cancellationToken);
        return file.ToArray();
    }

    private static RefusedUpload Bad(string reason) => new(StatusCodes.Status400BadRequest, reason);

    internal static RefusedUpload TooLarge(ServeSettings settings) => new(StatusCodes.Status413PayloadTooLarge, $"Expected an image file of at most {settings.MaximumBytes} bytes.");
}
