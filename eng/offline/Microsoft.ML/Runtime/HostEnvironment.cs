namespace Microsoft.ML.Runtime;

/// <summary>The environment behind a context, and each host registered in it: one name, one stream of random numbers.</summary>
internal sealed class HostEnvironment : IHost, IHostEnvironmentInternal
{
    private readonly Lock _lock = new();
    private readonly Action<string, ChannelMessage> _listener;
    private readonly HostEnvironment _parent;
    private readonly string _name;

    /// <summary>The root of a context.</summary>
    public HostEnvironment(int? seed, Action<string, ChannelMessage> listener)
    {
        Seed = seed;
        Rand = seed is int value ? new Random(value) : new Random();
        ComponentCatalog = new ComponentCatalog();
        _listener = listener;
    }

    private HostEnvironment(HostEnvironment parent, string name, Random rand)
    {
        Seed = parent.Seed;
        Rand = rand;
        ComponentCatalog = parent.ComponentCatalog;
        _listener = parent._listener;
        _parent = parent;
        // As in ML.NET, a host's name carries its grandparent's, not its parent's.
        _name = parent._parent?._name is string above ? $"{above}; {name}" : name;
    }

    public int? Seed { get; }

    public Random Rand { get; }

    public ComponentCatalog ComponentCatalog { get; }

    public string ContextDescription => _name ?? "HostEnvironment";

    public IHost Register(string name, int? seed = null, bool? verbose = null)
    {
        Errors.CheckNonEmpty(name, nameof(name));
        lock (_lock)
            return new HostEnvironment(this, name, new Random(seed ?? Rand.Next()));
    }

    public IChannel Start(string name) => new Channel(this, Source(name));

    public IPipe<TMessage> StartPipe<TMessage>(string name) => new Pipe<TMessage>(this);

    public IProgressChannel StartProgressChannel(string name)
    {
        Errors.CheckNonEmpty(name, nameof(name));
        return new ProgressChannel();
    }

    public TException Process<TException>(TException ex) where TException : Exception
    {
        if (ex is not null)
            ex.Data["ThrowingComponent"] = ContextDescription;
        return ex;
    }

    private string Source(string name)
    {
        Errors.CheckNonEmpty(name, nameof(name));
        return _name is null ? name : $"{_name}; {name}";
    }

    private class Pipe<TMessage>(HostEnvironment host) : IPipe<TMessage>
    {
        public string ContextDescription => host.ContextDescription;

        public TException Process<TException>(TException ex) where TException : Exception => host.Process(ex);

        // A pipe of another type than text has no listener in a context.
        public virtual void Send(TMessage msg)
        {
        }

        public void Dispose()
        {
        }
    }

    private sealed class Channel(HostEnvironment host, string source) : Pipe<ChannelMessage>(host), IChannel
    {
        private readonly HostEnvironment _host = host;

        public override void Send(ChannelMessage msg) => _host._listener(source, msg);

        public void Trace(MessageSensitivity sensitivity, string fmt) => Send(new(ChannelMessageKind.Trace, sensitivity, fmt));

        public void Trace(MessageSensitivity sensitivity, string fmt, params object[] args) => Send(new(ChannelMessageKind.Trace, sensitivity, fmt, args));

        public void Error(MessageSensitivity sensitivity, string fmt) => Send(new(ChannelMessageKind.Error, sensitivity, fmt));

        public void Error(MessageSensitivity sensitivity, string fmt, params object[] args) => Send(new(ChannelMessageKind.Error, sensitivity, fmt, args));

        public void Warning(MessageSensitivity sensitivity, string fmt) => Send(new(ChannelMessageKind.Warning, sensitivity, fmt));

        public void Warning(MessageSensitivity sensitivity, string fmt, params object[] args) => Send(new(ChannelMessageKind.Warning, sensitivity, fmt, args));

        public void Info(MessageSensitivity sensitivity, string fmt) => Send(new(ChannelMessageKind.Info, sensitivity, fmt));

        public void Info(MessageSensitivity sensitivity, string fmt, params object[] args) => Send(new(ChannelMessageKind.Info, sensitivity, fmt, args));
    }

    /// <summary>Takes reports and shows them nowhere, as a context without a progress listener does.</summary>
    private sealed class ProgressChannel : IProgressChannel
    {
        public void SetHeader(ProgressHeader header, Action<IProgressEntry> fillAction)
        {
        }

        public void Checkpoint(params double?[] values)
        {
        }

        public IProgressChannel StartProgressChannel(string name) => new ProgressChannel();

        public void Dispose()
        {
        }
    }
}
