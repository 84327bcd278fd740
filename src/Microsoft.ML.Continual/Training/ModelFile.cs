using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Inference;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Persistence;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Training;

/// <summary>Makes models out of the files that <see cref="ContinualTransformer.Save(string)"/> writes.</summary>
internal static class ModelFile
{
    /// <param name="mlContext">Whose log warnings go to.</param>
    /// <param name="file">The file; the tensors that the model takes leave it.</param>
    /// <param name="backbone">The backbone, shared; null loads the one that the file names, which the model then owns.</param>
    /// <param name="device">Where a backbone that is loaded goes.</param>
    public static ContinualTransformer Load(MLContext mlContext, StateFile file, Backbone? backbone, Device device)
    {
        Backbone? own = null;
        TrainerState? state = null;
        try
        {
            MethodOptions options = file.Parse("the options", () => KnownOptions.Read<MethodOptions>(file.Document["options"]!));
            if (backbone is null) own = file.Parse("the backbone", () => BackboneReference.Load(file, file.Document["backbone"], device));
            else BackboneReference.Require(file, file.Document["backbone"], backbone);
            options.Backbone = backbone ?? own;
            state = TrainerStateDocument.Read(file.Document["learned"] ?? throw file.Broken("the document lacks what was learned"), file);
            if (file.Tensors.Count > 0) throw file.Broken($"the tensor '{file.Tensors.Keys.First()}' belongs to nothing that this library knows");
            IScorer scorer = file.Parse("the model", () =>
            {
                using ContinualMethod method = state.RestoreMethod(options, new SeededRandom(0));
                return method.CreateScorer();
            });
            return new ContinualTransformer(mlContext, options, scorer, state, own);
        }
        catch
        {
            state?.Dispose();
            own?.Dispose();
            throw;
        }
    }
}
