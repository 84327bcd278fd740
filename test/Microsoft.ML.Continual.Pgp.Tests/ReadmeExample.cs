// The README shows the lines between the two marks; ReadmeExampleTests holds them equal. They are compiled, not run: the file they name is yours.
// <example>
using Microsoft.ML;
using Microsoft.ML.Continual;
using Microsoft.ML.Continual.Methods.L2P;
using Microsoft.ML.Continual.Pgp;

static class Example
{
    // train and test: views with a column Image (MLImage, or bytes or floats) and a column Label (text, number or key).
    public static void LearnTaskByTask(IDataView train, IDataView test)
    {
        var mlContext = new MLContext(seed: 42) { GpuDeviceId = 0, FallbackToCpu = true };
        var continual = mlContext.Continual();
        using var backbone = continual.LoadVisionTransformer("vit_base_patch16_224.safetensors");
        using var trainer = continual.PromptTuning(new L2POptions { Backbone = backbone, Epochs = 5 })
                                     .WithGradientProjection(new PgpOptions { Energy = 0.95 });
        foreach (var task in continual.SplitByClass(train, test, taskCount: 10))
        {
            using var model = trainer.Fit(task);   // sees this task's rows only; scores all classes seen so far
            Console.WriteLine(continual.Evaluate(model, task));
        }
    }
}
// </example>
