using Microsoft.ML.Continual.Numerics;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Checkpoints;

/// <summary>The weights of a small CLIP model by OpenAI's names.</summary>
internal static class RandomClip
{
    public static Dictionary<string, Tensor> Weights(int depth = 2)
    {
        const int ImageWidth = 8, TextWidth = 6, Joint = 5;
        var random = new SeededRandom(5);
        var weights = new Dictionary<string, Tensor>();
        Add("visual.class_embedding", ImageWidth);
        Add("visual.conv1.weight", ImageWidth, 3, 4, 4);
        Add("visual.positional_embedding", 5, ImageWidth);
        Layer("visual.ln_pre", ImageWidth);
        Layer("visual.ln_post", ImageWidth);
        Add("visual.proj", ImageWidth, Joint);
        Tower("visual.", ImageWidth);
        Add("token_embedding.weight", 11, TextWidth);
        Add("positional_embedding", 7, TextWidth);
        Tower("", TextWidth);
        Layer("ln_final", TextWidth);
        Add("text_projection", TextWidth, Joint);
        Add("logit_scale");
        return weights;

        void Tower(string prefix, int width)
        {
            for (int i = 0; i < depth; i++)
            {
                string block = $"{prefix}transformer.resblocks.{i}.";
                Add(block + "attn.in_proj_weight", 3 * width, width);
                Add(block + "attn.in_proj_bias", 3 * width);
                Layer(block + "attn.out_proj", width, width);
                Layer(block + "ln_1", width);
                Layer(block + "ln_2", width);
                Layer(block + "mlp.c_fc", 4 * width, width);
                Layer(block + "mlp.c_proj", width, 4 * width);
            }
        }

        void Layer(string name, params long[] shape)
        {
            Add(name + ".weight", shape);
            Add(name + ".bias", shape[0]);
        }

        void Add(string name, params long[] shape) => weights[name] = random.UniformTensor(-1, 1, shape);
    }
}
