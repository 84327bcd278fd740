namespace Microsoft.ML.Continual.Tasks;

/// <summary>One step of a sequence: the rows a trainer may see, and the rows it is judged by.</summary>
public sealed class ContinualTask
{
    /// <summary>Describes a task. Nothing is read.</summary>
    /// <param name="name">What reports call the task.</param>
    /// <param name="train">The training rows: images and labels.</param>
    /// <param name="test">The rows that accuracy is measured on, or null.</param>
    /// <param name="classNames">The names of the task's classes for reports, or null where they are not known beforehand.</param>
    /// <exception cref="ArgumentException">The name is blank.</exception>
    public ContinualTask(string name, IDataView train, IDataView? test = null, IReadOnlyList<string>? classNames = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(train);
        (Name, Train, Test, ClassNames) = (name, train, test, classNames is null ? null : [.. classNames]);
    }

    /// <summary>What reports call the task.</summary>
    public string Name { get; }

    /// <summary>The training rows.</summary>
    public IDataView Train { get; }

    /// <summary>The rows that accuracy is measured on, or null.</summary>
    public IDataView? Test { get; }

    /// <summary>The names of the task's classes for reports, or null where they are not known beforehand.</summary>
    public IReadOnlyList<string>? ClassNames { get; }

    /// <summary>The task's name.</summary>
    public override string ToString() => Name;
}
