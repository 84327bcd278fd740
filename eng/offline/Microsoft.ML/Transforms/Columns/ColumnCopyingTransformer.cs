using System.Text.Json.Nodes;
using Microsoft.ML.Data;

namespace Microsoft.ML.Transforms;

/// <summary>Copies a column, annotations and all.</summary>
public sealed class ColumnCopyingTransformer : OneToOneTransformerBase
{
    internal ColumnCopyingTransformer(string output, string input) : base((output, input))
    {
        Errors.CheckNonEmpty(output, "outputColumnName");
        Errors.CheckNonEmpty(input, "inputColumnName");
    }

    internal (string Output, string Input) Pair => Columns[0];

    private protected override void Save(ModelSaveContext ctx) => ctx.Describe("CopyColumns", new JsonObject { ["output"] = Pair.Output, ["input"] = Pair.Input });

    private protected override DataViewSchema.DetachedColumn OutputOf(int pair, DataViewSchema.Column input) =>
        new(Columns[pair].Output, input.Type, input.Annotations);

    private protected override Delegate MakeGetter(int pair, DataViewRow row, DataViewSchema.Column input, ICollection<Action> onDispose) =>
        Generic.Getter(row, input);
}
