using Microsoft.ML.Continual.Tasks;

namespace Microsoft.ML.Continual.Inference;

/// <summary>Reads a label column as keys over the classes seen: 1-based, 0 for a missing label or one never learned.</summary>
internal sealed class LabelMapping
{
    private readonly DataViewRow _row;
    private readonly Func<long, object?> _read;
    private readonly ClassRegistry _classes;
    private readonly HashSet<object> _unknown = [];

    public LabelMapping(LabelColumn label, DataViewRow row, ClassRegistry classes) => (_row, _read, _classes) = (row, label.Bind(row), classes);

    /// <summary>The different label values met that were never learned.</summary>
    public IReadOnlyCollection<object> UnknownValues => _unknown;

    /// <summary>The number of rows read that carried such a label.</summary>
    public long UnknownRows { get; private set; }

    /// <summary>The present row's key.</summary>
    public uint Read()
    {
        object? value = _read(_row.Position);
        if (value is null) return 0;
        int index = _classes.IndexOf(value);
        if (index >= 0) return (uint)index + 1;
        _unknown.Add(value);
        UnknownRows++;
        return 0;
    }
}
