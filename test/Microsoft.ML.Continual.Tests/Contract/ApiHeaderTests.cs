using Microsoft.ML.Continual.Engineering;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Contract;

/// <summary>The rules by which the contract compares: what a line says, and when one header may stand in for another.</summary>
[TestClass, TestCategory("Contract")]
public sealed class ApiHeaderTests
{
    /// <summary>One of each kind of member, so that the lines below are all there is to say.</summary>
    public abstract class Specimen<T> : IComparable<T>, IDisposable
    {
        public const float Half = 0.5f;
        public static readonly int Count = 3;
        protected Specimen(in int first, params string[] rest) => _ = (first, rest);
        public T? this[long index] { get => default; protected set => _ = value; }
        public event Action? Changed { add { } remove { } }
        public abstract void Run<U>(ref U value, out bool done, DayOfWeek day = DayOfWeek.Friday, string text = "a", int? none = null);
        public virtual int CompareTo(T? other) => 0;
        public void Dispose() => GC.SuppressFinalize(this);
        public override string ToString() => "";
        private protected void Hidden() { }
    }

    [TestMethod]
    public void Lines_say_everything_that_a_caller_or_heir_can_see()
    {
        const string Type = "Microsoft.ML.Continual.Tests.Contract.ApiHeaderTests.Specimen<T>";
        string[] expected =
        [
            $"{Type} | T Item[System.Int64 index] {{ get; set; }}",
            $"{Type} | System.Void Dispose()",
            $"{Type} | abstract System.Void Run<U>(ref U value, out System.Boolean done, System.DayOfWeek day = 5, System.String text = \"a\", System.Nullable<System.Int32> none = null)",
            $"{Type} | abstract class : System.IComparable<T>, System.IDisposable",
            $"{Type} | const System.Single Half = 0.5",
            $"{Type} | event System.Action Changed",
            $"{Type} | override System.String ToString()",
            $"{Type} | protected new(in System.Int32 first, params System.String[] rest)",
            $"{Type} | static readonly System.Int32 Count",
            $"{Type} | virtual System.Int32 CompareTo(T other)",
        ];
        string[] lines = [.. PublicApi.Lines(typeof(Specimen<>))];
        CollectionAssert.AreEquivalent(expected, lines, string.Join(Environment.NewLine, lines));
    }

    [TestMethod]
    [DataRow("N.A | class", "N.A | class : N.B, System.IDisposable", true)]
    [DataRow("N.A | class : System.IDisposable", "N.A | class : N.B, System.IDisposable", true)]
    [DataRow("N.A | class : N.F<X, Y>", "N.A | class : N.F<X, Y>, N.G", true)]
    [DataRow("N.A | class : N.F<X, Z>", "N.A | class : N.F<X, Y>, N.G", false)]
    [DataRow("N.A | class : N.C", "N.A | class : N.B", false)]
    [DataRow("N.A | sealed class", "N.A | class", false)]
    [DataRow("N.A | class", "N.B | class", false)]
    public void Stand_in_may_have_fewer_bases_but_no_other_kind_or_base(string own, string real, bool expected) =>
        Assert.AreEqual(expected, ApiHeader.Parse(own)!.MayStandInFor(ApiHeader.Parse(real)!));

    [TestMethod]
    [DataRow("N.A | System.Int32 class_count { get; }")]
    [DataRow("N.A | delegate System.Void(System.Int32 x)")]
    public void Member_is_not_read_as_a_header(string line) => Assert.IsNull(ApiHeader.Parse(line));
}
