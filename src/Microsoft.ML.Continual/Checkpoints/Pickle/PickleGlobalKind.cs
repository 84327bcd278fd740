namespace Microsoft.ML.Continual.Checkpoints.Pickle;

/// <summary>What the interpreter does when a global that it knows is called. None of it runs anything.</summary>
internal enum PickleGlobalKind
{
    /// <summary>Makes a dictionary.</summary>
    Dictionary,

    /// <summary>Makes an object of which only the class name and the state are kept.</summary>
    Opaque,

    /// <summary>Gives its first argument back: a wrapper that means nothing here.</summary>
    FirstArgument,

    /// <summary>Makes a tensor of a storage, an offset, sizes and strides.</summary>
    Tensor,

    /// <summary>Makes a tensor as <see cref="Tensor"/> does, of a storage of bytes; the element type is the seventh argument.</summary>
    TypedTensor,

    /// <summary>Calls its first argument, which must make a tensor, with the arguments in the third.</summary>
    Subclass,

    /// <summary>A type of storages; not called.</summary>
    StorageType,

    /// <summary>An element type or a class that is only named; not called.</summary>
    Name,
}
