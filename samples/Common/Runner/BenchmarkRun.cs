using Microsoft.ML.Continual.Evaluation;
using Microsoft.ML.Continual.Samples.Runner.Methods;

namespace Microsoft.ML.Continual.Samples.Runner;

/// <summary>One method with one seed, from the first task to the last.</summary>
/// <param name="Method">The method.</param>
/// <param name="Seed">The seed.</param>
/// <param name="Result">What came of it; its name is what tables call the method.</param>
/// <param name="Elapsed">The time of the whole run, evaluation included.</param>
public sealed record BenchmarkRun(MethodEntry Method, int Seed, SequenceResult Result, TimeSpan Elapsed);
