namespace Microsoft.ML.Continual.Methods;

/// <summary>Settings that go together, for the options of any method.</summary>
public static class MethodOptionsExtensions
{
    /// <summary>
    /// Sets what online learning asks for: one pass over a task's images, in the order in which they arrive, each read once
    /// (<see cref="MethodOptions.Epochs"/> = 1, <see cref="MethodOptions.Shuffle"/> = false, <see cref="MethodOptions.CacheImages"/> = true).
    /// </summary>
    /// <remarks>The papers' online setting shuffles a task's images: set <see cref="MethodOptions.Shuffle"/> again after this.</remarks>
    /// <typeparam name="TOptions">The method's options.</typeparam>
    /// <param name="options">The options to change.</param>
    /// <returns>These options.</returns>
    public static TOptions UseOnline<TOptions>(this TOptions options) where TOptions : MethodOptions
    {
        ArgumentNullException.ThrowIfNull(options);
        (options.Epochs, options.Shuffle, options.CacheImages) = (1, false, true);
        return options;
    }
}
