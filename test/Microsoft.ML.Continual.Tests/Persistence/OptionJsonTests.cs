using System.Text.Json.Nodes;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.L2P;
using Microsoft.ML.Continual.Persistence;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Persistence;

[TestClass]
public sealed class OptionJsonTests
{
    [TestMethod]
    public void Every_methods_options_come_back_as_they_were()
    {
        Type[] all = [.. typeof(MethodOptions).Assembly.GetTypes().Where(t => !t.IsAbstract && typeof(MethodOptions).IsAssignableFrom(t))];
        Assert.IsGreaterThan(6, all.Length);
        foreach (Type type in all)
        {
            var options = (MethodOptions)Activator.CreateInstance(type)!;
            (options.DecayAt, options.Seed, options.TrainingView, options.WeightDecay) = ([0.25, 0.75], 5, TrainingView.Deterministic, 1e-4);
            JsonObject written = KnownOptions.Write(options);
            MethodOptions read = KnownOptions.Read<MethodOptions>(JsonNode.Parse(written.ToJsonString())!);
            Assert.AreEqual(type, read.GetType());
            Assert.AreEqual(written.ToJsonString(), KnownOptions.Write(read).ToJsonString());
            Assert.AreEqual(TrainingView.Deterministic, read.TrainingView);
        }
    }

    [TestMethod]
    [DataRow("""{"PoolSize": 1.5}""", "PoolSize")]
    [DataRow("""{"PoolSize": "ten"}""", "PoolSize")]
    [DataRow("""{"PoolSize": null}""", "PoolSize")]
    [DataRow("""{"Optimizer": "Magic"}""", "Optimizer")]
    [DataRow("""{"Optimizer": "77"}""", "Optimizer")]
    [DataRow("""{"DecayAt": 3}""", "DecayAt")]
    [DataRow("""{"DecayAt": [0.5, {}]}""", "DecayAt[1]")]
    [DataRow("""{"TrainingView": []}""", "TrainingView")]
    [DataRow("""{"TrainingView": {"MinimumArea": 1}}""", "TrainingView lacks Kind")]
    [DataRow("""{"NoSuch": 1}""", "NoSuch")]
    public void A_value_that_does_not_fit_is_named(string json, string option)
    {
        string message = Assert.ThrowsExactly<InvalidDataException>(() => OptionJson.Read(JsonNode.Parse(json)!.AsObject(), new L2POptions())).Message;
        StringAssert.Contains(message, option);
    }
}
