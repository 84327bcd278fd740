namespace Microsoft.ML.Continual.Methods.FineTuning;

/// <summary>Sequential fine-tuning; see <see cref="FineTuningOptions"/>.</summary>
public sealed class FineTuningMethod : NetworkTuningMethod
{
    internal FineTuningMethod(FineTuningOptions options) : base(options, options.ClassMask)
    {
    }

    /// <inheritdoc/>
    public override string Name => "FineTuning";
}
