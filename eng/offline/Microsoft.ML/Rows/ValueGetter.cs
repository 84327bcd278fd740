namespace Microsoft.ML;

/// <summary>Writes the present value of a column. The destination's buffers are reused where they are large enough.</summary>
public delegate void ValueGetter<TValue>(ref TValue value);
