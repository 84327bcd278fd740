using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.ML;
using Microsoft.ML.Continual;
using Microsoft.ML.Continual.Inference;
using Microsoft.ML.Continual.Samples.Serve;

// One model, many clients: POST an image to /predict, get its label and the probability of every class the model has seen.
return CommandLine.Run(args, (file, gpu, settings) =>
{
    var mlContext = new MLContext { GpuDeviceId = gpu };
    using ContinualTransformer model = mlContext.Continual().LoadModel(file);
    WebApplication app = ServeApp.Create(mlContext, new ServedModel(model), settings);
    using ((IDisposable)app)
    {
        app.Start();
        string address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        Console.WriteLine($"listening on {address}: {model.MethodName}, {model.ClassCount} classes in {model.TasksSeen} tasks");
        app.WaitForShutdown();   // until SIGTERM or Ctrl-C; requests in progress are answered
    }
    return 0;
});
