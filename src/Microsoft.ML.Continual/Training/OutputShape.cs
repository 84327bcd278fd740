using System.Reflection;
using Microsoft.ML.Continual.Inference;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Tasks;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML.Continual.Training;

/// <summary>The columns that a trainer's model will give, known before there is any data: what a pipeline is checked with.</summary>
internal static class OutputShape
{
    private const int AnySize = 2;   // a shape holds no sizes; a known one makes the kind Vector rather than VariableVector

    /// <summary>Checks the input columns and adds label, score and predicted label.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type, in ML.NET's words.</exception>
    public static SchemaShape For(MLContext mlContext, SchemaShape input, MethodOptions options)
    {
        SchemaShape.Column image = Find(input, options.ImageColumnName, "image");
        if (!IsImage(image)) throw Mismatch("image", options.ImageColumnName, "Image, or a vector of Byte or Single", image);
        SchemaShape.Column label = Find(input, options.LabelColumnName, "label");
        LabelKind kind = LabelKindOf(label) ?? throw Mismatch("label", options.LabelColumnName, "a key, text or a number", label);

        SchemaShape.Column[] added = Make(mlContext, options, kind.Type);
        var names = added.Select(c => c.Name).ToHashSet(StringComparer.Ordinal);
        return new SchemaShape([.. input.Where(c => !names.Contains(c.Name)), .. added]);
    }

    private static bool IsImage(SchemaShape.Column column) => column.Kind switch
    {
        SchemaShape.Column.VectorKind.Scalar => column.ItemType is ImageDataViewType,
        SchemaShape.Column.VectorKind.Vector => !column.IsKey && (column.ItemType.Equals(NumberDataViewType.Byte) || column.ItemType.Equals(NumberDataViewType.Single)),
        _ => false,
    };

    private static LabelKind? LabelKindOf(SchemaShape.Column column)
    {
        if (column.Kind != SchemaShape.Column.VectorKind.Scalar) return null;
        if (!column.IsKey) return LabelKind.For(column.ItemType);
        SchemaShape.Column values = column.Annotations.FirstOrDefault(c => c.Name == "KeyValues");
        return values.Name is null ? LabelKind.KeyNumber : LabelKind.For(values.ItemType);
    }

    private static SchemaShape.Column Find(SchemaShape input, string name, string role)
    {
        SchemaShape.Column column = input.FirstOrDefault(c => c.Name == name);
        return column.Name is not null ? column : throw new ArgumentOutOfRangeException("inputSchema", $"Could not find {role} column '{name}'");
    }

    private static ArgumentOutOfRangeException Mismatch(string role, string name, string expected, SchemaShape.Column found)
    {
        string kind = found.Kind == SchemaShape.Column.VectorKind.Scalar ? "" : $"{found.Kind} of ";
        return new("inputSchema", $"Schema mismatch for {role} column '{name}': expected {expected}, got {kind}{(found.IsKey ? "Key of " : "")}{found.ItemType}");
    }

    // SchemaShape.Column has no public constructor; a custom mapping with a definition made at run time gives any column.
    private static SchemaShape.Column[] Make(MLContext mlContext, MethodOptions options, PrimitiveDataViewType labelType)
    {
        SchemaDefinition definition = SchemaDefinition.Create(typeof(Outputs), SchemaDefinition.Direction.Write);

        SchemaDefinition.Column label = definition[nameof(Outputs.Label)];
        label.ColumnName = options.LabelColumnName;
        label.ColumnType = new KeyDataViewType(typeof(uint), AnySize);
        AddValues(label, "KeyValues", labelType);

        SchemaDefinition.Column score = definition[nameof(Outputs.Score)];
        score.ColumnName = options.ScoreColumnName;
        score.ColumnType = new VectorDataViewType(NumberDataViewType.Single, AnySize);
        AddValues(score, "SlotNames", TextDataViewType.Instance);
        AddScoreKind(score, "Score");
        AddValues(score, "TrainingLabelValues", labelType);

        SchemaDefinition.Column predicted = definition[nameof(Outputs.PredictedLabel)];
        predicted.ColumnName = options.PredictedLabelColumnName;
        predicted.ColumnType = new KeyDataViewType(typeof(uint), AnySize);
        AddValues(predicted, "KeyValues", labelType);
        AddScoreKind(predicted, "PredictedLabel");

        var nothing = new SchemaShape([]);
        SchemaShape made = mlContext.Transforms.CustomMapping<Inputs, Outputs>((_, _) => { }, null, null, definition).GetOutputSchema(nothing);
        return [made.First(c => c.Name == label.ColumnName), made.First(c => c.Name == score.ColumnName), made.First(c => c.Name == predicted.ColumnName)];
    }

    private static void AddScoreKind(SchemaDefinition.Column column, string valueKind)
    {
        column.AddAnnotation("ScoreColumnKind", OutputColumns.ScoreKind.AsMemory(), TextDataViewType.Instance);
        column.AddAnnotation("ScoreValueKind", valueKind.AsMemory(), TextDataViewType.Instance);
        column.AddAnnotation("ScoreColumnSetId", 1u, new KeyDataViewType(typeof(uint), int.MaxValue));
    }

    private static void AddValues(SchemaDefinition.Column column, string kind, PrimitiveDataViewType itemType) =>
        typeof(OutputShape).GetMethod(nameof(AddValuesOf), BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(itemType.RawType).Invoke(null, [column, kind, itemType]);

    private static void AddValuesOf<T>(SchemaDefinition.Column column, string kind, PrimitiveDataViewType itemType) =>
        column.AddAnnotation(kind, new VBuffer<T>(AnySize, new T[AnySize]), new VectorDataViewType(itemType, AnySize));

    private sealed class Inputs;

    private sealed class Outputs
    {
        public uint Label { get; set; }

        public VBuffer<float> Score { get; set; }

        public uint PredictedLabel { get; set; }
    }
}
