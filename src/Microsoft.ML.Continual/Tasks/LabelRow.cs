namespace Microsoft.ML.Continual.Tasks;

/// <summary>A row of <see cref="ClassRegistry.ToKeyData"/>.</summary>
/// <typeparam name="T">The label's type.</typeparam>
public sealed class LabelRow<T>
{
    /// <summary>The label value.</summary>
    public T Value { get; set; } = default!;
}
