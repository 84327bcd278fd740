namespace Microsoft.ML.Continual.Methods;

/// <summary>What goes for several parameters at once.</summary>
internal static class TrainableParameters
{
    /// <summary>The parameters at another multiple of the learning rate.</summary>
    public static IEnumerable<TrainableParameter> AtRate(this IEnumerable<TrainableParameter> parameters, double scale) => parameters.Select(parameter => parameter with { LearningRateScale = scale });
}
