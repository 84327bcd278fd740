using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>The starting point: catalogues of components, one seed, one log.</summary>
public sealed class MLContext : IHostEnvironmentInternal
{
    private readonly HostEnvironment _environment;
    private readonly Dictionary<string, object> _options = [];

    /// <param name="seed">The seed of everything random; null for a different run each time.</param>
    public MLContext(int? seed = null)
    {
        _environment = new HostEnvironment(seed, (source, message) => Log?.Invoke(this, new LoggingEventArgs(message.Message, message.Kind, source)));
        Data = new DataOperationsCatalog(_environment);
        Transforms = new TransformsCatalog(_environment);
        MulticlassClassification = new MulticlassClassificationCatalog(_environment);
        Model = new ModelOperationsCatalog(_environment);
    }

    /// <summary>Receives the messages of all components.</summary>
    public event EventHandler<LoggingEventArgs> Log;

    /// <summary>Loading, filtering and splitting data.</summary>
    public DataOperationsCatalog Data { get; }

    /// <summary>Transformations of columns.</summary>
    public TransformsCatalog Transforms { get; }

    /// <summary>Evaluating classifiers.</summary>
    public MulticlassClassificationCatalog MulticlassClassification { get; }

    /// <summary>Using fitted models.</summary>
    public ModelOperationsCatalog Model { get; }

    /// <summary>The register of loadable components.</summary>
    public ComponentCatalog ComponentCatalog => _environment.ComponentCatalog;

    /// <summary>The folder for temporary files.</summary>
    public string TempFilePath { get; set; } = Path.GetTempPath();

    /// <summary>Whether to go on with the CPU where the GPU cannot be used.</summary>
    /// <value>The default is <see langword="false"/>.</value>
    public bool FallbackToCpu { get; set; }

    /// <summary>The GPU to use; null for the CPU.</summary>
    /// <value>The default is <see langword="null"/>.</value>
    public int? GpuDeviceId { get; set; }

    int? IHostEnvironmentInternal.Seed => _environment.Seed;

    string IExceptionContext.ContextDescription => _environment.ContextDescription;

    /// <summary>Adds an option; false if it exists.</summary>
    public bool TryAddOption<T>(string name, T value) => _options.TryAdd(OptionName(name), value);

    /// <summary>Sets an option.</summary>
    public void SetOption<T>(string name, T value) => _options[OptionName(name)] = value;

    /// <summary>The value of an option; false if there is none of that type.</summary>
    public bool TryGetOption<T>(string name, out T value)
    {
        bool found = _options.TryGetValue(OptionName(name), out object held) && held is T;
        value = found ? (T)held : default;
        return found;
    }

    /// <summary>The value of an option; where there is none, the default is set and returned.</summary>
    public T GetOptionOrDefault<T>(string name)
    {
        _options.TryAdd(OptionName(name), default(T));
        return (T)_options[name];
    }

    /// <summary>Removes an option; false if there is none.</summary>
    public bool RemoveOption(string name) => _options.Remove(OptionName(name));

    IHost IHostEnvironment.Register(string name, int? seed, bool? verbose) => _environment.Register(name, seed, verbose);

    IChannel IChannelProvider.Start(string name) => _environment.Start(name);

    IPipe<TMessage> IChannelProvider.StartPipe<TMessage>(string name) => _environment.StartPipe<TMessage>(name);

    IProgressChannel IProgressChannelProvider.StartProgressChannel(string name) => _environment.StartProgressChannel(name);

    TException IExceptionContext.Process<TException>(TException ex) => _environment.Process(ex);

    private static string OptionName(string name) => string.IsNullOrWhiteSpace(name) ? throw new ArgumentNullException(nameof(name)) : name;
}
