namespace TorchSharp;

/// <summary>Disposes, when it is disposed itself, the tensors that its thread made meanwhile and that have not been moved out of it.</summary>
public sealed class DisposeScope : IDisposable
{
    private readonly DisposeScopeManager manager;
    private readonly DisposeScope? outer;
    private HashSet<IDisposable> held = new(ReferenceEqualityComparer.Instance);

    internal DisposeScope(DisposeScopeManager manager)
    {
        this.manager = manager;
        manager.Scopes.TryPeek(out outer);
    }

    public IReadOnlyList<IDisposable> DisposablesView => [.. held];

    public int DisposablesCount => held.Count;

    public bool Contains(IDisposable disposable) => held.Contains(disposable);

    internal void Include(IDisposable disposable) => held.Add(disposable);

    // ---- to the scope around this one ----

    public T MoveToOuter<T>(T disposable) where T : IDisposable => MoveToOther(outer, disposable);

    public (T1, T2) MoveToOuter<T1, T2>(T1 first, T2 second) where T1 : IDisposable where T2 : IDisposable =>
        MoveToOther(outer, first, second);

    public (T1, T2, T3) MoveToOuter<T1, T2, T3>(T1 first, T2 second, T3 third)
        where T1 : IDisposable where T2 : IDisposable where T3 : IDisposable => MoveToOther(outer, first, second, third);

    public void MoveToOuter(params IDisposable[] disposables) => MoveToOther(outer, (IEnumerable<IDisposable>)disposables);

    public void MoveToOuter(IEnumerable<IDisposable> disposables) => MoveToOther(outer, disposables);

    // ---- to any scope ----

    public T MoveToOther<T>(DisposeScope? scope, T disposable) where T : IDisposable
    {
        Move(scope, disposable);
        return disposable;
    }

    public (T1, T2) MoveToOther<T1, T2>(DisposeScope? scope, T1 first, T2 second) where T1 : IDisposable where T2 : IDisposable
    {
        Move(scope, first);
        Move(scope, second);
        return (first, second);
    }

    public (T1, T2, T3) MoveToOther<T1, T2, T3>(DisposeScope? scope, T1 first, T2 second, T3 third)
        where T1 : IDisposable where T2 : IDisposable where T3 : IDisposable
    {
        Move(scope, first);
        Move(scope, second);
        Move(scope, third);
        return (first, second, third);
    }

    public void MoveToOther(DisposeScope? scope, params IDisposable[] disposables) => MoveToOther(scope, (IEnumerable<IDisposable>)disposables);

    public void MoveToOther(DisposeScope? scope, IEnumerable<IDisposable> disposables)
    {
        foreach (var disposable in disposables) Move(scope, disposable);
    }

    private void Move(DisposeScope? scope, IDisposable disposable)
    {
        if (held.Remove(disposable)) Give(scope, disposable);
    }

    // Without a scope the object belongs to nobody: its owner disposes it.
    private void Give(DisposeScope? scope, IDisposable disposable)
    {
        if (scope is null) manager.Counts.DetachedFromScopeCount++;
        else scope.held.Add(disposable);
        if (disposable is torch.Tensor tensor) tensor.Scope = scope;
    }

    // ---- out of every scope, and back in ----

    public T Detach<T>(T disposable) where T : IDisposable
    {
        Remove(disposable);
        return disposable;
    }

    public (T1, T2) Detach<T1, T2>(T1 first, T2 second) where T1 : IDisposable where T2 : IDisposable
    {
        Remove(first);
        Remove(second);
        return (first, second);
    }

    public (T1, T2, T3) Detach<T1, T2, T3>(T1 first, T2 second, T3 third)
        where T1 : IDisposable where T2 : IDisposable where T3 : IDisposable
    {
        Remove(first);
        Remove(second);
        Remove(third);
        return (first, second, third);
    }

    public void Detach(params IDisposable[] disposables) => Detach((IEnumerable<IDisposable>)disposables);

    public void Detach(IEnumerable<IDisposable> disposables)
    {
        foreach (var disposable in disposables) Remove(disposable);
    }

    private void Remove(IDisposable disposable)
    {
        if (held.Remove(disposable)) Give(null, disposable);
    }

    public void Attach(IDisposable disposable)
    {
        if (disposable is torch.Tensor { Scope: { } scope } && scope != this) scope.held.Remove(disposable);
        Give(this, disposable);
    }

    public void Attach(params IDisposable[] disposables) => Attach((IEnumerable<IDisposable>)disposables);

    public IReadOnlyList<IDisposable> Attach(IEnumerable<IDisposable> disposables)
    {
        IDisposable[] all = [.. disposables];
        foreach (var disposable in all) Attach(disposable);
        return all;
    }

    // ---- the end ----

    public void DisposeEverything() => DisposeEverythingBut([]);

    public void DisposeEverythingBut(IEnumerable<IDisposable> inKeep)
    {
        var before = held;
        held = new HashSet<IDisposable>(inKeep, ReferenceEqualityComparer.Instance);
        foreach (var disposable in before)
        {
            if (held.Contains(disposable)) continue;
            if (disposable is torch.Tensor tensor)
            {
                tensor.Scope = null; // it need not call back
                if (!tensor.IsInvalid) manager.Counts.DisposedInScopeCount++;
            }
            else
            {
                manager.Counts.DisposedInScopeCount++;
            }
            disposable.Dispose();
        }
    }

    public void DisposeEverythingBut(params IDisposable[] keep) => DisposeEverythingBut((IEnumerable<IDisposable>)keep);

    public T DisposeEverythingBut<T>(T keep) where T : IDisposable
    {
        DisposeEverythingBut((IEnumerable<IDisposable>)[keep]);
        return keep;
    }

    public (T1, T2) DisposeEverythingBut<T1, T2>(T1 first, T2 second) where T1 : IDisposable where T2 : IDisposable
    {
        DisposeEverythingBut((IEnumerable<IDisposable>)[first, second]);
        return (first, second);
    }

    public (T1, T2, T3) DisposeEverythingBut<T1, T2, T3>(T1 first, T2 second, T3 third)
        where T1 : IDisposable where T2 : IDisposable where T3 : IDisposable
    {
        DisposeEverythingBut((IEnumerable<IDisposable>)[first, second, third]);
        return (first, second, third);
    }

    public void MarkAsDisposed(IDisposable disposable)
    {
        manager.Counts.DisposedInScopeCount++;
        held.Remove(disposable);
        if (disposable is torch.Tensor tensor) tensor.Scope = null;
    }

    public void Dispose()
    {
        DisposeEverything();
        manager.Close(this);
    }
}
