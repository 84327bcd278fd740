using Microsoft.ML.Continual.Methods;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Pgp;

/// <summary>What a projection knows of one site: what lasts over tasks, and what belongs to the task at hand.</summary>
/// <param name="attached">The site as it was when the projection was attached: its name, role and sizes last, its parameter need not.</param>
internal sealed class SiteState(ProjectionSite attached) : IDisposable
{
    public ProjectionSite Attached => attached;

    public string Name => attached.Name;

    public int Dimension => attached.Dimension;

    // Lasting.
    public SubspaceBasis Basis { get; set; } = SubspaceBasis.Empty(attached.Dimension);

    public int Updates { get; set; }

    public List<PastActivations> Past { get; } = [];

    /// <summary>The rows that the last finished task used, where the memory is taken before a task; null for all.</summary>
    public bool[]? RowsUsedLast { get; set; }

    /// <summary>The rows that some finished task used, where only these are projected.</summary>
    public bool[] RowsUsedBefore { get; set; } = new bool[attached.Rows];

    // Of the task at hand.
    public ProjectionSite? Site { get; private set; }

    public DeviceProjector? Projector { get; private set; }

    /// <summary>[..., d] the rows' values when the task began.</summary>
    public Tensor? Start { get; private set; }

    /// <summary>[rows] bool on the device: the rows to project; null for all.</summary>
    public Tensor? ProjectedRows { get; private set; }

    /// <summary>Makes ready for a task: the basis of the tasks before goes to the device, and the rows' present values are remembered.</summary>
    public void Begin(ProjectionSite site, bool usedBeforeOnly)
    {
        End();
        Site = site;
        Projector = new DeviceProjector(Basis, site.Parameter);
        using var scope = NewDisposeScope();
        Start = site.RowsOf(site.Parameter.detach()).clone().DetachFromDisposeScope();
        if (usedBeforeOnly) ProjectedRows = from_array(RowsUsedBefore).to(site.Parameter.device, copy: true).DetachFromDisposeScope();
    }

    /// <summary>Frees what belongs to the task.</summary>
    public void End()
    {
        Projector?.Dispose();
        Start?.Dispose();
        ProjectedRows?.Dispose();
        (Site, Projector, Start, ProjectedRows) = (null, null, null, null);
    }

    public void Dispose() => End();
}
