using System.CommandLine;

namespace Microsoft.ML.Continual.Samples.Runner.Benchmarks;

/// <summary>The options <c>--train-list</c> and <c>--test-list</c>, which name the images of a data set's two sides.</summary>
internal sealed class SplitLists
{
    private readonly Option<string?> _train = new("--train-list")
    {
        HelpName = "file",
        Description = "A list of the training images, a path below --data and perhaps the class's number on each line; with --test-list. [default: none]",
    };
    private readonly Option<string?> _test = new("--test-list") { HelpName = "file", Description = "The list of the test images. [default: none]" };

    /// <summary>Both.</summary>
    public IReadOnlyList<Option> Options => [_train, _test];

    /// <summary>What they say; null where nothing.</summary>
    /// <exception cref="ArgumentException">One is given without the other, or a file does not exist.</exception>
    public (string Train, string Test)? Read(ParseResult arguments)
    {
        string? train = arguments.GetValue(_train), test = arguments.GetValue(_test);
        CommandLineHost.Require(train is null == test is null, "--train-list and --test-list: expected both or none, found one.");
        if (train is null || test is null) return null;
        CommandLineHost.Require(File.Exists(train), $"--train-list: there is no file '{train}'.");
        CommandLineHost.Require(File.Exists(test), $"--test-list: there is no file '{test}'.");
        return (train, test);
    }
}
