using Microsoft.ML.Continual.Backbones.Clip;
using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.ClipPrompt;

/// <summary>The parameters on the side of the images, their sites and activations.</summary>
/// <remarks>In the shape comments B is images, P prompt tokens, D image width, E embedding width, r rank.</remarks>
internal sealed class ClipImageParts : IDisposable
{
    private const string Prompt = "prompt", Down = "adapter.down", Up = "adapter.up";

    private readonly ClipModel _clip;

    public ClipImageParts(ClipPromptOptions options, SeededRandom random)
    {
        _clip = (ClipModel)options.Backbone!;
        using DisposeScope scope = NewDisposeScope();
        if (options.ImageTuning == ClipImageTuning.Prompt)
        {
            Parameters = [Make("image_prompt_pool.0.weight", _clip.Width, options.ImagePromptLength, _clip.Width)];   // [P, D]
            Sites = [new ProjectionSite(Prompt, Parameters[0].Value, _clip.Width, protectsOwnRows: true)];
            StateNames = ["image_prompt"];
            return;
        }
        int width = _clip.Config.EmbedWidth, rank = options.AdapterRank;
        Parameters = [Make("image_adapter.down.weight", width, rank, width), Make("image_adapter.up.weight", rank, width, rank)];   // [r, E] and [E, r]
        Sites =
        [
            new ProjectionSite(Down, Parameters[0].Value, width, protectsOwnRows: false) { Role = SiteRole.Weight },
            new ProjectionSite(Up, Parameters[1].Value, rank, protectsOwnRows: false) { Role = SiteRole.Weight },
        ];
        StateNames = ["image_adapter_down", "image_adapter_up"];

        TrainableParameter Make(string name, int inputs, params long[] shape)
        {
            double range = 1 / Math.Sqrt(inputs);
            return new TrainableParameter(name, TrainableTensor.Create(random.UniformTensor(-range, range, shape), _clip.Device));
        }
    }

    public IReadOnlyList<TrainableParameter> Parameters { get; }

    public IReadOnlyList<ProjectionSite> Sites { get; }

    /// <summary>The names of the parameters in a state.</summary>
    public IReadOnlyList<string> StateNames { get; }

    public Tensor[] Values => [.. Parameters.Select(p => (Tensor)p.Value)];

    /// <summary>What images send into the sites; see <see cref="ContinualMethod.CollectActivations"/>.</summary>
    public IReadOnlyDictionary<string, Tensor> Collect(Tensor images)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        if (Parameters.Count == 1)
            return new Dictionary<string, Tensor>(StringComparer.Ordinal) { [Prompt] = _clip.Image.Embed(images).to(ScalarType.Float32).MoveToOuterDisposeScope() };   // [B, 1 + N, D]
        Tensor features = _clip.EncodeImages(images).to(ScalarType.Float32).unsqueeze(1);   // [B, E] -> [B, 1, E]
        return new Dictionary<string, Tensor>(StringComparer.Ordinal)
        {
            [Down] = features.MoveToOuterDisposeScope(),
            [Up] = nn.functional.linear(features, Parameters[0].Value).MoveToOuterDisposeScope(),   // [B, 1, r]
        };
    }

    public void Dispose()
    {
        foreach (TrainableParameter parameter in Parameters) parameter.Value.Dispose();
    }
}
