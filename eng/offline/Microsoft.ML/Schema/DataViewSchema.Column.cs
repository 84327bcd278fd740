using Microsoft.ML.Data;

namespace Microsoft.ML;

public sealed partial class DataViewSchema
{
    /// <summary>A column of a view.</summary>
    public readonly struct Column
    {
        internal Column(string name, int index, bool isHidden, DataViewType type, Annotations annotations)
        {
            Name = name;
            Index = index;
            IsHidden = isHidden;
            Type = type;
            Annotations = annotations ?? Annotations.Empty;
        }

        /// <summary>The name.</summary>
        public string Name { get; }

        /// <summary>The position in the schema.</summary>
        public int Index { get; }

        /// <summary>True if a later column has the same name.</summary>
        public bool IsHidden { get; }

        /// <summary>The type of a value.</summary>
        public DataViewType Type { get; }

        /// <summary>What is known of the column beyond its type; never null.</summary>
        public Annotations Annotations { get; }

        /// <inheritdoc/>
        public override string ToString() => $"{Name}: {Type}{(Annotations is null || Annotations.Schema.Count == 0 ? "" : $" {{{Annotations}}}")}";
    }

    /// <summary>A column that belongs to no schema yet.</summary>
    public readonly struct DetachedColumn
    {
        /// <param name="name">The name.</param>
        /// <param name="type">The type of a value.</param>
        /// <param name="annotations">What else is known; null for nothing.</param>
        public DetachedColumn(string name, DataViewType type, Annotations annotations = null)
        {
            if (string.IsNullOrEmpty(name))
                throw new ArgumentNullException(nameof(name));
            Name = name;
            Type = type ?? throw new ArgumentNullException(nameof(type));
            Annotations = annotations ?? Annotations.Empty;
        }

        /// <param name="column">The column to copy.</param>
        public DetachedColumn(Column column)
        {
            Name = column.Name;
            Type = column.Type;
            Annotations = column.Annotations;
        }

        /// <summary>The name.</summary>
        public string Name { get; }

        /// <summary>The type of a value.</summary>
        public DataViewType Type { get; }

        /// <summary>What else is known; never null.</summary>
        public Annotations Annotations { get; }
    }
}
