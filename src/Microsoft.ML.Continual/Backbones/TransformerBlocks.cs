using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Microsoft.ML.Continual.Backbones;

/// <summary>
/// A stack of pre-norm transformer blocks, x + Attention(LN(x)), then + MLP(LN(·)): what image and text towers share. What a method adds comes in through <see cref="BlockEdits"/>.
/// </summary>
/// <remarks>In the shape comments B is images, T tokens, S what attention reads, L tokens of a prefix, P inserted tokens, D width, H heads, d = D / H. Nothing here changes: passes may run on several threads.</remarks>
/// <param name="blocks">The weights, first block first.</param>
/// <param name="width">D.</param>
/// <param name="heads">H.</param>
/// <param name="normEpsilon">ε of the layer norms.</param>
/// <param name="activation">The activation of the MLPs.</param>
/// <param name="causal">Whether a token attends to itself and those before it only.</param>
internal sealed class TransformerBlocks(IReadOnlyList<BlockWeights> blocks, int width, int heads, double normEpsilon, MlpActivation activation, bool causal = false)
{
    private readonly int _headWidth = width / heads;

    /// <summary>The number of blocks.</summary>
    public int Count => blocks.Count;

    /// <summary>The weights of a block.</summary>
    public BlockWeights this[int index] => blocks[index];

    /// <summary>Which way attention is computed; for tests.</summary>
    public AttentionPath AttentionPath { get; set; }

    /// <summary>Runs tokens through the blocks, before the final norm.</summary>
    /// <param name="x">[B, T, D] with the class token first and the tokens of <see cref="BlockEdits.InputTokens"/> after it.</param>
    /// <param name="inserted">The number P of these.</param>
    /// <param name="edits">What is added, and which tokens are wanted: the last block computes no others.</param>
    /// <returns>[B, wanted tokens, D]; all tokens where <see cref="BlockEdits.BlockCount"/> stops the pass early.</returns>
    public Tensor Run(Tensor x, long inserted, BlockEdits edits)
    {
        int run = edits.BlockCount ?? blocks.Count;
        if (run < 0 || run > blocks.Count) throw new ArgumentException($"{nameof(BlockEdits.BlockCount)}: expected 0 to {blocks.Count}; found {run}.", nameof(edits));
        RequireBlocks(edits.BlockTokens?.Keys, nameof(BlockEdits.BlockTokens));
        RequireBlocks(edits.Prefixes?.Keys, nameof(BlockEdits.Prefixes));
        RequireBlocks(edits.ContextTokens?.Keys, nameof(BlockEdits.ContextTokens));
        RequireBlocks(edits.NormedContextTokens?.Keys, nameof(BlockEdits.NormedContextTokens));
        RequireBlocks(edits.Adapters?.Keys, nameof(BlockEdits.Adapters));
        RequireBlocks(edits.MlpAdapters?.Keys, nameof(BlockEdits.MlpAdapters));
        RequireBlocks(edits.Linears?.Keys.Select(key => key.Block), nameof(BlockEdits.Linears));
        using DisposeScope scope = NewDisposeScope();
        for (int i = 0; i < run; i++)
        {
            if (edits.BlockTokens is { } entering && entering.TryGetValue(i, out Tensor? tokens))
            {
                Tensor added = TokenShape.ForBatch(tokens, x.shape[0], width, $"{nameof(BlockEdits.BlockTokens)}[{i}]").to(x.dtype);
                x = cat([x.narrow(1, 0, 1), added, x.narrow(1, 1, x.shape[1] - 1)], 1);   // [B, T, D] -> [B, P + T, D]
                inserted += added.shape[1];
            }
            (long first, long wanted) = i == blocks.Count - 1 ? Wanted(edits.Output, inserted, x.shape[1]) : (0, x.shape[1]);
            x = RunBlock(i, x, first, wanted, edits);
        }
        return x.MoveToOuterDisposeScope();

        void RequireBlocks(IEnumerable<int>? indices, string name)
        {
            foreach (int index in indices ?? [])
                if (index < 0 || index >= blocks.Count) throw new ArgumentException($"{name}: expected blocks 0 to {blocks.Count - 1}; found {index}.", nameof(edits));
        }
    }

    private static (long First, long Wanted) Wanted(OutputTokens output, long inserted, long tokens) => output switch
    {
        OutputTokens.Class => (0, 1),
        OutputTokens.Inserted => (1, inserted),
        OutputTokens.ClassAndInserted => (0, 1 + inserted),
        _ => (0, tokens),
    };

    /// <summary>One block. Computes tokens first … first + wanted − 1 only; all tokens serve as keys and values.</summary>
    private Tensor RunBlock(int index, Tensor x, long first, long wanted, BlockEdits edits)
    {
        BlockWeights w = blocks[index];
        using DisposeScope scope = NewDisposeScope();
        Tensor attention = Attend(index, x, first, wanted, edits);   // [B, wanted, D]
        Tensor middle = (wanted == x.shape[1] ? x : x.narrow(1, first, wanted)) + attention;
        Tensor mlp = Transform(index, layer_norm(middle, [width], w.Norm2Weight, w.Norm2Bias, normEpsilon), edits);
        Tensor output = middle + mlp;
        if (edits.MlpAdapters is { } adapters && adapters.TryGetValue(index, out MlpAdapter? adapter)) output = output + Beside(adapter, middle, $"{nameof(BlockEdits.MlpAdapters)}[{index}]");
        edits.Capture?.Invoke(new BlockActivations(index, x, attention, mlp, output));
        return output.MoveToOuterDisposeScope();
    }

    /// <summary>The two layers of the MLP: [B, T, D] -> [B, T, hidden] -> [B, T, D].</summary>
    private Tensor Transform(int index, Tensor x, BlockEdits edits)
    {
        BlockWeights w = blocks[index];
        using DisposeScope scope = NewDisposeScope();   // what the backward pass does not need is freed at once, while it is still in the cache
        Tensor hidden = new EditedLinear(index, BlockLinear.Fc1, w.Fc1Weight, w.Fc1Bias, edits).Apply(x);
        hidden = activation == MlpActivation.Gelu ? gelu(hidden) : hidden * (hidden * 1.702).sigmoid();
        return new EditedLinear(index, BlockLinear.Fc2, w.Fc2Weight, w.Fc2Bias, edits).Apply(hidden).MoveToOuterDisposeScope();
    }

    /// <summary>What an adapter beside the MLP adds: [B, T, D] -> [B, T, r] -> [B, T, D].</summary>
    private Tensor Beside(MlpAdapter adapter, Tensor x, string name)
    {
        TokenShape.Require(adapter.Down, $"{name}.{nameof(MlpAdapter.Down)}", null, width);
        TokenShape.Require(adapter.Up, $"{name}.{nameof(MlpAdapter.Up)}", width, adapter.Down.shape[0]);
        Tensor inner = linear(x, adapter.Down.to(x.dtype), adapter.DownBias.to(x.dtype)).relu();
        return linear(inner, adapter.Up.to(x.dtype), adapter.UpBias.to(x.dtype)) * adapter.Scale;
    }

    /// <summary>Multi-head attention of the wanted tokens over all that can be read, and its projection; with an adapter, what that adds.</summary>
    private Tensor Attend(int index, Tensor tokens, long first, long wanted, BlockEdits edits)
    {
        BlockWeights w = blocks[index];
        using DisposeScope scope = NewDisposeScope();
        long count = tokens.shape[0];
        Tensor x = tokens;
        if (edits.ContextTokens is { } contexts && contexts.TryGetValue(index, out Tensor? context))
            x = cat([tokens, TokenShape.ForBatch(context, count, width, $"{nameof(BlockEdits.ContextTokens)}[{index}]").to(tokens.dtype)], 1);   // [B, T, D] -> [B, T + P, D]
        x = layer_norm(x, [width], w.Norm1Weight, w.Norm1Bias, normEpsilon);
        Tensor read = x;
        if (edits.NormedContextTokens is { } normed && normed.TryGetValue(index, out Tensor? added))
            read = cat([x, TokenShape.ForBatch(added, count, width, $"{nameof(BlockEdits.NormedContextTokens)}[{index}]").to(x.dtype)], 1);      // [B, T, D] -> [B, T + P, D]
        (Tensor queries, Tensor keys, Tensor values) = Project(new EditedLinear(index, BlockLinear.Qkv, w.QkvWeight, w.QkvBias, edits), read, first, wanted);
        AttentionPrefix? prefix = edits.Prefixes is { } prefixes && prefixes.TryGetValue(index, out AttentionPrefix? found) ? found : null;
        if (prefix is not null)
        {
            keys = cat([Heads(prefix.Keys, count, $"{nameof(BlockEdits.Prefixes)}[{index}].{nameof(AttentionPrefix.Keys)}").to(keys.dtype), keys], 2);         // [B, H, L + T, d]
            values = cat([Heads(prefix.Values, count, $"{nameof(BlockEdits.Prefixes)}[{index}].{nameof(AttentionPrefix.Values)}").to(keys.dtype), values], 2);
            if (!keys.shape.SequenceEqual(values.shape))
                throw new ArgumentException($"{nameof(BlockEdits.Prefixes)}[{index}]: expected as many values as keys; found shapes [{string.Join(", ", prefix.Keys.shape)}] and [{string.Join(", ", prefix.Values.shape)}].", nameof(edits));
        }
        edits.CaptureAttention?.Invoke(new AttentionActivations(index, queries, keys, values) { CompensatedFrom = prefix?.CompensatedFrom, PrefixLength = prefix?.Keys.shape[^2] ?? 0 });
        Tensor mixed = prefix?.CompensatedFrom is { } start ? CompensatedAttention(queries, keys, values, start, prefix.Keys.shape[^2])
            : UsesFusedAttention(x) ? scaled_dot_product_attention(queries, keys, values, is_casual: causal)
            : PlainAttention(queries, keys, values);
        // [B, H, wanted, d] -> [B, wanted, H, d] -> [B, wanted, D]
        Tensor output = new EditedLinear(index, BlockLinear.Out, w.ProjWeight, w.ProjBias, edits).Apply(mixed.transpose(1, 2).reshape(count, wanted, width));
        if (edits.Adapters is { } adapters && adapters.TryGetValue(index, out ParallelAdapter? adapter))
        {
            TokenShape.Require(adapter.Down, $"{nameof(BlockEdits.Adapters)}[{index}].{nameof(ParallelAdapter.Down)}", null, width);
            TokenShape.Require(adapter.Up, $"{nameof(BlockEdits.Adapters)}[{index}].{nameof(ParallelAdapter.Up)}", width, adapter.Down.shape[0]);
            Tensor z = wanted == x.shape[1] ? x : x.narrow(1, first, wanted);
            output = output + linear(gelu(linear(z, adapter.Down.to(z.dtype))), adapter.Up.to(z.dtype));   // [B, wanted, D] -> [B, wanted, r] -> [B, wanted, D]
        }
        return output.MoveToOuterDisposeScope();
    }

    /// <summary>[B, T, D] after the norm -> queries [B, H, wanted, d], keys and values [B, H, T, d].</summary>
    private (Tensor Queries, Tensor Keys, Tensor Values) Project(EditedLinear qkvMap, Tensor x, long first, long wanted)
    {
        long count = x.shape[0], tokens = x.shape[1];
        if (wanted == tokens)
        {
            // [B, T, 3·D] -> [B, T, 3, H, d] -> [3, B, H, T, d]
            Tensor qkv = qkvMap.Apply(x).view(count, tokens, 3, heads, _headWidth).permute(2, 0, 3, 1, 4);
            Tensor[] all = (UsesFusedAttention(x) ? qkv : qkv.contiguous()).unbind(0);
            return (all[0], all[1], all[2]);
        }
        // Rows 0 … D−1 of the fused weight make the queries, the rest keys and values.
        // [B, wanted, D] -> [B, wanted, H, d] -> [B, H, wanted, d]
        Tensor queries = qkvMap.ApplyRows(x.narrow(1, first, wanted), 0, width).view(count, wanted, heads, _headWidth).transpose(1, 2);
        // [B, T, 2·D] -> [B, T, 2, H, d] -> [2, B, H, T, d]
        Tensor[] parts = qkvMap.Apply(x, width, 2 * width).view(count, tokens, 2, heads, _headWidth).permute(2, 0, 3, 1, 4).unbind(0);
        return (queries, parts[0], parts[1]);
    }

    /// <summary>[L, D] or [B, L, D] -> [B, L, H, d] -> [B, H, L, d].</summary>
    private Tensor Heads(Tensor prefix, long count, string name) =>
        TokenShape.ForBatch(prefix, count, width, name).reshape(count, -1, heads, _headWidth).transpose(1, 2);

    /// <summary>softmax(q · kᵀ / √d) · v for queries [B, H, wanted, d], keys and values [B, H, S, d].</summary>
    private Tensor PlainAttention(Tensor queries, Tensor keys, Tensor values)
    {
        using DisposeScope scope = NewDisposeScope();
        long batch = queries.shape[0] * queries.shape[1], wanted = queries.shape[2], read = keys.shape[2];
        int d = _headWidth;
        Tensor q = (queries * (1 / Math.Sqrt(d))).reshape(batch, wanted, d);   // there are fewer queries than scores to scale
        Tensor scores = q.bmm(keys.reshape(batch, read, d).transpose(1, 2));   // [B·H, wanted, S]
        if (causal) scores = scores + full(new long[] { wanted, read }, float.NegativeInfinity, scores.dtype, scores.device).triu(1);
        return scores.softmax(-1).bmm(values.reshape(batch, read, d)).view(queries.shape[0], queries.shape[1], wanted, d).MoveToOuterDisposeScope();
    }

    /// <summary>As <see cref="PlainAttention"/>, with some columns of the weights scaled to sum to 1 among themselves.</summary>
    private Tensor CompensatedAttention(Tensor queries, Tensor keys, Tensor values, int start, long length)
    {
        if (causal) throw new NotSupportedException("Compensated prefixes are for image towers: a causal mask has no columns to scale.");
        using DisposeScope scope = NewDisposeScope();
        Tensor weights = AttentionActivations.Softmax(queries, keys, start, length);   // [B, H, wanted, S]
        return weights.matmul(values).MoveToOuterDisposeScope();
    }

    private bool UsesFusedAttention(Tensor x) => AttentionPath == AttentionPath.Fused || AttentionPath == AttentionPath.Automatic && x.device_type != DeviceType.CPU;
}
