using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Training;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Conformance;

/// <summary>Options of <see cref="HalvingConstraint"/>.</summary>
internal sealed class HalvingOptions : ConstraintOptions
{
    public Action<string>? Calls { get; set; }

    /// <summary>Out of range when negative.</summary>
    public int SampleCount { get; set; } = 5;

    public override UpdateConstraint CreateConstraint() => new HalvingConstraint(this);

    public override void Validate() => OptionCheck.Require(SampleCount >= 0, nameof(SampleCount), "0 or more", SampleCount);
}

/// <summary>A constraint that halves the gradient of every site after the first task, and remembers the images it was shown: enough to see that it takes part in everything.</summary>
internal sealed class HalvingConstraint(HalvingOptions options) : UpdateConstraint
{
    private ContinualMethod? _method;
    private int _task;
    private Tensor _seen = zeros(1, float64).DetachFromDisposeScope();

    public override string Name => "Halving";


    public override void Attach(ContinualMethod method)
    {
        options.Calls?.Invoke("constraint.Attach");
        _method = method;
    }

    public override void BeginTask(ConstraintTask task)
    {
        options.Calls?.Invoke("constraint.BeginTask");
        _task = task.Index;
        See(task);
    }

    public override void ProjectGradients()
    {
        options.Calls?.Invoke("constraint.ProjectGradients");
        if (_task == 0) return;
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        foreach (ProjectionSite site in _method!.Sites) site.Parameter.grad?.mul_(0.5);
    }

    public override void BeforeStep() => options.Calls?.Invoke("constraint.BeforeStep");

    public override void AfterStep() => options.Calls?.Invoke("constraint.AfterStep");

    public override void EndTask(ConstraintTask task)
    {
        options.Calls?.Invoke("constraint.EndTask");
        See(task);
        task.Log("halving: seen");
    }

    public override void SaveState(StateDictionary state)
    {
        state.Values["constraint"] = Name;
        state.Add("seen", _seen);
    }

    public override void LoadState(StateDictionary state)
    {
        using var scope = NewDisposeScope();
        _seen.copy_(state.Get("seen", 1));
    }

    public override void Dispose() => _seen.Dispose();

    private void See(ConstraintTask task)
    {
        using var frozen = no_grad();
        int count = 0;
        foreach (Tensor images in task.SampleImages(options.SampleCount))
        {
            using var scope = NewDisposeScope();
            _seen.add_(images.to(float64).sum());
            count += (int)images.shape[0];
        }
        if (count != Math.Min(options.SampleCount, task.ImageCount)) throw new InvalidOperationException($"Expected {options.SampleCount} images or all, found {count}.");
    }
}
