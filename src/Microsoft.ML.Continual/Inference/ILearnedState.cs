using System.Text.Json.Nodes;
using Microsoft.ML.Continual.Tasks;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Inference;

/// <summary>What a model carries of its training: enough here to describe it; to a trainer, enough to go on from it.</summary>
internal interface ILearnedState : IDisposable
{
    /// <summary>The name of the method in the literature.</summary>
    string MethodName { get; }

    /// <summary>The classes seen; frozen.</summary>
    ClassRegistry Classes { get; }

    /// <summary>The tasks learned, in order.</summary>
    IReadOnlyList<LearnedTask> Tasks { get; }

    /// <summary>Writes all of it into a file.</summary>
    /// <returns>What belongs into the document; the tensors stay the state's.</returns>
    JsonObject Write(IDictionary<string, Tensor> tensors);
}
