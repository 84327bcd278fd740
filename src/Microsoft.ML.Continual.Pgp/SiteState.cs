using Microsoft.ML.Continual.Methods;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Pgp;

/// <summary>What a projection knows of one site: what lasts over tasks, and what belongs to the task at hand.</summary>
internal sealed class SiteState(string name, int dimension) : IDisposable
{
    public string Name => name;

    public int Dimension => dimension;

    // Lasting.
    public SubspaceBasis Basis { get; set; } = SubspaceBasis.Empty(dimension);

    public int Updates { get; set; }

    public List<PastActivations> Past { get; } = [];

    /// <summary>The rows that the last finished task used, where the memory is taken before a task; null for all.</summary>
    public bool[]? RowsUsedLast { get; set; }

    // Of the task at hand.
    public ProjectionSite? Site { get; private set; }

    public DeviceProjector? Projector { get; private set; }

    public Tensor? Start { get; private set; }

    /// <summary>Makes ready for a task: the basis of the tasks before goes to the device, and the rows' present values are remembered.</summary>
    public void Begin(ProjectionSite site)
    {
        End();
        Site = site;
        Projector = new DeviceProjector(Basis, site.Parameter);
        using var scope = NewDisposeScope();
        Start = site.Parameter.detach().clone().DetachFromDisposeScope();
    }

    /// <summary>Frees what belongs to the task.</summary>
    public void End()
    {
        Projector?.Dispose();
        Start?.Dispose();
        (Site, Projector, Start) = (null, null, null);
    }

    public void Dispose() => End();
}
