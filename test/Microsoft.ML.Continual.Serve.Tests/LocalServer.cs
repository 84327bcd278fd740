using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Inference;
using Microsoft.ML.Continual.Methods.L2P;
using Microsoft.ML.Continual.Samples.Serve;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Training;

namespace Microsoft.ML.Continual.Serve.Tests;

/// <summary>The server in this process, on a free loopback port, with a small model of four classes in two tasks.</summary>
internal sealed class LocalServer : IAsyncDisposable
{
    private readonly VisionTransformer _backbone = TinyVit.Create();
    private readonly ContinualTrainer _trainer;
    private readonly WebApplication _app;

    private LocalServer(ServeSettings settings)
    {
        MLContext = new MLContext(1);
        _trainer = MLContext.Continual().PromptTuning(new L2POptions { Backbone = _backbone, PoolSize = 4, PromptLength = 2, TopK = 2, Epochs = 1, BatchSize = 4, Seed = 3 });
        _trainer.Fit(TinyImages.View(MLContext, 4, 1, "cat", "dog")).Dispose();
        Model = _trainer.Fit(TinyImages.View(MLContext, 4, 2, "fox", "elk"));
        _app = ServeApp.Create(MLContext, new ServedModel(Model), settings with { Port = 0 });
    }

    public MLContext MLContext { get; }

    public ContinualTransformer Model { get; }

    public HttpClient Client { get; } = new();

    public Uri Address { get; private set; } = null!;

    public Predictor Predictor => _app.Services.GetRequiredService<Predictor>();

    public static async Task<LocalServer> StartAsync(ServeSettings? settings = null)
    {
        var server = new LocalServer(settings ?? new ServeSettings());
        await server._app.StartAsync();
        server.Address = new Uri(server._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        server.Client.BaseAddress = server.Address;
        return server;
    }

    /// <summary>Takes no new request, and ends when the others are answered.</summary>
    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
        Model.Dispose();
        _trainer.Dispose();
        _backbone.Dispose();
    }
}
