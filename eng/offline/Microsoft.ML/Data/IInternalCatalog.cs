using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Gives a catalogue's extension methods its environment.</summary>
internal interface IInternalCatalog
{
    IHostEnvironment Environment { get; }
}
