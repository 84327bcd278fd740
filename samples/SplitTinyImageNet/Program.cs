using Microsoft.ML.Continual.Samples.Runner;
using Microsoft.ML.Continual.Samples.Runner.Benchmarks;

// Split Tiny-ImageNet: 200 classes in ten tasks of twenty. The official validation images are the test set, as in the papers.
return BenchmarkApp.Run(args, new SplitBenchmark
{
    Program = "split-tiny-imagenet",
    Title = "Split Tiny-ImageNet",
    Description = "Split Tiny-ImageNet: 200 classes in ten tasks, learned one after another by a frozen vision transformer. Any other folder of images is split in the same way.",
    DataDescription = "The folder of Tiny-ImageNet (wnids.txt, train, val); or class folders, or another layout of docs/datasets.md.",
    DefaultTasks = 10,
});
