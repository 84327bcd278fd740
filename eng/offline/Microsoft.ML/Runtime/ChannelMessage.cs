using System.Globalization;

namespace Microsoft.ML.Runtime;

/// <summary>A text message; it is formatted when read.</summary>
public readonly struct ChannelMessage
{
    /// <summary>How serious it is.</summary>
    public readonly ChannelMessageKind Kind;

    /// <summary>What it may give away.</summary>
    public readonly MessageSensitivity Sensitivity;

    private readonly string _format;
    private readonly object[] _arguments;

    internal ChannelMessage(ChannelMessageKind kind, MessageSensitivity sensitivity, string format, object[] arguments = null)
    {
        Kind = kind;
        Sensitivity = sensitivity;
        _format = format ?? throw new ArgumentNullException(nameof(format));
        _arguments = arguments;
    }

    /// <summary>The text.</summary>
    public string Message => _arguments is { Length: > 0 } ? string.Format(CultureInfo.InvariantCulture, _format, _arguments) : _format;
}
