using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Continual.Tasks;

/// <summary>In which order the classes of a data set are dealt out to tasks; or its domains, where each task is a domain.</summary>
public abstract class ClassOrder
{
    /// <summary>Ascending label values: ordinal for text, by size for numbers. What the papers use.</summary>
    public static ClassOrder Sorted { get; } = new SortedOrder();

    /// <summary>The order in which the labels first occur in the training rows.</summary>
    public static ClassOrder AsFound { get; } = new AsFoundOrder();

    private ClassOrder() { }

    /// <summary>A random order. It depends on the seed and the set of label values alone, not on the order of the rows.</summary>
    /// <param name="seed">The seed; null takes one from the <c>MLContext</c>.</param>
    public static ClassOrder Shuffled(int? seed = null) => new ShuffledOrder(seed);

    /// <summary>Exactly these label values; classes that are not named are left out of every task.</summary>
    /// <param name="labels">Text or numbers, of the label column's type (for keys: of their values).</param>
    /// <exception cref="ArgumentException">The list is empty.</exception>
    public static ClassOrder Explicit(params IReadOnlyList<object> labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        if (labels.Count == 0) throw new ArgumentException("An explicit class order names at least one label.", nameof(labels));
        return new ExplicitOrder([.. labels]);
    }

    /// <summary>Puts classes in order.</summary>
    /// <param name="found">The classes in the order they were found.</param>
    /// <param name="environment">Where a seed comes from that was not given.</param>
    /// <param name="columnName">The label column, for messages.</param>
    internal abstract IReadOnlyList<object> Arrange(ClassRegistry found, IHostEnvironment environment, string columnName);

    private sealed class AsFoundOrder : ClassOrder
    {
        internal override IReadOnlyList<object> Arrange(ClassRegistry found, IHostEnvironment environment, string columnName) => found.Values;
    }

    private sealed class SortedOrder : ClassOrder
    {
        internal override IReadOnlyList<object> Arrange(ClassRegistry found, IHostEnvironment environment, string columnName) =>
            [.. found.Values.Order(Comparer<object>.Create(found.Kind!.Compare))];
    }

    private sealed class ShuffledOrder(int? seed) : ClassOrder
    {
        internal override IReadOnlyList<object> Arrange(ClassRegistry found, IHostEnvironment environment, string columnName)
        {
            IReadOnlyList<object> sorted = Sorted.Arrange(found, environment, columnName);
            int start = seed ?? environment.Register("ClassOrder").Rand.Next();
            return [.. new SeededRandom(start).NextPermutation(sorted.Count).Select(i => sorted[i])];
        }
    }

    private sealed class ExplicitOrder(object[] labels) : ClassOrder
    {
        internal override IReadOnlyList<object> Arrange(ClassRegistry found, IHostEnvironment environment, string columnName)
        {
            var order = new ClassRegistry();
            foreach (object label in labels)
            {
                int index = label is null ? -1 : found.IndexOf(label);
                if (index < 0)
                {
                    throw new ArgumentException(FormattableString.Invariant($"The order names '{label}' ({label?.GetType().Name ?? "null"}), which does not occur in the column '{columnName}' (values of type {found.Kind!.Name})."));
                }
                if (order.IndexOf(found.Values[index]) >= 0) throw new ArgumentException(FormattableString.Invariant($"The order names '{label}' twice."));
                order.Add(found.Values[index]);
            }
            return order.Values;
        }
    }
}
