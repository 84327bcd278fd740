using Microsoft.ML.Continual.Samples.Results;
using Microsoft.ML.Continual.Samples.Sweeps;

// Two tools for many runs: `sweep` makes them, `compare` sets them side by side. eng/sweep.sh and eng/compare.sh build and start this program.
switch (args)
{
    case ["compare", .. string[] rest]:
        return CompareApp.Run(rest);
    case ["sweep", .. string[] rest]:
        return SweepApp.Run(rest);
    default:
        Console.Error.WriteLine("experiments: expected 'compare' or 'sweep' and its arguments (--help lists them)");
        return 2;
}
