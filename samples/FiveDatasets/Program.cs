using Microsoft.ML.Continual.Samples.Runner;
using Microsoft.ML.Continual.Samples.Runner.Benchmarks;

// Five data sets (Ebrahimi et al., ECCV 2020), one task each: what differs from task to task is more than the classes.
return BenchmarkApp.Run(args, new DatasetSequenceBenchmark
{
    Program = "five-datasets",
    Title = "Five data sets",
    Description = "Whole data sets, such as SVHN, MNIST, CIFAR-10, notMNIST and Fashion-MNIST, learned one after another by a frozen vision transformer.",
    DataDescription = "A folder with a sub-folder for each data set: SVHN (train_32x32.mat), MNIST idx files, CIFAR, Tiny-ImageNet or class folders.",
});
