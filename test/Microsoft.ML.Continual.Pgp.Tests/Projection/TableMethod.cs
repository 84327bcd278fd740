using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Pgp.Tests.Projection;

/// <summary>
/// A method without a network: two tables of rows, and "images" [B, tokens, d] that are their own activations. The loss pulls each row to a target that differs from task to task,
/// coordinates at very different rates, so that Adam and SGD go different ways.
/// </summary>
internal sealed class TableMethod : ContinualMethod
{
    private readonly List<Parameter> _tables = [];
    private Tensor? _target;

    public TableMethod(int rows, int dimension, int seed = 1, params string[] sites)
    {
        var random = new SeededRandom(seed);
        using DisposeScope scope = NewDisposeScope();
        var made = new List<ProjectionSite>();
        foreach (string name in sites.Length == 0 ? ["prompt", "key"] : sites)
        {
            _tables.Add(TrainableTensor.Create(random.UniformTensor(-1, 1, rows, dimension), CPU));
            made.Add(new ProjectionSite(name, _tables[^1], dimension, protectsOwnRows: name == "prompt") { Role = name == "key" ? SiteRole.PoolKey : SiteRole.Prompt });
        }
        Sites = made;
    }

    public override string Name => "Table";

    public override Backbone Backbone => throw new NotSupportedException();

    public override int ClassCount => 2;

    public override IReadOnlyList<TrainableParameter> Parameters => [.. Sites.Select(s => new TrainableParameter(s.Name, s.Parameter))];

    public override IReadOnlyList<ProjectionSite> Sites { get; }

    public Parameter this[string site] => Sites.Single(s => s.Name == site).Parameter;

    public override void BeginTask(MethodTask task)
    {
        EndTask();
        _target = task.Random.UniformTensor(-2, 2, Sites[0].Rows, Sites[0].Dimension).DetachFromDisposeScope();
    }

    public override LossTerms ComputeLoss(ImageBatch batch)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor rates = linspace(0.01, 3, Sites[0].Dimension, ScalarType.Float32);
        Tensor total = zeros(1, ScalarType.Float32).sum();
        foreach (Parameter table in _tables) total = total + ((table - _target!).square() * rates).sum();
        return new LossTerms(total.MoveToOuterDisposeScope(), total.detach().MoveToOuterDisposeScope(), zeros(1, 2).MoveToOuterDisposeScope());
    }

    public override void EndTask()
    {
        _target?.Dispose();
        _target = null;
    }

    public override IReadOnlyDictionary<string, Tensor> CollectActivations(Tensor images, IReadOnlyCollection<string> sites) => Sites.ToDictionary(s => s.Name, _ => images.alias(), StringComparer.Ordinal);

    public override IScorer CreateScorer() => throw new NotSupportedException();

    public override void SaveState(StateDictionary state)
    {
        foreach (TrainableParameter p in Parameters) state.Add(p.Name, p.Value);
    }

    public override void LoadState(StateDictionary state)
    {
        using IDisposable frozen = no_grad();
        foreach (TrainableParameter p in Parameters) p.Value.copy_(state.Get(p.Name, p.Value.shape));
    }

    public override void Dispose()
    {
        EndTask();
        foreach (Parameter table in _tables) table.Dispose();
        foreach (ProjectionSite site in Sites)
        {
            site.RowsInUse?.Dispose();
            site.RowsOfFirstImage?.Dispose();
        }
    }
}
