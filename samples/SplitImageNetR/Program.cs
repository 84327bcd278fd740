using Microsoft.ML.Continual.Samples.Runner;
using Microsoft.ML.Continual.Samples.Runner.Benchmarks;

// Split ImageNet-R: renditions (art, toys, tattoos, …) of 200 of ImageNet's classes, in ten tasks of twenty.
return BenchmarkApp.Run(args, new ImageNetRBenchmark
{
    Program = "split-imagenet-r",
    Title = "Split ImageNet-R",
    Description = "Split ImageNet-R: 200 classes of art, cartoons, toys and other renditions in ten tasks, learned one after another by a frozen vision transformer or CLIP.",
    DataDescription = "The folder imagenet-r, with a sub-folder for each WordNet id (n01443537 and so on) and README.txt, where the classes' names are read from.",
    DefaultTasks = 10,
});
