using Microsoft.ML.Continual.Samples.Runner;
using Microsoft.ML.Continual.Samples.Runner.Benchmarks;

// Split CIFAR-100: 100 classes in ten tasks of ten, or with --tasks 20 in twenty of five, in the order of their labels, as in the papers.
return BenchmarkApp.Run(args, new SplitBenchmark
{
    Program = "split-cifar100",
    Title = "Split CIFAR-100",
    Description = "Split CIFAR-100: 100 classes in ten tasks, learned one after another by a frozen vision transformer or CLIP.",
    DataDescription = "CIFAR-100, binary (cifar-100-binary: train.bin, test.bin, fine_label_names.txt) or for Python (cifar-100-python: train, test, meta): the folder, or the archive as it is.",
    DefaultTasks = 10,
});
