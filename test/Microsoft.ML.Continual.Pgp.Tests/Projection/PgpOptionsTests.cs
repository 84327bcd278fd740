using System.Reflection;

namespace Microsoft.ML.Continual.Pgp.Tests.Projection;

[TestClass]
public sealed class PgpOptionsTests
{
    [TestMethod]
    public void Every_option_out_of_range_is_named_with_what_was_found()
    {
        (string Option, string Found, Action<PgpOptions> Set)[] wrong =
        [
            ("Space", "99", o => o.Space = (PgpSpace)99),
            ("Energy", "-0.1", o => o.Energy = -0.1),
            ("Energy", "1.1", o => o.Energy = 1.1),
            ("Energy", "NaN", o => o.Energy = double.NaN),
            ("KeyEnergy", "2", o => o.KeyEnergy = 2),
            ("EnergyPower", "3", o => o.EnergyPower = 3),
            ("RankRule", "7", o => o.RankRule = (RankRule)7),
            ("RankTolerance", "1", o => o.RankTolerance = 1),
            ("Components", "0", o => o.Components = 0),
            ("KeyComponents", "-1", o => o.KeyComponents = -1),
            ("MemoryTiming", "5", o => o.MemoryTiming = (MemoryTiming)5),
            ("PromptsInMemory", "5", o => o.PromptsInMemory = (PromptsInMemory)5),
            ("ProjectAt", "5", o => o.ProjectAt = (ProjectAt)5),
            ("ProjectedRows", "5", o => o.ProjectedRows = (ProjectedRows)5),
            ("ProjectedRows", "FirstImage", o => (o.ProjectedRows, o.ProjectAt) = (ProjectedRows.FirstImage, ProjectAt.Update)),
            ("MemorySamples", "0", o => o.MemorySamples = 0),
            ("AuditedTasks", "0", o => o.AuditedTasks = 0),
            ("Sites[prompt].Energy", "1.5", o => o.Sites["prompt"] = new PgpSiteOptions { Energy = 1.5 }),
            ("Sites[prompt].Components", "0", o => o.Sites["prompt"] = new PgpSiteOptions { Components = 0 }),
            ("Sites[prompt]", "null", o => o.Sites["prompt"] = null!),
            ("Sites", "' '", o => o.Sites[" "] = new PgpSiteOptions()),
        ];
        foreach ((string option, string found, Action<PgpOptions> set) in wrong)
        {
            PgpOptions options = PgpOptions.Stacked;
            set(options);
            foreach (Action check in new Action[] { options.Validate, () => options.CreateConstraint() })
            {
                var error = Assert.ThrowsExactly<ArgumentException>(check, option);
                StringAssert.Contains(error.Message, option);
                StringAssert.Contains(error.Message, found);
            }
        }
    }

    [TestMethod]
    public void Presets_are_valid_and_fresh_and_the_default_is_the_rigorous_one()
    {
        foreach (Func<PgpOptions> preset in new Func<PgpOptions>[] { () => PgpOptions.Stacked, () => PgpOptions.Paper, () => PgpOptions.InputOnly, () => PgpOptions.Reference,
            () => PgpOptions.Pegp, () => PgpOptions.PegpAdapterReference, () => PgpOptions.PegpLoraReference, () => PgpOptions.PegpClipLinearReference })
        {
            preset().Validate();
            Assert.AreNotSame(preset(), preset());
            preset().Energy = 0.123;
            Assert.AreNotEqual(0.123, preset().Energy);
        }
        foreach (PropertyInfo property in typeof(PgpOptions).GetProperties(BindingFlags.Instance | BindingFlags.Public).Where(p => p.CanWrite && p.GetSetMethod() is not null))
            Assert.AreEqual(property.GetValue(new PgpOptions()), property.GetValue(PgpOptions.Stacked), property.Name);
        Assert.AreEqual(PgpSpace.Stacked, new PgpOptions().Space);
        Assert.AreEqual(ProjectAt.Update, new PgpOptions().ProjectAt);
        Assert.AreEqual(PgpSpace.ChannelSum, PgpOptions.Paper.Space);
        Assert.AreEqual(PgpSpace.SampleIndexSum, PgpOptions.Reference.Space);
    }

    [TestMethod]
    public void A_constraint_keeps_the_options_it_was_made_from()
    {
        PgpOptions options = PgpOptions.Reference;
        options.Sites["prompt"] = new PgpSiteOptions { Energy = 0.3 };
        using var projection = (GradientProjection)options.CreateConstraint();
        options.MemorySamples = 5;
        options.Sites["prompt"].Energy = 0.9;
        options.Sites["key"] = new PgpSiteOptions();
        using var method = new TableMethod(2, 4);
        Assert.AreEqual(768, projection.Options.MemorySamples);
        Assert.AreEqual(0.3, projection.Options.EnergyOf(method.Sites[0]));
        Assert.AreEqual(1, projection.Options.Sites.Count);
    }

    [TestMethod]
    public void A_site_says_what_it_has_different()
    {
        Assert.AreEqual("as the rest", new PgpSiteOptions().ToString());
        Assert.AreEqual("not projected, energy 0.5, 3 components", new PgpSiteOptions { Project = false, Energy = 0.5, Components = 3 }.ToString());
    }

    [TestMethod]
    public void A_site_has_its_own_values_before_those_of_keys_and_of_all()
    {
        using var method = new TableMethod(2, 4, 1, "prompt", "key", "prefix");
        var options = new PgpOptions { Energy = 0.1, KeyEnergy = 0.2, Components = 11, KeyComponents = 12 };
        options.Sites["prefix"] = new PgpSiteOptions { Energy = 0.3 };
        Assert.AreEqual(0.1, options.EnergyOf(method.Sites[0]));
        Assert.AreEqual(0.2, options.EnergyOf(method.Sites[1]));
        Assert.AreEqual(0.3, options.EnergyOf(method.Sites[2]));
        Assert.AreEqual(11, options.ComponentsOf(method.Sites[2]));
        Assert.AreEqual(12, options.ComponentsOf(method.Sites[1]));
        options.ProjectKeys = false;
        Assert.IsFalse(options.Projects(method.Sites[1]));
        Assert.IsTrue(options.Projects(method.Sites[0]));
        options.Sites["key"] = new PgpSiteOptions { Project = true };
        options.Sites["prompt"] = new PgpSiteOptions { Project = false };
        Assert.IsTrue(options.Projects(method.Sites[1]));
        Assert.IsFalse(options.Projects(method.Sites[0]));
    }

    [TestMethod]
    public void Sites_that_do_not_exist_and_methods_without_sites_are_refused()
    {
        using var method = new TableMethod(2, 4);
        var options = new PgpOptions();
        options.Sites["prefix"] = new PgpSiteOptions();
        using (var projection = options.CreateConstraint())
        {
            string message = Assert.ThrowsExactly<ArgumentException>(() => projection.Attach(method)).Message;
            StringAssert.Contains(message, "'prefix'");
            StringAssert.Contains(message, "'prompt', 'key'");
        }
        options = new PgpOptions { ProjectKeys = false };
        options.Sites["prompt"] = new PgpSiteOptions { Project = false };
        using (var projection = options.CreateConstraint())
            StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => projection.Attach(method)).Message, "exclude");
        using (var projection = new PgpOptions { ProjectKeys = false }.CreateConstraint())
        {
            projection.Attach(method);
            CollectionAssert.AreEqual(new[] { "prompt" }, ((GradientProjection)projection).Bases.Keys.ToArray());
            Assert.ThrowsExactly<InvalidOperationException>(() => projection.Attach(method));
        }
    }
}
