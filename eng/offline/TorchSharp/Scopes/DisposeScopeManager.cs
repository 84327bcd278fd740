namespace TorchSharp;

/// <summary>Each thread's stack of dispose scopes.</summary>
public class DisposeScopeManager
{
    [ThreadStatic] private static DisposeScopeManager? current;

    internal static DisposeScopeManager ThreadSingleton => current ??= new DisposeScopeManager();

    public static ThreadDisposeScopeStatistics Statistics => ThreadSingleton.Counts;

    internal ThreadDisposeScopeStatistics Counts { get; } = new();

    internal Stack<DisposeScope> Scopes { get; } = new();

    internal DisposeScope Open()
    {
        var scope = new DisposeScope(this);
        Scopes.Push(scope);
        return scope;
    }

    /// <summary>Counts a new object and hands it to the innermost scope, if there is one.</summary>
    internal DisposeScope? Register(IDisposable disposable)
    {
        if (!Scopes.TryPeek(out var scope))
        {
            Counts.CreatedOutsideScopeCount++;
            return null;
        }
        Counts.CreatedInScopeCount++;
        scope.Include(disposable);
        return scope;
    }

    internal void Close(DisposeScope scope)
    {
        // Scopes close in the order of their using blocks. One that is closed late takes the scopes within it along.
        if (!Scopes.Contains(scope)) return;
        while (Scopes.Pop() != scope) { }
    }
}
