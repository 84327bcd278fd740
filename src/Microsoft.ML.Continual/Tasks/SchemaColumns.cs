namespace Microsoft.ML.Continual.Tasks;

/// <summary>One wording for columns that are not there.</summary>
internal static class SchemaColumns
{
    /// <summary>The column of this name.</summary>
    /// <param name="schema">The schema of a view.</param>
    /// <param name="name">The column's name.</param>
    /// <param name="role">What the column is for, such as <c>label</c>.</param>
    /// <exception cref="ArgumentException">There is no such column; the message lists those there.</exception>
    public static DataViewSchema.Column Find(DataViewSchema schema, string name, string role)
    {
        ArgumentNullException.ThrowIfNull(schema);
        return schema.GetColumnOrNull(name) ?? throw new ArgumentException(
            $"There is no {role} column '{name}'. The view has the columns {string.Join(", ", schema.Where(column => !column.IsHidden).Select(column => $"'{column.Name}'"))}.");
    }
}
