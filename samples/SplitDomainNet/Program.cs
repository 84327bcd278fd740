using Microsoft.ML.Continual.Samples.Runner;
using Microsoft.ML.Continual.Samples.Runner.Benchmarks;

// Split DomainNet: 345 classes in five tasks of 69 with the images of all domains; with --setting domain, one task for each domain; with lists, such as those of NSP², what they name.
return BenchmarkApp.Run(args, new DomainNetBenchmark
{
    Program = "split-domainnet",
    Title = "Split DomainNet",
    Description = "Split DomainNet: 345 classes of six domains, learned one after another by a frozen vision transformer or CLIP, by class or by domain.",
    DataDescription = "The folder of the domains (clipart, infograph, painting, quickdraw, real, sketch), with their official lists beside them (clipart_train.txt, clipart_test.txt and so on).",
    DefaultTasks = 5,
});
