using Microsoft.ML.Continual.Backbones;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.Peft;

/// <summary>
/// What one way of parameter-efficient tuning adds to a vision transformer: its parameters, the edits made of their values, and where a projection can act.
/// </summary>
/// <remarks>Parameters have the names of the released code; the number in a name counts the tuned blocks. Values are handed over in the order of <see cref="Parameters"/>.</remarks>
internal abstract class PeftModule(PeftOptions options) : IDisposable
{
    private readonly List<TrainableParameter> _parameters = [];
    private readonly List<ProjectionSite> _sites = [];
    private readonly Dictionary<string, int> _blocks = new(StringComparer.Ordinal);   // by site

    /// <summary>The method's name.</summary>
    public abstract string Name { get; }

    public IReadOnlyList<TrainableParameter> Parameters => _parameters;

    public IReadOnlyList<ProjectionSite> Sites => _sites;

    /// <summary>The positions of the parameters that only the first task trains.</summary>
    public virtual IReadOnlySet<int> TrainedOnce { get; } = new HashSet<int>();

    protected VisionTransformer Network { get; } = options.Network;

    protected int Width => Network.Width;

    /// <summary>The edits that given values make, with gradients where the values have some. New tensors live in the caller's scope.</summary>
    public abstract BlockEdits Edits(IReadOnlyList<Tensor> values);

    /// <summary>Frozen tensors for prediction, which are the caller's, and how edits are made of them.</summary>
    public virtual (IReadOnlyList<Tensor> Tensors, Func<IReadOnlyList<Tensor>, BlockEdits> Edits) Freeze() => ([.. _parameters.Select(p => TrainableTensor.Freeze(p.Value))], Edits);

    /// <summary>What images send into the wanted sites; see <see cref="ContinualMethod.CollectActivations"/>.</summary>
    public IReadOnlyDictionary<string, Tensor> Collect(Tensor images, IReadOnlyCollection<string> wanted)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        var kept = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        int[] blocks = [.. wanted.Where(_blocks.ContainsKey).Select(name => _blocks[name])];
        if (blocks.Length == 0) return kept;
        Tensor[] values = [.. _parameters.Select(p => (Tensor)p.Value)];
        BlockEdits edits = Edits(values) with { Output = OutputTokens.All, BlockCount = blocks.Max() + 1 };
        Network.Forward(images, Watch(edits, values, Keep));
        foreach (Tensor tensor in kept.Values) tensor.MoveToOuterDisposeScope();
        return kept;

        void Keep(string site, Func<Tensor> make)
        {
            if (!wanted.Contains(site)) return;
            using DisposeScope inner = NewDisposeScope();
            Tensor value = make();
            kept[site] = value.dtype == ScalarType.Float64 ? value.clone() : value.to(ScalarType.Float32, copy: true);   // float64 stays, for tests
            scope.Attach(kept[site]);
        }
    }

    public void Dispose()
    {
        foreach (TrainableParameter parameter in _parameters) parameter.Value.Dispose();
    }

    /// <summary>Adds to the edits what hands activations over.</summary>
    /// <param name="edits">Those of <see cref="Edits"/>.</param>
    /// <param name="values">What they were made of.</param>
    /// <param name="keep">Takes a site's name and how its activations are made, if they are wanted: [B, tokens, dimension] of any floating type.</param>
    protected abstract BlockEdits Watch(BlockEdits edits, IReadOnlyList<Tensor> values, Action<string, Func<Tensor>> keep);

    /// <summary>Adds a parameter and says at which place.</summary>
    protected int Add(string name, Tensor value)
    {
        _parameters.Add(new TrainableParameter(StateName(name), TrainableTensor.Create(value, Network.Device)));
        return _parameters.Count - 1;
    }

    /// <summary>The name that a parameter has outside of its module.</summary>
    protected static string StateName(string name) => "pets." + name;

    /// <summary>Adds a factor where there is to be one; −1 where there is none.</summary>
    protected int AddScale(string name) => options.LearnableScale ? Add(name, tensor(1f)) : -1;

    protected Parameter At(int place) => _parameters[place].Value;

    protected void AddSite(int block, ProjectionSite site)
    {
        _sites.Add(site);
        _blocks.Add(site.Name, block);
    }

    /// <summary>A value, times the factor at a place.</summary>
    protected static Tensor Scaled(IReadOnlyList<Tensor> values, int place, int scale) => scale < 0 ? values[place] : values[place] * values[scale];

    /// <summary>PyTorch's initial range of a linear map (Kaiming with a = √5): 1/√inputs.</summary>
    protected static double LinearRange(long inputs) => 1 / Math.Sqrt(inputs);
}
