using System.Diagnostics;
using Microsoft.AspNetCore.Diagnostics;

namespace Microsoft.ML.Continual.Samples.Serve;

/// <summary>The server: three addresses, limits, errors as problem details (RFC 9457).</summary>
internal static class ServeApp
{
    /// <summary>Makes the application. It predicts with the model until it is disposed; the model stays the caller's.</summary>
    public static WebApplication Create(MLContext mlContext, ServedModel model, ServeSettings settings)
    {
        // What Kestrel is told to listen on below holds, whatever ASPNETCORE_URLS says.
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = ImageUpload.MaximumBody(settings);
            kestrel.Limits.MaxConcurrentConnections = 16L * settings.Places;
            kestrel.Listen(settings.Address, settings.Port);
        });
        builder.Services.AddProblemDetails();
        builder.Services.AddSingleton(_ => new Predictor(mlContext, model, settings));

        WebApplication app = builder.Build();
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            StatusCodeSelector = e => e is BadHttpRequestException bad ? bad.StatusCode : StatusCodes.Status500InternalServerError,
        });
        app.UseStatusCodePages();   // 404 and 405 as problem details too

        var watch = Stopwatch.StartNew();
        Predictor predictor = app.Services.GetRequiredService<Predictor>();
        app.MapPost("/predict", (HttpContext context, CancellationToken aborted) => PredictAsync(context, predictor, settings, aborted));
        app.MapGet("/model", () => Describe(model));
        app.MapGet("/health", () => new HealthAnswer("ok", Math.Round(watch.Elapsed.TotalSeconds, 1), predictor.Made, predictor.Busy, settings.Places,
            Environment.WorkingSet, GC.GetTotalMemory(false)));
        return app;
    }

    private static async Task<IResult> PredictAsync(HttpContext context, Predictor predictor, ServeSettings settings, CancellationToken aborted)
    {
        // Before the body is read: requests without a place take no memory.
        if (!predictor.TryEnter())
        {
            context.Response.Headers.RetryAfter = "1";
            return TypedResults.Problem($"{settings.Places} requests are in progress, as many as this server takes at once.", statusCode: StatusCodes.Status503ServiceUnavailable);
        }
        try
        {
            byte[] file = await ImageUpload.ReadAsync(context.Request, settings, aborted);
            return TypedResults.Ok(await predictor.PredictAsync(file, aborted));
        }
        catch (RefusedUpload e)
        {
            return TypedResults.Problem(e.Message, statusCode: e.Status);
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return TypedResults.Problem(ImageUpload.TooLarge(settings).Message, statusCode: e.StatusCode);
        }
        catch (OperationCanceledException) when (aborted.IsCancellationRequested)
        {
            return TypedResults.Empty;   // nobody is there to answer
        }
        finally
        {
            predictor.Leave();
        }
    }

    private static ModelAnswer Describe(ServedModel model) => new(model.Transformer.MethodName, model.Transformer.Architecture, model.Labels,
        [.. model.Transformer.Tasks.Select(task => new TaskAnswer(task.Name, [.. task.Classes.Select(c => model.Labels[c])]))]);
}
