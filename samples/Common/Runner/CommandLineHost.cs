using System.CommandLine;
using Microsoft.ML.Continual.Backbones;

namespace Microsoft.ML.Continual.Samples.Runner;

/// <summary>What the samples' command lines have in common: parsing, exit codes, and the options that several programs take.</summary>
public static class CommandLineHost
{
    /// <summary>Parses, runs, and turns what can go wrong into exit codes: 0 done, 1 failed, 2 wrong arguments or files, 130 interrupted.</summary>
    /// <param name="command">The options and their description.</param>
    /// <param name="program">The program's name, for messages.</param>
    /// <param name="args">The arguments.</param>
    /// <param name="work">Reads the options and does the work.</param>
    /// <returns>The exit code. A failure is one line on the error output.</returns>
    public static int Run(RootCommand command, string program, string[] args, Func<ParseResult, CancellationToken, int> work)
    {
        ArgumentNullException.ThrowIfNull(command);
        // On a thread of its own, so that a signal to end finds something to wait for.
        command.SetAction((arguments, cancellationToken) => Task.Run(() => Guard(program, () => work(arguments, cancellationToken)), CancellationToken.None));
        ParseResult parsed = command.Parse(args);
        if (parsed.Errors.Count > 0) return Fail(program, 2, parsed.Errors[0].Message);
        return parsed.InvokeAsync(new InvocationConfiguration
        {
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = TimeSpan.FromMinutes(1),   // after Ctrl-C: a step to its end, and the report of what is done
        }).GetAwaiter().GetResult();
    }

    /// <summary>Ends the program with exit code 2 unless the condition holds.</summary>
    /// <exception cref="ArgumentException">The condition does not hold.</exception>
    public static void Require(bool holds, string message)
    {
        if (!holds) throw new ArgumentException(message);
    }

    /// <summary><c>--image-size</c></summary>
    /// <param name="standard">What the default is, in words.</param>
    public static Option<int?> ImageSize(string standard) => new("--image-size") { Description = $"Bring images to this size. [default: {standard}]" };

    /// <summary><c>--normalization</c></summary>
    /// <param name="standard">What the default is, in words.</param>
    public static Option<string?> Normalization(string standard)
    {
        Option<string?> option = new("--normalization") { Description = $"How the weights want their pixels: none, imagenet, inception, clip or cifar100. [default: {standard}]" };
        option.AcceptOnlyFromAmong("none", "imagenet", "inception", "clip", "cifar100");
        return option;
    }

    /// <summary>The normalisation of a name that <c>--normalization</c> takes; null for none given.</summary>
    public static ImageNormalization? NormalizationOf(string? name) => name switch
    {
        "none" => ImageNormalization.None,
        "imagenet" => ImageNormalization.ImageNet,
        "inception" => ImageNormalization.Inception,
        "clip" => ImageNormalization.Clip,
        "cifar100" => ImageNormalization.Cifar100,
        _ => null,
    };

    /// <summary><c>--heads</c></summary>
    public static Option<int?> Heads() => new("--heads") { Description = "Attention heads, where the file does not say. [default: one for every 64 channels]" };

    /// <summary><c>--classes</c></summary>
    /// <param name="standard">What the default is, in words.</param>
    public static Option<int?> Classes(string standard) => new("--classes") { Description = $"Use only so many classes. [default: {standard}]" };

    /// <summary><c>--train-per-class</c></summary>
    /// <param name="standard">What the default is, in words.</param>
    public static Option<int?> TrainPerClass(string standard) => new("--train-per-class") { Description = $"At most so many training images a class. [default: {standard}]" };

    /// <summary><c>--test-per-class</c></summary>
    /// <param name="standard">What the default is, in words.</param>
    public static Option<int?> TestPerClass(string standard) => new("--test-per-class") { Description = $"At most so many test images a class. [default: {standard}]" };

    /// <summary><c>--gpu</c></summary>
    public static Option<int?> Gpu() => new("--gpu") { Description = "Use the GPU of this number. [default: the CPU]" };

    private static int Guard(string program, Func<int> work)
    {
        try
        {
            return work();
        }
        catch (OperationCanceledException e)
        {
            return Fail(program, 130, e.Data["done"] as string ?? "stopped");
        }
        catch (Exception e) when (e is ArgumentException or IOException or InvalidDataException or UnauthorizedAccessException)
        {
            return Fail(program, 2, e.Message);
        }
        catch (Exception e) when (e is InvalidOperationException or NotSupportedException)
        {
            return Fail(program, 1, e.Message);
        }
    }

    private static int Fail(string program, int code, string message)
    {
        string hint = code == 2 ? " (--help lists the options)" : "";
        Console.Error.WriteLine($"{program}: {message.ReplaceLineEndings(" ")}{hint}");
        return code;
    }
}
