using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Numerics;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Data;

[TestClass]
public sealed class ViewPlanTests
{
    private static ViewPlan[] Draw(int count, int height, int width, TrainingView view, int seed = 3)
    {
        var random = new SeededRandom(seed);
        return [.. Enumerable.Range(0, count).Select(_ => ViewPlan.ForTraining(height, width, 224, view, EvaluationView.Resize, random))];
    }

    [TestMethod]
    public void Random_crops_have_the_areas_aspects_places_and_flips_of_their_distribution()
    {
        const int Count = 20_000, Side = 1000;   // large, so that rounding to pixels does not show
        ViewPlan[] plans = Draw(Count, Side, Side, TrainingView.RandomResizedCrop);
        double[] areas = [.. plans.Select(p => (double)p.Height * p.Width / (Side * Side))];
        double[] logAspects = [.. plans.Select(p => Math.Log((double)p.Width / p.Height))];
        Assert.IsTrue(plans.All(p => p.Top >= 0 && p.Left >= 0 && p.Top + p.Height <= Side && p.Left + p.Width <= Side));
        Assert.IsGreaterThan(0.049, areas.Min());
        Assert.IsGreaterThan(0.98, areas.Max());
        Assert.IsTrue(logAspects.All(a => Math.Abs(a) <= Math.Log(4.0 / 3) + 0.01));
        // Small crops never miss: among them the aspect is uniform in its logarithm, with the standard deviation 2 ln(4/3) / √12.
        double[] small = [.. logAspects.Where((_, i) => areas[i] < 0.5)];
        Assert.AreEqual(0, small.Average(), 0.01);
        Assert.AreEqual(2 * Math.Log(4.0 / 3) / Math.Sqrt(12), Math.Sqrt(small.Average(a => a * a)), 0.005);
        // Below the area where some aspects no longer fit, areas are uniform.
        Assert.AreEqual(0.5, (double)areas.Count(a => a is >= 0.05 and < 0.35) / areas.Count(a => a is >= 0.05 and < 0.65), 0.02);
        Assert.AreEqual(0.5, plans.Where(p => p.Width < Side).Average(p => (double)p.Left / (Side - p.Width)), 0.01);
        Assert.AreEqual(0.5, plans.Where(p => p.Height < Side).Average(p => (double)p.Top / (Side - p.Height)), 0.01);
        Assert.AreEqual(0.5, plans.Average(p => p.Mirrored ? 1.0 : 0), 0.015);
        Assert.IsTrue(plans.All(p => p is { ResizedHeight: 224, ResizedWidth: 224, WindowTop: 0, WindowLeft: 0, Filter: ResizeFilter.Bilinear }));
    }

    [TestMethod]
    public void Random_crops_are_the_same_for_the_same_seed()
    {
        CollectionAssert.AreEqual(Draw(50, 32, 40, TrainingView.RandomResizedCrop), Draw(50, 32, 40, TrainingView.RandomResizedCrop));
        CollectionAssert.AreNotEqual(Draw(50, 32, 40, TrainingView.RandomResizedCrop), Draw(50, 32, 40, TrainingView.RandomResizedCrop, seed: 4));
    }

    [TestMethod]
    [DataRow(10, 1000, 10, 13, 0, 493)]    // width = round(10 · 4/3)
    [DataRow(1000, 10, 13, 10, 493, 0)]    // height = round(10 / (3/4))
    [DataRow(1, 1, 1, 1, 0, 0)]
    [DataRow(100, 100, 100, 100, 0, 0)]
    public void Crop_that_never_fits_falls_back_to_the_largest_central_one(int height, int width, int cropHeight, int cropWidth, int top, int left)
    {
        var whole = new TrainingView(TrainingViewKind.RandomResizedCrop, MinimumArea: 1, FlipProbability: 0);
        ViewPlan plan = Draw(1, height, width, whole, seed: 1)[0];
        Assert.AreEqual((cropHeight, cropWidth, top, left), (plan.Height, plan.Width, plan.Top, plan.Left));
    }

    [TestMethod]
    [DataRow(75, 50, 224, 384, 256, 80, 16)]
    [DataRow(50, 75, 224, 256, 384, 16, 80)]
    [DataRow(61, 40, 64, 111, 73, 24, 4)]    // int(73 · 61/40) = 111; offsets 23.5 and 4.5 go to the even neighbour
    [DataRow(32, 32, 224, 256, 256, 16, 16)]
    public void Evaluation_view_resizes_the_shorter_side_and_cuts_out_the_centre(int height, int width, int size, int resizedHeight, int resizedWidth, int top, int left)
    {
        ViewPlan plan = ViewPlan.ForEvaluation(height, width, size, EvaluationView.ResizeAndCrop);
        Assert.AreEqual((resizedHeight, resizedWidth, top, left), (plan.ResizedHeight, plan.ResizedWidth, plan.WindowTop, plan.WindowLeft));
        Assert.AreEqual((0, 0, height, width), (plan.Top, plan.Left, plan.Height, plan.Width));
    }

    [TestMethod]
    [DataRow(75, 50)]
    [DataRow(50, 75)]
    public void Squashing_view_resizes_both_sides_alike_and_cuts_out_the_centre(int height, int width)
    {
        ViewPlan plan = ViewPlan.ForEvaluation(height, width, 224, new EvaluationView(Crop: true, Filter: ResizeFilter.Bilinear, Squash: true));
        Assert.AreEqual(new ViewPlan(0, 0, height, width, 256, 256, 16, 16, ResizeFilter.Bilinear, false), plan);
    }

    [TestMethod]
    public void Filter_of_a_crop_changes_nothing_else()
    {
        ViewPlan[] bilinear = Draw(20, 32, 40, TrainingView.RandomResizedCrop), bicubic = Draw(20, 32, 40, TrainingView.RandomResizedCrop with { Filter = ResizeFilter.Bicubic });
        CollectionAssert.AreEqual(bilinear.Select(plan => plan with { Filter = ResizeFilter.Bicubic }).ToArray(), bicubic);
    }

    [TestMethod]
    public void Deterministic_view_draws_nothing()
    {
        var random = new SeededRandom(1);
        ulong[] before = random.GetState();
        ViewPlan plan = ViewPlan.ForTraining(20, 30, 16, TrainingView.Deterministic, EvaluationView.Resize, random);
        Assert.AreEqual(ViewPlan.ForEvaluation(20, 30, 16, EvaluationView.Resize), plan);
        CollectionAssert.AreEqual(before, random.GetState());
    }
}
