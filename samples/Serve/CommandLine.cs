using System.CommandLine;
using System.Net;
using Microsoft.ML.Continual.Samples.Runner;
using static Microsoft.ML.Continual.Samples.Runner.CommandLineHost;

namespace Microsoft.ML.Continual.Samples.Serve;

/// <summary>Turns arguments into settings. A wrong argument is one line on the error output and exit code 2.</summary>
internal static class CommandLine
{
    private static readonly ServeSettings Standard = new();

    private static readonly Option<string> Model = new("--model") { Description = "The model that ContinualTransformer.Save wrote; its backbone lies beside it or where it lay in training.", Required = true };
    private static readonly Option<int?> Gpu = CommandLineHost.Gpu();
    private static readonly Option<string> Listen = new("--listen") { Description = "The address to listen on. Anything but a loopback address lets other machines in: there is no authentication and no TLS.", DefaultValueFactory = _ => $"{Standard.Address}" };
    private static readonly Option<int> Port = new("--port") { Description = "The port; 0 takes a free one.", DefaultValueFactory = _ => Standard.Port };
    private static readonly Option<long> MaximumBytes = new("--max-bytes") { Description = "The most bytes of an image file.", DefaultValueFactory = _ => Standard.MaximumBytes };
    private static readonly Option<long> MaximumPixels = new("--max-pixels") { Description = "The most pixels of an image, by its header.", DefaultValueFactory = _ => Standard.MaximumPixels };
    private static readonly Option<int?> Workers = new("--workers") { Description = "Threads that decode and predict. [default: one a core]" };
    private static readonly Option<int> MaximumWaiting = new("--max-waiting") { Description = "Requests that may wait beside those being worked on; any more get 503.", DefaultValueFactory = _ => Standard.MaximumWaiting };

    /// <summary>Parses, serves, and turns what can go wrong into exit codes: 0 stopped, 1 failed, 2 wrong arguments or files.</summary>
    public static int Run(string[] args, Func<string, int?, ServeSettings, int> serve)
    {
        var command = new RootCommand("Serves a saved model: POST an image to /predict; GET /model and /health.")
        {
            Model, Gpu, Listen, Port, MaximumBytes, MaximumPixels, Workers, MaximumWaiting,
        };
        return CommandLineHost.Run(command, "serve", args, (arguments, _) => serve(arguments.GetRequiredValue(Model), arguments.GetValue(Gpu), Read(arguments)));
    }

    private static ServeSettings Read(ParseResult arguments)
    {
        string listen = arguments.GetRequiredValue(Listen);
        Require(IPAddress.TryParse(listen, out IPAddress? address), $"--listen: expected an address such as 127.0.0.1, ::1 or 0.0.0.0, found '{listen}'.");
        var settings = new ServeSettings
        {
            Address = address!,
            Port = arguments.GetValue(Port),
            MaximumBytes = arguments.GetValue(MaximumBytes),
            MaximumPixels = arguments.GetValue(MaximumPixels),
            Workers = arguments.GetValue(Workers) ?? Standard.Workers,
            MaximumWaiting = arguments.GetValue(MaximumWaiting),
        };
        Require(settings.Port is >= 0 and <= IPEndPoint.MaxPort, $"--port: expected 0 to {IPEndPoint.MaxPort}, found {settings.Port}.");
        Require(settings.MaximumBytes is >= 1 and <= 1 << 30, $"--max-bytes: expected 1 to {1 << 30}, found {settings.MaximumBytes}.");
        Require(settings.MaximumPixels is >= 1 and <= 1 << 28, $"--max-pixels: expected 1 to {1 << 28}, found {settings.MaximumPixels}.");
        Require(settings.Workers is >= 1 and <= 1024, $"--workers: expected 1 to 1024, found {settings.Workers}.");
        Require(settings.MaximumWaiting is >= 0 and <= 1 << 16, $"--max-waiting: expected 0 to {1 << 16}, found {settings.MaximumWaiting}.");
        return settings;
    }
}
