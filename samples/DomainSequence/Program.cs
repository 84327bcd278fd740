using Microsoft.ML.Continual.Samples.Runner;
using Microsoft.ML.Continual.Samples.Runner.Benchmarks;

// Domains with the same classes, such as PACS, Office-Home or one folder a year: each is a task, and the model is not told which one an image comes from.
return BenchmarkApp.Run(args, new DatasetSequenceBenchmark
{
    Program = "domain-sequence",
    Title = "Domains",
    Description = "Domains that show the same classes in other ways, learned one after another by a frozen vision transformer or CLIP: photo, art, cartoon and sketch, for instance.",
    DataDescription = "A folder with a sub-folder for each domain, and in it one for each class (PACS, Office-Home), perhaps below train and test; or domains with lists of their images.",
    DefaultSetting = "domain",
    ChoiceOption = "--domains",
});
