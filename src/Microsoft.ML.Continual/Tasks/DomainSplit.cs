namespace Microsoft.ML.Continual.Tasks;

/// <summary>Makes a domain-incremental sequence of tasks out of one data set: each value of a domain column, such as a style, a place or a year, is a task.</summary>
/// <remarks>
/// The tasks' views are filters over the given views and copy nothing; the training rows' domains are read once, when the split is made. Rows without a domain are
/// refused in the training view and belong to no task in the test view, as do test rows whose domain does not occur in the training rows.
/// </remarks>
internal static class DomainSplit
{
    private const string Role = "domain";

    /// <summary>Splits by domain. The tasks have the names of the domains.</summary>
    /// <param name="mlContext">Where the seed of <see cref="ClassOrder.Shuffled"/> comes from when none is given.</param>
    /// <param name="train">The training rows of all domains.</param>
    /// <param name="test">The test rows of all domains, or null.</param>
    /// <param name="domainColumnName">The domain column: a key, text or a number.</param>
    /// <param name="order">The order of the domains; null is <see cref="ClassOrder.Sorted"/>.</param>
    /// <exception cref="ArgumentException">A column is missing or of another type.</exception>
    /// <exception cref="InvalidDataException">There is no training row, or one has no domain.</exception>
    public static TaskSequence SplitByDomain(MLContext mlContext, IDataView train, IDataView? test, string domainColumnName, ClassOrder? order = null)
    {
        ArgumentNullException.ThrowIfNull(mlContext);
        ArgumentNullException.ThrowIfNull(train);
        LabelColumn domains = LabelColumn.Create(train.Schema, domainColumnName, role: Role);
        var found = new ClassRegistry();
        using (DataViewRowCursor cursor = train.GetRowCursor([domains.Column]))
        {
            Func<long, object> read = domains.BindRequired(cursor);
            for (long row = 0; cursor.MoveNext(); row++) found.Add(read(row));
        }
        if (found.Count == 0) throw new InvalidDataException("The training view has no rows; a split by domain needs at least one.");
        if (test is not null) LabelColumn.Create(test.Schema, domainColumnName, found, Role);   // the same type of domains, or an error now
        return new TaskSequence([.. (order ?? ClassOrder.Sorted).Arrange(found, mlContext, domainColumnName).Select(domain => new ContinualTask(
            found.Kind!.Format(domain),
            new ClassFilterView(train, domainColumnName, [domain], Role),
            test is null ? null : new ClassFilterView(test, domainColumnName, [domain], Role)))]);
    }
}
