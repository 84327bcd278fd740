using Microsoft.ML.Data;

namespace Microsoft.ML;

/// <summary>Maps one input object to one output object. Not thread-safe.</summary>
public abstract class PredictionEngineBase<TSrc, TDst> : IDisposable
    where TSrc : class
    where TDst : class, new()
{
    private readonly ITransformer _transformer;
    private readonly bool _ownsTransformer;
    private readonly SingleTypedRow<TSrc> _input;
    private readonly Action<TDst> _fill;
    private bool _disposed;

    private protected PredictionEngineBase(
        ITransformer transformer, bool ignoreMissingColumns, SchemaDefinition inputDefinition, SchemaDefinition outputDefinition, bool ownsTransformer)
    {
        ArgumentNullException.ThrowIfNull(transformer);
        Errors.CheckParam(transformer.IsRowToRowMapper, nameof(transformer), "Must be a row to row mapper");
        _transformer = transformer;
        _ownsTransformer = ownsTransformer;
        _input = new SingleTypedRow<TSrc>(inputDefinition is null
            ? TypedColumn.Create(typeof(TSrc), SchemaDefinition.Direction.Read)
            : TypedColumn.Create(typeof(TSrc), inputDefinition));
        IRowToRowMapper mapper = transformer.GetRowToRowMapper(_input.Schema);
        var reader = new TypedReader<TDst>(mapper.OutputSchema, ignoreMissingColumns, outputDefinition);
        // As in ML.NET, all output columns are active, whether the output type has a member for them or not.
        _fill = reader.Filler(mapper.GetRow(_input, mapper.OutputSchema));
        OutputSchema = transformer.GetOutputSchema(_input.Schema);
    }

    /// <summary>All columns after the transformer.</summary>
    public DataViewSchema OutputSchema { get; }

    /// <summary>Predicts for one object.</summary>
    public TDst Predict(TSrc example)
    {
        var result = new TDst();
        Predict(example, ref result);
        return result;
    }

    /// <summary>Predicts for one object, into an object that is made where it is null.</summary>
    public abstract void Predict(TSrc example, ref TDst prediction);

    /// <summary>Disposes the transformer, where the engine owns it.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _input.Dispose();
        if (_ownsTransformer)
            (_transformer as IDisposable)?.Dispose();
    }

    private protected void Run(TSrc example, TDst prediction)
    {
        _input.Set(example);
        _fill(prediction);
    }
}
