namespace Microsoft.ML.Data;

/// <summary>Small helpers over views and columns.</summary>
internal static class ViewExtensions
{
    /// <summary>Flags by column index.</summary>
    public static bool[] ToFlags(this IEnumerable<DataViewSchema.Column> columns, DataViewSchema schema)
    {
        ArgumentNullException.ThrowIfNull(columns);
        var flags = new bool[schema.Count];
        foreach (DataViewSchema.Column column in columns)
        {
            if (column.Index >= flags.Length || flags.Length == 0 || schema[column.Index].Name != column.Name)
                throw Errors.Param(nameof(columns), $"Column '{column.Name}' at index {column.Index} is not part of the schema.");
            flags[column.Index] = true;
        }
        return flags;
    }

    /// <summary>The columns of a schema that are flagged.</summary>
    public static IEnumerable<DataViewSchema.Column> Where(this DataViewSchema schema, bool[] flags) => schema.Where(column => flags[column.Index]);

    /// <summary>The column of a name, or the usual exception.</summary>
    public static DataViewSchema.Column Find(this DataViewSchema schema, string name, string parameter, string role) =>
        schema.GetColumnOrNull(name) ?? throw Errors.MissingColumn(parameter, role, name);

    /// <summary>A name that no column has yet.</summary>
    public static string FreeName(this DataViewSchema schema, string wish)
    {
        string name = wish;
        for (int i = 0; schema.GetColumnOrNull(name) is not null; i++)
            name = $"temp_{wish}_{i:000}";
        return name;
    }
}
