using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.ML;
using Microsoft.ML.Continual;
using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Inference;
using Microsoft.ML.Continual.Samples.Serve;

// One model, many clients: POST an image to /predict, get its label and the probability of every class the model has seen.
return CommandLine.Run(args, (gpu, settings) =>
{
    var mlContext = new MLContext { GpuDeviceId = gpu };
    using VisionTransformer backbone = mlContext.Continual().LoadVisionTransformer(DemoModel.Weights);
    using ContinualTransformer model = DemoModel.Learn(mlContext, backbone);
    WebApplication app = ServeApp.Create(mlContext, new ServedModel(model, backbone.ToString()), settings);
    using ((IDisposable)app)
    {
        app.Start();
        string address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        Console.WriteLine($"listening on {address}: {model.MethodName}, {model.ClassCount} classes in {model.TasksSeen} tasks");
        app.WaitForShutdown();   // until SIGTERM or Ctrl-C; requests in progress are answered
    }
    return 0;
});
