using Microsoft.ML.Continual.Samples.Runner;
using Microsoft.ML.Continual.Samples.Runner.Benchmarks;

// Split CIFAR-100: 100 classes in ten tasks of ten, or with --tasks 20 in twenty of five, in the order of their labels, as in the papers.
return BenchmarkApp.Run(args, new SplitBenchmark
{
    Program = "split-cifar100",
    Title = "Split CIFAR-100",
    Description = "Split CIFAR-100: 100 classes in ten tasks, learned one after another by a frozen vision transformer or CLIP.",
    DataDescription = "The folder of CIFAR-100's binary version (cifar-100-binary: train.bin, test.bin, fine_label_names.txt).",
    DefaultTasks = 10,
});
