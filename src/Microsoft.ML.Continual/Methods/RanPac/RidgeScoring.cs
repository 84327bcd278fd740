namespace Microsoft.ML.Continual.Methods.RanPac;

/// <summary>How a projected feature φ is compared with the classes' weights.</summary>
public enum RidgeScoring
{
    /// <summary>By the product φ · w, the prediction of the regression: the authors' code.</summary>
    Linear,

    /// <summary>By the cosine of φ and w, as in another widely used implementation (PILOT). Classes with long weights lose by it; the order of classes can differ.</summary>
    Cosine,
}
