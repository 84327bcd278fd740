namespace Microsoft.ML.Runtime;

/// <summary>What a message may give away.</summary>
[Flags]
public enum MessageSensitivity
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Values of the user's data.</summary>
    UserData = 1,

    /// <summary>Names and types of the user's columns.</summary>
    Schema = 2,

    /// <summary>Everything.</summary>
    All = -1,

    /// <summary>Not known, so everything.</summary>
    Unknown = -1,
}
