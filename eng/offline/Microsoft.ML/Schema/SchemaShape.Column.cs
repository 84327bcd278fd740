using Microsoft.ML.Data;

namespace Microsoft.ML;

public sealed partial class SchemaShape
{
    /// <summary>A column of a shape. Only built-in components can make one.</summary>
    public readonly struct Column
    {
        /// <summary>The name; null in a column that was not found.</summary>
        public readonly string Name;

        /// <summary>Scalar, vector of known size, or vector of varying size.</summary>
        public readonly VectorKind Kind;

        /// <summary>The type of an element; for a key the number type under it.</summary>
        public readonly DataViewType ItemType;

        /// <summary>True for keys.</summary>
        public readonly bool IsKey;

        /// <summary>Names and types of the annotations.</summary>
        public readonly SchemaShape Annotations;

        internal Column(string name, VectorKind kind, DataViewType itemType, bool isKey, SchemaShape annotations = null)
        {
            Errors.CheckNonEmpty(name, nameof(name));
            Name = name;
            Kind = kind;
            ItemType = itemType;
            IsKey = isKey;
            // The empty shape is itself made of no columns, so this never runs while it is being made.
            Annotations = annotations ?? s_empty;
        }

        internal bool IsValid => Name is not null;

        internal string TypeText
        {
            get
            {
                string item = IsKey ? $"Key<{ItemType}>" : ItemType.ToString();
                return Kind switch { VectorKind.Vector => $"Vector<{item}>", VectorKind.VariableVector => $"VarVector<{item}>", _ => item };
            }
        }

        /// <summary>How many values a row has.</summary>
        public enum VectorKind
        {
            /// <summary>One.</summary>
            Scalar = 0,

            /// <summary>A known number, the same for all rows.</summary>
            Vector = 1,

            /// <summary>Any number.</summary>
            VariableVector = 2,
        }
    }
}
