using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Samples.Serve;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Serve.Tests;

[TestClass]
public sealed class ServeTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [TestMethod]
    public async Task An_image_gets_the_label_and_the_scores_that_the_model_gives()
    {
        await using LocalServer server = await LocalServer.StartAsync();
        List<TinyImage> images = TinyImages.Make(3, 9, "cat", "dog", "fox", "elk");
        float[][] expected = Scores(server, images);
        for (int i = 0; i < images.Count; i++)
        {
            HttpContent content = i % 2 == 0 ? Pictures.Body(Pictures.Png(images[i]), i % 4 == 0 ? "image/png" : "application/octet-stream") : Pictures.Form(Pictures.Png(images[i]));
            using HttpResponseMessage response = await server.Client.PostAsync("/predict", content);
            Assert.AreEqual(HttpStatusCode.OK, response.StatusCode);
            PredictionAnswer answer = (await response.Content.ReadFromJsonAsync<PredictionAnswer>())!;
            CollectionAssert.AreEqual(new[] { "cat", "dog", "fox", "elk" }, answer.Scores.Keys.ToArray());
            CollectionAssert.AreEqual(expected[i], answer.Scores.Values.ToArray());
            Assert.AreEqual(answer.Scores.MaxBy(pair => pair.Value), new(answer.Label, answer.Score));
            Assert.IsGreaterThan(0, answer.Milliseconds);
        }
        using HttpResponseMessage jpeg = await server.Client.PostAsync("/predict", Pictures.Body(Pictures.Jpeg(), "image/jpeg"));
        Assert.AreEqual(HttpStatusCode.OK, jpeg.StatusCode);
    }

    [TestMethod]
    public async Task Many_clients_at_once_get_what_one_gets()
    {
        await using LocalServer server = await LocalServer.StartAsync(new ServeSettings { Workers = 4 });
        List<TinyImage> images = TinyImages.Make(4, 9, "cat", "dog", "fox", "elk");
        float[][] expected = Scores(server, images);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async client =>
        {
            for (int i = 0; i < 40; i++)
            {
                int n = (client + i) % images.Count;
                using HttpResponseMessage response = await server.Client.PostAsync("/predict", Pictures.Body(Pictures.Png(images[n])));
                PredictionAnswer answer = (await response.Content.ReadFromJsonAsync<PredictionAnswer>())!;
                CollectionAssert.AreEqual(expected[n], answer.Scores.Values.ToArray());
            }
        }));
        Assert.AreEqual(320, server.Predictor.Made);
    }

    [TestMethod]
    public async Task Model_and_health_say_what_is_served()
    {
        await using LocalServer server = await LocalServer.StartAsync();
        ModelAnswer model = (await server.Client.GetFromJsonAsync<ModelAnswer>("/model"))!;
        Assert.AreEqual("L2P", model.Method);
        StringAssert.Contains(model.Backbone, "ViT 16x2");
        CollectionAssert.AreEqual(new[] { "cat", "dog", "fox", "elk" }, model.Classes.ToArray());
        Assert.HasCount(2, model.Tasks);
        CollectionAssert.AreEqual(new[] { "fox", "elk" }, model.Tasks[1].Classes.ToArray());
        (await server.Client.PostAsync("/predict", Pictures.Body(Pictures.Png()))).EnsureSuccessStatusCode();
        HealthAnswer health = (await server.Client.GetFromJsonAsync<HealthAnswer>("/health"))!;
        Assert.AreEqual(("ok", 1L, 0), (health.Status, health.Predictions, health.Busy));
        Assert.IsGreaterThan(health.ManagedBytes, health.WorkingSetBytes);
        Assert.AreEqual("127.0.0.1", server.Address.Host);
    }

    [TestMethod]
    public async Task What_is_no_image_gets_400_with_the_reason()
    {
        await using LocalServer server = await LocalServer.StartAsync();
        byte[] png = Pictures.Png(), jpeg = Pictures.Jpeg();
        byte[] damaged = (byte[])png.Clone();
        damaged[45] ^= 1;   // inside the pixels: the chunk's checksum is wrong
        foreach ((HttpContent content, string reason) in new[]
        {
            (Pictures.Body([]), "no bytes"),
            (Pictures.Body("not an image at all"u8.ToArray()), "begin with"),
            (Pictures.Body(png[..20]), "no sound header"),
            (Pictures.Body(png[..^9]), "not whole"),
            (Pictures.Body(damaged), "damaged"),
            (Pictures.Body(jpeg[..^40], "image/jpeg"), "not whole"),
            (Pictures.Body(jpeg[..30], "image/jpeg"), "no sound header"),
            (Pictures.Form(), "form"),
            (Pictures.Form(png, png), "found 2"),
            (Pictures.Form([1, 2, 3]), "begin with 010203"),
            (Pictures.Body(png, "multipart/form-data; boundary=x"), "form"),
            (Pictures.Body(png, "multipart/form-data"), "form"),
        }) await AssertProblemAsync(await server.Client.PostAsync("/predict", content), 400, reason);
        (await server.Client.PostAsync("/predict", Pictures.Body(png))).EnsureSuccessStatusCode();   // none of it hurt the server
        Assert.AreEqual(0, server.Predictor.Busy);
    }

    [TestMethod]
    public async Task Other_content_types_get_415_other_addresses_404_and_other_verbs_405()
    {
        await using LocalServer server = await LocalServer.StartAsync();
        foreach (string? type in new[] { null, "text/plain", "application/json", "image/gif", "application/x-www-form-urlencoded" })
            await AssertProblemAsync(await server.Client.PostAsync("/predict", Pictures.Body(Pictures.Png(), type)), 415, "image/png");
        await AssertProblemAsync(await server.Client.GetAsync("/nowhere"), 404, "");
        await AssertProblemAsync(await server.Client.GetAsync("/predict"), 405, "");
    }

    [TestMethod]
    public async Task Too_large_a_file_gets_413_whether_or_not_it_says_its_size()
    {
        await using LocalServer server = await LocalServer.StartAsync(new ServeSettings { MaximumBytes = 4000 });
        byte[] large = [.. Pictures.Png(), .. new byte[100_000]], above = [.. Pictures.Png(), .. new byte[4000]];
        await AssertProblemAsync(await server.Client.PostAsync("/predict", Pictures.Body(large)), 413, "4000 bytes");
        await AssertProblemAsync(await server.Client.PostAsync("/predict", Pictures.Body(above)), 413, "4000 bytes");
        await AssertProblemAsync(await server.Client.PostAsync("/predict", Pictures.Form(above)), 413, "4000 bytes");
        using var chunked = new HttpRequestMessage(HttpMethod.Post, "/predict") { Content = Pictures.Body(large) };
        chunked.Headers.TransferEncodingChunked = true;
        await AssertProblemAsync(await server.Client.SendAsync(chunked), 413, "4000 bytes");
        (await server.Client.PostAsync("/predict", Pictures.Body(Pictures.Png()))).EnsureSuccessStatusCode();
    }

    [TestMethod]
    public async Task A_header_that_claims_a_huge_image_gets_413_and_nothing_is_decoded()
    {
        await using LocalServer server = await LocalServer.StartAsync(new ServeSettings { MaximumPixels = 1000 });
        byte[] bomb = Pictures.Png();
        (bomb[16], bomb[20]) = (0x7F, 0x7F);   // 2 billion pixels each way
        await AssertProblemAsync(await server.Client.PostAsync("/predict", Pictures.Body(bomb)), 413, "2130706448 x 2130706448");
        await AssertProblemAsync(await server.Client.PostAsync("/predict", Pictures.Body(Pictures.Jpeg(64, 64), "image/jpeg")), 413, "64 x 64");
        bomb.AsSpan(16, 8).Fill(0xFF);
        await AssertProblemAsync(await server.Client.PostAsync("/predict", Pictures.Body(bomb)), 413, "4294967295 x 4294967295");
        Assert.AreEqual(0, server.Predictor.Made);
    }

    [TestMethod]
    public async Task With_all_places_taken_a_request_gets_503_with_Retry_After_and_later_its_answer()
    {
        await using LocalServer server = await LocalServer.StartAsync(new ServeSettings { Workers = 1, MaximumWaiting = 0 });
        byte[] png = Pictures.Png();
        using var slow = new TcpClient();
        await slow.ConnectAsync(server.Address.Host, server.Address.Port);
        NetworkStream stream = slow.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nContent-Length: {png.Length}\r\nConnection: close\r\n\r\n"));
        await stream.WriteAsync(png.AsMemory(0, 50));   // the rest is on its way
        await UntilAsync(() => server.Predictor.Busy == 1);

        using HttpResponseMessage refused = await server.Client.PostAsync("/predict", Pictures.Body(png));
        Assert.AreEqual(TimeSpan.FromSeconds(1), refused.Headers.RetryAfter?.Delta);
        await AssertProblemAsync(refused, 503, "1 requests are in progress");
        (await server.Client.GetAsync("/health")).EnsureSuccessStatusCode();

        await stream.WriteAsync(png.AsMemory(50));
        string answer = await new StreamReader(stream).ReadToEndAsync();
        StringAssert.StartsWith(answer, "HTTP/1.1 200");
        await UntilAsync(() => server.Predictor.Busy == 0);
        (await server.Client.PostAsync("/predict", Pictures.Body(png))).EnsureSuccessStatusCode();
    }

    [TestMethod]
    public async Task A_client_that_goes_away_gives_its_place_back()
    {
        await using LocalServer server = await LocalServer.StartAsync(new ServeSettings { Workers = 1, MaximumWaiting = 0 });
        using (var gone = new TcpClient())
        {
            await gone.ConnectAsync(server.Address.Host, server.Address.Port);
            await gone.GetStream().WriteAsync("POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nContent-Length: 1000\r\n\r\nsome"u8.ToArray());
            await UntilAsync(() => server.Predictor.Busy == 1);
        }
        await UntilAsync(() => server.Predictor.Busy == 0);
        (await server.Client.PostAsync("/predict", Pictures.Body(Pictures.Png()))).EnsureSuccessStatusCode();
    }

    [TestMethod]
    public async Task Stopping_answers_the_requests_that_have_begun()
    {
        await using LocalServer server = await LocalServer.StartAsync();
        byte[] png = Pictures.Png();
        using var begun = new TcpClient();
        await begun.ConnectAsync(server.Address.Host, server.Address.Port);
        NetworkStream stream = begun.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nContent-Length: {png.Length}\r\n\r\n"));
        await stream.WriteAsync(png.AsMemory(0, 50));
        await UntilAsync(() => server.Predictor.Busy == 1);
        Task stopping = server.StopAsync();
        Assert.IsFalse(stopping.IsCompleted);
        await stream.WriteAsync(png.AsMemory(50));
        string answer = await new StreamReader(stream).ReadToEndAsync();
        StringAssert.StartsWith(answer, "HTTP/1.1 200");
        StringAssert.Contains(answer, "\"label\"");
        await stopping;
        await Assert.ThrowsExactlyAsync<HttpRequestException>(() => server.Client.GetAsync("/health"));
    }

    [TestMethod]
    public void Damaged_files_are_refused_or_looked_at_without_another_error()
    {
        var random = new SeededRandom(11);
        var settings = new ServeSettings { MaximumPixels = 100_000 };
        int refused = 0, taken = 0;
        foreach (byte[] sound in new[] { Pictures.Png(), Pictures.Jpeg() })
        {
            ImageUpload.Check(sound, settings);
            for (int i = 0; i < 20_000; i++)
            {
                byte[] file = (byte[])sound.Clone();
                for (int n = 1 + random.NextInt(4); n > 0; n--) file[random.NextInt(Math.Min(file.Length, i % 2 == 0 ? 60 : int.MaxValue))] = (byte)random.NextInt(256);
                if (random.NextInt(3) == 0) file = file[..random.NextInt(file.Length)];
                try
                {
                    ImageUpload.Check(file, settings);
                    taken++;
                }
                catch (RefusedUpload e)
                {
                    Assert.IsTrue(e.Status is 400 or 413);
                    refused++;
                }
            }
        }
        Assert.IsGreaterThan(1000, refused);
        Assert.IsGreaterThan(1000, taken);
    }

    private static float[][] Scores(LocalServer server, List<TinyImage> images)
    {
        using PredictionEngine<TinyImage, ScoredRow> engine = server.MLContext.Model.CreatePredictionEngine<TinyImage, ScoredRow>(server.Model, new PredictionEngineOptions { OwnsTransformer = false });
        return [.. images.Select(image => engine.Predict(image).Score)];
    }

    private static async Task AssertProblemAsync(HttpResponseMessage response, int status, string reason)
    {
        using (response)
        {
            string text = await response.Content.ReadAsStringAsync();
            Assert.AreEqual(status, (int)response.StatusCode, text);
            Assert.AreEqual("application/problem+json", response.Content.Headers.ContentType?.MediaType);
            using JsonDocument problem = JsonDocument.Parse(text);
            Assert.AreEqual(status, problem.RootElement.GetProperty("status").GetInt32());
            if (reason.Length > 0) StringAssert.Contains(problem.RootElement.GetProperty("detail").GetString(), reason);
        }
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        long end = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
        while (!holds())
        {
            Assert.IsLessThan(end, Environment.TickCount64, "waited for a minute");
            await Task.Delay(5);
        }
    }
}
