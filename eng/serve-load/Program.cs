using System.CommandLine;
using System.Globalization;
using Microsoft.ML.Continual.Samples.Runner;
using Microsoft.ML.Continual.ServeLoad;
using static Microsoft.ML.Continual.Samples.Runner.CommandLineHost;

// Posts rendered pictures to a running samples/Serve, from several clients at once, for a while; prints throughput, latency and the server's memory. Fails when an
// answer was none or the memory grew beyond the bound.
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
Option<string> url = new("--url") { Description = "The server.", Required = true };
Option<int> seconds = new("--seconds") { Description = "How long to measure, after the warm-up.", DefaultValueFactory = _ => 60 };
Option<int> warmUp = new("--warm-up") { Description = "Seconds before: caches fill, the heap finds its size.", DefaultValueFactory = _ => 15 };
Option<int> clients = new("--clients") { Description = "Clients that wait for their answer before they post again.", DefaultValueFactory = _ => 8 };
Option<int> pictures = new("--pictures") { Description = "Different pictures a class.", DefaultValueFactory = _ => 4 };
Option<int> seed = new("--seed") { Description = "The seed of the pictures.", DefaultValueFactory = _ => 1 };
Option<double> growth = new("--max-growth") { Description = "The most MiB that the server's memory may grow in the measured time.", DefaultValueFactory = _ => 48 };
var command = new RootCommand("Holds a load on samples/Serve.") { url, seconds, warmUp, clients, pictures, seed, growth };
return CommandLineHost.Run(command, "serve-load", args, (arguments, cancellationToken) =>
{
    Require(Uri.TryCreate(arguments.GetRequiredValue(url), UriKind.Absolute, out Uri? server), $"--url: expected an address such as http://127.0.0.1:5080, found '{arguments.GetValue(url)}'.");
    Require(arguments.GetValue(seconds) >= 4, $"--seconds: expected at least 4, found {arguments.GetValue(seconds)}.");
    Require(arguments.GetValue(warmUp) >= 0, $"--warm-up: expected at least 0, found {arguments.GetValue(warmUp)}.");
    Require(arguments.GetValue(clients) >= 1, $"--clients: expected at least 1, found {arguments.GetValue(clients)}.");
    Require(arguments.GetValue(pictures) >= 1, $"--pictures: expected at least 1, found {arguments.GetValue(pictures)}.");
    using var load = new Load(server!, Picture.Render(arguments.GetValue(pictures), arguments.GetValue(seed)), arguments.GetValue(clients));
    LoadResult result = load.RunAsync(TimeSpan.FromSeconds(arguments.GetValue(warmUp)), TimeSpan.FromSeconds(arguments.GetValue(seconds)), cancellationToken).GetAwaiter().GetResult();
    return result.Report(Console.Out, arguments.GetValue(growth)) ? 0 : 1;
});
