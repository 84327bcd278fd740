using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.FineTuning;

/// <summary>Knowledge distillation (Hinton et al., 2015): the cross-entropy of a network's softened outputs against those of an older copy of it.</summary>
internal static class Distillation
{
    /// <summary>−(1/B) Σ_b Σ_c softmax(teacher / T)_c · log softmax(student / T)_c.</summary>
    /// <param name="teacher">[B, n], without gradient.</param>
    /// <param name="student">[B, C], C ≥ n: the first n are compared.</param>
    /// <param name="temperature">T.</param>
    /// <param name="groups">Classes below n that have a softmax of their own each; null has one over all n.</param>
    /// <returns>A scalar in the caller's dispose scope.</returns>
    public static Tensor Loss(Tensor teacher, Tensor student, double temperature, IReadOnlyList<long[]>? groups = null)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor old = student.narrow(1, 0, teacher.shape[1]);
        if (groups is null) return Among(teacher, old, temperature).MoveToOuterDisposeScope();
        Tensor? sum = null;
        foreach (long[] group in groups)
        {
            Tensor classes = tensor((IList<long>)group, new long[] { group.Length }).to(teacher.device);
            Tensor term = Among(teacher.index_select(1, classes), old.index_select(1, classes), temperature);
            sum = sum is null ? term : sum + term;
        }
        return sum!.MoveToOuterDisposeScope();
    }

    private static Tensor Among(Tensor teacher, Tensor student, double temperature)
    {
        Tensor target = (teacher / temperature).softmax(1), log = (student / temperature).log_softmax(1);   // [B, n]
        return -(target * log).sum(1).mean();
    }
}
