namespace Microsoft.ML.Continual.Inference;

/// <summary>Frees something when its owner has let go of it and its last use has ended, whichever is later. Safe to call from several threads.</summary>
/// <param name="free">Called once.</param>
internal sealed class UseCount(Action free)
{
    private int _uses = 1;   // the owner's
    private int _ended;

    /// <summary>Whether the owner has let go of it.</summary>
    public bool IsEnded => Volatile.Read(ref _ended) != 0;

    /// <summary>Begins a use, which <see cref="Leave"/> ends; false after <see cref="End"/>.</summary>
    public bool TryEnter()
    {
        while (!IsEnded)
        {
            int uses = Volatile.Read(ref _uses);
            if (uses == 0) return false;   // freed: it must not be freed again
            if (Interlocked.CompareExchange(ref _uses, uses + 1, uses) == uses) return true;
        }
        return false;
    }

    /// <summary>Ends a use.</summary>
    public void Leave()
    {
        if (Interlocked.Decrement(ref _uses) == 0) free();
    }

    /// <summary>The owner lets go: no use begins any more. The second call does nothing.</summary>
    public void End()
    {
        if (Interlocked.Exchange(ref _ended, 1) == 0) Leave();
    }
}
