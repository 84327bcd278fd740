using Microsoft.ML.Continual.Samples.Datasets;
using Microsoft.ML.Continual.Samples.Scenes;
using Microsoft.ML.Data;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Samples;

[TestClass]
public sealed class SceneTests
{
    [TestMethod]
    public void An_image_depends_on_world_class_index_and_seed_alone()
    {
        byte[] image = new SceneRenderer(48).Render(SceneWorld.QuickStart, 3, 7, 1);
        var used = new SceneRenderer(48);
        used.Render(SceneWorld.Pretraining, 5, 0, 9);

        Assert.HasCount(3 * 48 * 48, image);
        CollectionAssert.AreEqual(image, used.Render(SceneWorld.QuickStart, 3, 7, 1));
        CollectionAssert.AreNotEqual(image, used.Render(SceneWorld.QuickStart, 4, 7, 1));
        CollectionAssert.AreNotEqual(image, used.Render(SceneWorld.QuickStart, 3, 8, 1));
        CollectionAssert.AreNotEqual(image, used.Render(SceneWorld.QuickStart, 3, 7, 2));
    }

    [TestMethod]
    public void Images_rendered_in_parallel_equal_images_rendered_one_by_one()
    {
        LabeledPixels[] rows = RenderedDataset.Render(SceneWorld.QuickStart, 2, 3, seed: 4);
        var renderer = new SceneRenderer(LabeledPixels.Size);
        for (int i = 0; i < rows.Length; i++)
        {
            Assert.AreEqual(SceneWorld.QuickStart.Classes[i / 3].Name, rows[i].Label);
            CollectionAssert.AreEqual(renderer.Render(SceneWorld.QuickStart, i / 3, 2 + i % 3, 4), rows[i].Image);
        }
    }

    [TestMethod]
    public void The_quick_start_and_pre_training_have_no_figure_in_common()
    {
        string[] quick = [.. SceneWorld.QuickStart.Classes.Select(c => c.Shape.Name).Distinct()];
        string[] before = [.. SceneWorld.Pretraining.Classes.Select(c => c.Shape.Name).Distinct()];
        Assert.IsGreaterThanOrEqualTo(20, quick.Length);
        Assert.IsGreaterThanOrEqualTo(40, before.Length);
        Assert.IsEmpty(quick.Intersect(before));
        foreach (SceneWorld world in (SceneWorld[])[SceneWorld.QuickStart, SceneWorld.Pretraining])
        {
            Assert.HasCount(world.Classes.Count, world.Classes.Select(c => c.Name).Distinct());
            Assert.HasCount(world.Classes.Count, world.Classes.Select(c => (c.Shape.Name, c.Texture)).Distinct());
        }
    }

    [TestMethod]
    public void Every_figure_stays_within_its_unit_and_has_an_area()
    {
        foreach (Shape shape in ShapeLibrary.QuickStart.Concat(ShapeLibrary.Pretraining))
        {
            Assert.IsTrue(shape.Contours.SelectMany(c => c).All(p => p.Length() <= 1.5f), shape.Name);
            var mask = new CoverageMask(32);
            mask.Fill(shape, System.Numerics.Matrix3x2.CreateScale(12) * System.Numerics.Matrix3x2.CreateTranslation(16, 16));
            double share = mask.Values.Sum() / (24.0 * 24.0);
            Assert.IsTrue(share is > 0.1 and < 1, $"{shape.Name} covers {share:0.00} of its square.");
        }
    }

    [TestMethod]
    public void Coverage_is_the_exact_area_of_a_box_less_its_hole()
    {
        var mask = new CoverageMask(16);
        var frame = new Shape("frame", [Contour.Box(2.25, 3, 9.75, 11), Contour.Hole(Contour.Box(4, 5, 6.5, 7.5))]);
        mask.Fill(frame, System.Numerics.Matrix3x2.Identity);
        Assert.AreEqual(7.5 * 8 - 2.5 * 2.5, mask.Values.Sum(), 1e-3);
        Assert.AreEqual(0.75, mask.Values[8 * 16 + 2], 1e-6);   // a quarter of the pixel lies outside
        Assert.AreEqual(0, mask.Values[6 * 16 + 5], 1e-6);      // in the hole
    }

    [TestMethod]
    public void Overlapping_outlines_are_one_figure_and_cover_once()
    {
        var mask = new CoverageMask(8);
        mask.Fill(new Shape("plus", [Contour.Box(3, 1, 5, 7), Contour.Box(1, 3, 7, 5)]), System.Numerics.Matrix3x2.Identity);
        Assert.AreEqual(20, mask.Values.Sum(), 1e-4);
        Assert.AreEqual(1, mask.Values.Max(), 1e-6);
    }

    [TestMethod]
    public void A_PNG_file_holds_the_pixels_it_was_made_of()
    {
        byte[] pixels = [.. Enumerable.Range(0, 5 * 4 * 3).Select(i => (byte)(i * 37))];
        using var stream = new MemoryStream(PngFile.Encode(5, 4, pixels));
        using MLImage image = MLImage.CreateFromStream(stream);
        Assert.AreEqual((5, 4), (image.Width, image.Height));
        byte[] read = image.GetBGRPixels;
        for (int i = 0; i < 20; i++)
            Assert.AreEqual((pixels[3 * i], pixels[3 * i + 1], pixels[3 * i + 2]), (read[3 * i + 2], read[3 * i + 1], read[3 * i]));
    }
}
