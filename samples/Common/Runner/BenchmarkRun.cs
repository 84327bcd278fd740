using Microsoft.ML.Continual.Evaluation;
using Microsoft.ML.Continual.Samples.Runner.Methods;
using Microsoft.ML.Continual.Tasks;

namespace Microsoft.ML.Continual.Samples.Runner;

/// <summary>One method with one seed, from the first task to the last.</summary>
/// <param name="Method">The method.</param>
/// <param name="Seed">The seed.</param>
/// <param name="Result">What came of it.</param>
/// <param name="Learned">The tasks as the trainer knows them.</param>
/// <param name="Classes">The labels by class index.</param>
/// <param name="Elapsed">The time of the whole run, evaluation included.</param>
public sealed record BenchmarkRun(MethodEntry Method, int Seed, SequenceResult Result, IReadOnlyList<LearnedTask> Learned, IReadOnlyList<string> Classes, TimeSpan Elapsed);
