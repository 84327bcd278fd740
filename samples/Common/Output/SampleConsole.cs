using Spectre.Console;

namespace Microsoft.ML.Continual.Samples.Output;

/// <summary>The console the samples write tables to: with colours and the terminal's width, or plain and wide where the output goes into a file.</summary>
public static class SampleConsole
{
    private const int PlainWidth = 160;

    private static readonly Lazy<IAnsiConsole> Shared = new(Create);

    /// <summary>The console.</summary>
    public static IAnsiConsole Instance => Shared.Value;

    /// <summary>Whether a person watches: progress bars make sense.</summary>
    public static bool IsInteractive => !Console.IsOutputRedirected && Instance.Profile.Capabilities is { Interactive: true, Ansi: true };

    private static IAnsiConsole Create()
    {
        if (!Console.IsOutputRedirected) return AnsiConsole.Console;
        // A file wants no control codes, whatever the environment says about the terminal.
        IAnsiConsole plain = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(Console.Out),
        });
        plain.Profile.Width = PlainWidth;
        return plain;
    }
}
