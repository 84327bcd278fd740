using MathNet.Numerics.LinearAlgebra;
using Microsoft.ML.Continual.Testing.Golden;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Pgp.Tests.Golden;

/// <summary>The growth of PEGP's memories on given representations, against <see cref="SubspaceBasis"/>.</summary>
[TestClass, TestCategory("Golden")]
public sealed class PegpMemoryGoldenTests
{
    public static IEnumerable<object[]> Cases => GoldenFolder.Rows("pegp-gpm-");

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void A_basis_grows_and_projects_as_the_released_code_does(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using GoldenCase golden = GoldenCase.Open(name);
        PgpOptions reference = PgpOptions.PegpLoraReference;
        foreach (var space in golden.Config.GetProperty("dims").EnumerateObject())
        {
            SubspaceBasis basis = SubspaceBasis.Empty(space.Value.GetInt32());
            for (int task = 0; task < golden.Int("num_tasks"); task++)
            {
                string at = $"t{task}.{space.Name}.";
                Matrix<double> rows = PegpGolden.ToMatrix(golden[at + "rep"]);
                basis = basis.Grow(rows.TransposeThisAndMultiply(rows), new SubspaceRule(golden.Number("threshold"), reference.EnergyPower, task == 0 ? reference.RankRule : RankRule.ReachThreshold)).Basis;
                golden.Check(at + "rank", tensor((long)basis.Rank));
                golden.Check(at + "projector", PegpGolden.ToTensor(basis.Projector()));
                golden.Check(at + "projected", PegpGolden.ToTensor(basis.Apply(PegpGolden.ToMatrix(golden[at + "grad"]))));
            }
        }
        golden.Finish();
    }
}
