using Microsoft.ML.Continual.Samples.Runner;
using Microsoft.ML.Continual.Samples.Runner.Benchmarks;

// Split CUB-200-2011: 200 kinds of birds in five tasks of forty, by the official split into training and test images.
return BenchmarkApp.Run(args, new SplitBenchmark
{
    Program = "split-cub200",
    Title = "Split CUB-200",
    Description = "Split CUB-200-2011: 200 kinds of birds in five tasks, learned one after another by a frozen vision transformer or CLIP.",
    DataDescription = "The folder CUB_200_2011 (images, images.txt, image_class_labels.txt, train_test_split.txt, classes.txt).",
    DefaultTasks = 5,
});
