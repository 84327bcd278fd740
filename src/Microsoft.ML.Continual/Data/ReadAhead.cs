using System.Collections;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;

namespace Microsoft.ML.Continual.Data;

/// <summary>
/// Runs a sequence on a thread of its own, a few items ahead of its reader. An exception of the sequence reaches the reader in its place
/// after the items before it. Disposing stops the thread, wherever it is, and waits for it.
/// </summary>
/// <remarks>Can be enumerated once. The sequence must not touch what belongs to the reader's thread (dispose scopes, random streams).</remarks>
internal sealed class ReadAhead<T> : IEnumerable<T>, IDisposable
{
    private readonly BlockingCollection<T> _items;
    private readonly CancellationToken _cancellationToken;
    private readonly CancellationTokenSource _stop;   // also when nobody reads any more
    private readonly Thread _thread;
    private ExceptionDispatchInfo? _failure;   // written before the collection is completed, read after
    private bool _disposed;

    /// <summary>Starts the thread.</summary>
    /// <param name="produce">Makes the sequence; its token is cancelled when nobody reads any more.</param>
    /// <param name="ahead">The number of items that may wait for the reader; at least 1.</param>
    /// <param name="cancellationToken">Ends the reader with an <see cref="OperationCanceledException"/>.</param>
    public ReadAhead(Func<CancellationToken, IEnumerable<T>> produce, int ahead, CancellationToken cancellationToken)
    {
        _items = new BlockingCollection<T>(ahead);
        _cancellationToken = cancellationToken;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        CancellationToken stop = _stop.Token;
        _thread = new Thread(() => Run(produce, stop)) { IsBackground = true, Name = "Continual read-ahead" };
        _thread.Start();
    }

    /// <summary>Reads the items.</summary>
    public IEnumerator<T> GetEnumerator()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        while (TryTake(out T? item)) yield return item;
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Stops the thread and waits for its end.</summary>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        _stop.Cancel();
        _thread.Join();
        _items.Dispose();
        _stop.Dispose();
    }

    private bool TryTake([MaybeNullWhen(false)] out T item)
    {
        try
        {
            if (_items.TryTake(out item, Timeout.Infinite, _stop.Token)) return true;
            _failure?.Throw();
            return false;
        }
        catch (OperationCanceledException) when (_cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(_cancellationToken);   // the caller's token, by which a Task knows that it was cancelled and did not fail
        }
    }

    private void Run(Func<CancellationToken, IEnumerable<T>> produce, CancellationToken stop)
    {
        try
        {
            foreach (T item in produce(stop)) _items.Add(item, stop);
        }
        catch (Exception e)   // of whatever kind: it is the reader's to handle
        {
            _failure = ExceptionDispatchInfo.Capture(e);
        }
        finally
        {
            _items.CompleteAdding();
        }
    }
}
