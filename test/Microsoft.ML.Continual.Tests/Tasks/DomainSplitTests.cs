using Microsoft.ML.Continual.Tasks;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Tasks;

[TestClass]
public sealed class DomainSplitTests
{
    private readonly MLContext _mlContext = new(seed: 1);

    private ContinualCatalog Continual => _mlContext.Continual();

    [TestMethod]
    public void Each_domain_is_a_task_of_its_name_with_its_rows_in_order()
    {
        IDataView train = Rows.Of(_mlContext, "sketch", "photo", "sketch", "clip art"), test = Rows.Of(_mlContext, "photo", "oil", "sketch", "");
        TaskSequence tasks = Continual.SplitByDomain(train, test, "Label");
        Assert.AreEqual(3, tasks.Count);
        CollectionAssert.AreEqual(new[] { "clip art", "photo", "sketch" }, tasks.Select(task => task.Name).ToArray());
        CollectionAssert.AreEqual(new[] { "3", "1", "0 2" }, tasks.Select(task => string.Join(' ', Rows.NumbersOf(task.Train))).ToArray());
        CollectionAssert.AreEqual(new[] { "", "0", "2" }, tasks.Select(task => string.Join(' ', Rows.NumbersOf(task.Test!))).ToArray());
        Assert.IsTrue(Continual.SplitByDomain(train, null, "Label").All(task => task.Test is null));
    }

    [TestMethod]
    public void Numbers_are_domains_too_and_the_order_can_be_chosen()
    {
        IDataView train = Rows.Of(_mlContext, 2020, 1999, 2020, 2008);
        CollectionAssert.AreEqual(new[] { "1999", "2008", "2020" }, Names(null));
        CollectionAssert.AreEqual(new[] { "2020", "1999", "2008" }, Names(ClassOrder.AsFound));
        CollectionAssert.AreEqual(new[] { "2008", "2020" }, Names(ClassOrder.Explicit(2008, 2020)));
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => Names(ClassOrder.Explicit(2001))).Message, "'2001'");

        string[] Names(ClassOrder? order) => [.. Continual.SplitByDomain(train, null, "Label", order).Select(task => task.Name)];
    }

    [TestMethod]
    public void Columns_that_are_no_domain_are_refused_by_name()
    {
        IDataView train = Rows.Of(_mlContext, "a", "b");
        StringAssert.StartsWith(Assert.ThrowsExactly<ArgumentException>(() => Continual.SplitByDomain(train, null, "Style")).Message, "There is no domain column 'Style'");
        StringAssert.StartsWith(Assert.ThrowsExactly<ArgumentException>(() => Continual.SplitByDomain(train, Rows.Of(_mlContext, 1, 2), "Label")).Message,
            "Domain column 'Label': expected domains of type Text");
        StringAssert.StartsWith(Assert.ThrowsExactly<InvalidDataException>(() => Continual.SplitByDomain(Rows.Of(_mlContext, "a", ""), null, "Label")).Message,
            "Domain column 'Label', row 1: the domain is missing");
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => Continual.SplitByDomain(Rows.Of(_mlContext, Array.Empty<string>()), null, "Label")).Message, "no rows");
    }
}
