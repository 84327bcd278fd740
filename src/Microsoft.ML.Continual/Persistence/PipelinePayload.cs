using Microsoft.ML.Data;

namespace Microsoft.ML.Continual.Persistence;

/// <summary>
/// Continual models inside ML.NET model files. ML.NET writes and reads its own components only, so a model is written as two of them: a custom mapping that marks the place, and a lookup table that
/// holds the model's file as text. <see cref="Replace"/> puts the model back in their place.
/// </summary>
internal static class PipelinePayload
{
    private const long MaximumBytes = 700L << 20;   // as text it must fit one string

    private const string PayloadColumn = "ContinualModel";

    /// <summary>Writes a model.</summary>
    /// <param name="write">Writes its file.</param>
    /// <param name="context">Where to.</param>
    /// <exception cref="InvalidOperationException">The model is too large for a text.</exception>
    public static void Save(Action<Stream> write, ModelSaveContext context)
    {
        using var file = new MemoryStream();
        write(file);
        if (file.Length > MaximumBytes)
            throw new InvalidOperationException($"A model inside an ML.NET model file may have {MaximumBytes} bytes; this one has {file.Length}. Save it by itself with {nameof(Inference.ContinualTransformer)}.Save.");
        string text = Convert.ToBase64String(file.GetBuffer(), 0, (int)file.Length);
        var scratch = new MLContext(0);   // the program's own context would hand out other random numbers afterwards
        IDataView source = scratch.Data.LoadFromEnumerable(new[] { new PipelineMarkerFactory.Source() });
        ITransformer marker = scratch.Transforms.CustomMapping(new PipelineMarkerFactory().GetMapping(), PipelineMarkerFactory.Contract).Fit(source);
        ITransformer payload = scratch.Transforms.Conversion.MapValue(PayloadColumn, new[] { KeyValuePair.Create(0, text) }, nameof(PipelineMarkerFactory.Place.ContinualKey)).Fit(Places(scratch));
        ((ICanSaveModel)new TransformerChain<ITransformer>(marker, payload)).Save(context);
    }

    /// <summary>The chain with every written model back in its place; the very object where there is none.</summary>
    /// <param name="model">What ML.NET has read.</param>
    /// <param name="load">Makes a model of its file.</param>
    public static ITransformer Replace(ITransformer model, Func<Stream, ITransformer> load)
    {
        if (model is not TransformerChain<ITransformer> chain) return model;
        ITransformer[] members = [.. chain];
        if (Find(members) is { } text) return load(new MemoryStream(Convert.FromBase64String(text), writable: false));
        ITransformer[] replaced = new ITransformer[members.Length];
        try
        {
            for (int i = 0; i < members.Length; i++) replaced[i] = Replace(members[i], load);
        }
        catch
        {
            for (int i = 0; i < members.Length; i++)
                if (replaced[i] != members[i]) (replaced[i] as IDisposable)?.Dispose();
            throw;
        }
        if (replaced.SequenceEqual(members)) return chain;
        // When each member takes part cannot be asked for, only which members do when.
        TransformerScope[] flags = [TransformerScope.Training, TransformerScope.Testing, TransformerScope.Scoring];
        HashSet<ITransformer>[] parts = [.. flags.Select(flag => new HashSet<ITransformer>(chain.GetModelFor(flag), ReferenceEqualityComparer.Instance))];
        return new TransformerChain<ITransformer>(replaced, members.Select(m => flags.Where((_, i) => parts[i].Contains(m)).Aggregate(TransformerScope.None, (all, flag) => all | flag)));
    }

    private static string? Find(ITransformer[] members)
    {
        if (members.Length != 2) return null;
        var scratch = new MLContext(0);
        IDataView places = Places(scratch);
        try
        {
            if (members[1].GetOutputSchema(places.Schema).GetColumnOrNull(PayloadColumn)?.Type is not TextDataViewType) return null;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            return null;   // some other component, which wants other columns
        }
        return members[1].Transform(places).GetColumn<string>(PayloadColumn).Single();
    }

    private static IDataView Places(MLContext scratch) => scratch.Data.LoadFromEnumerable(new[] { new PipelineMarkerFactory.Place() });
}
