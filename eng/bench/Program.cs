using System.Globalization;
using Microsoft.ML.Continual.Bench;
using TorchSharp;
using static TorchSharp.torch;

// Measures training, prediction and subspace update beside baseline.py. Arguments: see Usage.
const string Usage = """
    usage: bench [options]
      --device cpu|cuda     where both sides run; the default is cpu
      --model NAME          tiny, base or quickstart, several times if wanted; the default is tiny and quickstart on the CPU, base on CUDA
      --batch N             several times if wanted; the default is 16 and 64 on the CPU, 128 on CUDA
      --rounds N            turns of each side after one to warm up; the default is 7
      --peak TFLOPS         what the device reaches on large products, to print each result as a share of that limit; the default is
                            790 on CUDA (an H200 in bfloat16) and none on the CPU
      --null-space          measures instead what NSP²'s null-space projection costs beside the training it serves, without a baseline; the default model is base
      --lorac               measures instead what prediction costs once LoRAC's updates are merged, beside the plain backbone; the default model is tiny
      --images N            with --null-space: the images of the update between two tasks; the default is 768
      --python PATH         the interpreter that has PyTorch; the default is /usr/bin/python3
    """;

if (args.Contains("--help"))
{
    Console.WriteLine(Usage);
    return 0;
}
string device = "cpu", python = "/usr/bin/python3";
List<string> models = [];
List<int> batches = [];
int rounds = 7, updateImages = 768;
double? peak = null;
bool nullSpace = args.Contains("--null-space");
bool lorac = args.Contains("--lorac");
args = [.. args.Where(argument => argument is not ("--null-space" or "--lorac"))];
for (int i = 0; i < args.Length; i += 2)
{
    string? value = i + 1 < args.Length ? args[i + 1] : null;
    bool understood = value is not null;
    switch (args[i])
    {
        case "--device": device = value ?? ""; understood = device is "cpu" or "cuda"; break;
        case "--model": models.Add(value ?? ""); understood = value is "tiny" or "base" or "quickstart"; break;
        case "--batch": understood = Number(value, out int batch); batches.Add(batch); break;
        case "--rounds": understood = Number(value, out rounds); break;
        case "--images": understood = Number(value, out updateImages); break;
        case "--peak": understood = double.TryParse(value, CultureInfo.InvariantCulture, out double tera) && tera > 0; peak = tera; break;
        case "--python": python = value ?? ""; break;
        default: understood = false; break;
    }
    if (understood) continue;
    Console.Error.WriteLine($"bench: did not understand {args[i]} {value}{Environment.NewLine}{Usage}");
    return 2;
}
bool cuda = device == "cuda";
if (models.Count == 0) models = cuda || nullSpace ? ["base"] : lorac ? ["tiny"] : ["tiny", "quickstart"];
if (batches.Count == 0) batches = cuda ? [128] : nullSpace ? [16] : [16, 64];
if (cuda) peak ??= 790;

string repository = AppContext.BaseDirectory;
while (!File.Exists(Path.Combine(repository, "Microsoft.ML.Continual.sln")))
    repository = Path.GetDirectoryName(repository) ?? throw new InvalidOperationException("bench runs from within its clone.");

ScalarType type = cuda ? ScalarType.BFloat16 : ScalarType.Float32;
if (lorac)
{
    foreach (string name in models)
    {
        if (ModelOf(name) is not { } model) continue;
        foreach (int batch in batches)
        {
            using var bench = new LoracBench(model, batch, new Device(cuda ? DeviceType.CUDA : DeviceType.CPU), type);
            bench.Run(steps: cuda ? 20 : 2, rounds);
        }
    }
    return 0;
}
if (nullSpace)
{
    foreach (string name in models)
    {
        if (ModelOf(name) is not { } model) continue;
        foreach (int batch in batches)
        {
            using var bench = new NullSpaceBench(model, batch, new Device(cuda ? DeviceType.CUDA : DeviceType.CPU), type);
            bench.Run(updateImages, steps: cuda ? 20 : 2, rounds);
        }
    }
    return 0;
}
string script = Path.Combine(repository, "eng", "bench", "baseline.py");
// On CUDA the baseline runs as released, in float32, and under autocast, which is its fair counterpart.
string[] precisions = cuda ? ["fp32", "bf16"] : ["fp32"];
List<Baseline> baselines = [.. precisions.Select(precision => new Baseline(python, script, device, precision, get_num_threads()))];
Console.WriteLine($"ours: {(cuda ? "bfloat16" : "float32")} on {device}, {get_num_threads()} threads; baseline: {string.Join("; ", baselines.Select(baseline => baseline.Version))}; medians of {rounds} turns");

List<BenchResult> results = [];
foreach (string name in models)
{
    if (ModelOf(name) is not { } model) continue;
    foreach (int batch in batches)
    {
        foreach (Baseline baseline in baselines) baseline.Open(model, batch);
        using var ours = new L2PBench(model, batch, new Device(cuda ? DeviceType.CUDA : DeviceType.CPU), type);
        // A turn is long enough to be timed and short enough that both sides meet the same machine.
        double target = cuda ? 5e14 : 3e10;
        int steps = (int)Math.Clamp(target / (3 * batch * model.ForwardOperations(model.PromptedTokens)), 1, 50);
        foreach (Measurement measurement in new[] { ours.Training(steps), ours.Prediction(steps * 2), ours.Subspace(Math.Max(128, batch * 2)) })
        {
            foreach (BenchResult result in measurement.Run(baselines, rounds))
            {
                results.Add(result);
                Console.WriteLine(FormattableString.Invariant(
                    $"bench {FullName(result)}: ours {result.Ours:0.0} img/s, baseline {result.Baseline:0.0} img/s, ratio {result.Ratio:0.00}"));
            }
        }
    }
}
foreach (Baseline baseline in baselines) baseline.Dispose();

Console.WriteLine();
int width = results.Max(result => FullName(result).Length);
Console.WriteLine($"{"".PadRight(width)}  {"ours",9}  {"baseline",9}  {"ratio",6}{(peak is null ? "" : "  of the limit")}");
foreach (BenchResult result in results)
{
    string share = peak is { } tera ? (result.Ours * result.OperationsPerImage / (tera * 1e12)).ToString("P1", CultureInfo.InvariantCulture).PadLeft(14) : "";
    Console.WriteLine(FormattableString.Invariant($"{FullName(result).PadRight(width)}  {result.Ours,9:0.0}  {result.Baseline,9:0.0}  {result.Ratio,6:0.00}{share}"));
}
return 0;

BenchModel? ModelOf(string name)
{
    BenchModel? model = name switch { "tiny" => BenchModel.Tiny, "base" => BenchModel.Base, _ => BenchModel.QuickStart(repository) };
    if (model is null) Console.WriteLine("The quick start's backbone is not in samples/QuickStart: left out.");
    return model;
}

string FullName(BenchResult result) => baselines.Count == 1 ? result.Name : $"{result.Name}, against {result.BaselinePrecision}";

static bool Number(string? text, out int number) => int.TryParse(text, CultureInfo.InvariantCulture, out number) && number > 0;
