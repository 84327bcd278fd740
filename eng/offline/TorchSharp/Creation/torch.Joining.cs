namespace TorchSharp;

public static partial class torch
{
    // Several tensors into one, and functions whose first argument is not the tensor they are a method of.

    public static Tensor cat(IList<Tensor> tensors, long dim = 0) => Aten.cat.Call(All(tensors), dim);
    public static Tensor concat(IList<Tensor> tensors, long dim = 0) => Aten.cat.Call(All(tensors), dim);
    public static Tensor concatenate(IList<Tensor> tensors, long axis = 0) => Aten.cat.Call(All(tensors), axis);
    public static Tensor stack(IEnumerable<Tensor> tensors, long dim = 0) => Aten.stack.Call(All(tensors), dim);
    public static Tensor hstack(IList<Tensor> tensors) => Aten.hstack.Call(All(tensors));
    public static Tensor hstack(params Tensor[] tensors) => Aten.hstack.Call(All(tensors));
    public static Tensor vstack(IList<Tensor> tensors) => Aten.vstack.Call(All(tensors));
    public static Tensor block_diag(params Tensor[] tensors) => Aten.block_diag.Call(All(tensors));
    public static Tensor einsum(string equation, params Tensor[] tensors) => Aten.einsum.Call(equation, All(tensors));
    public static Tensor[] meshgrid(IEnumerable<Tensor> tensors, string indexing = "ij") => Aten.meshgrid_indexing.CallList(All(tensors), indexing);
    public static IList<Tensor> broadcast_tensors(params Tensor[] tensors) => Aten.broadcast_tensors.CallList(All(tensors));
    public static Tensor where(Tensor condition, Tensor x, Tensor y) => Aten.where_self.Call(condition, x, y);
    public static Tensor[] where(Tensor condition) => Aten.where.CallList(condition);
    public static Tensor cdist(Tensor x1, Tensor x2, double p = 2, compute_mode compute_mode = compute_mode.use_mm_for_euclid_dist_if_necessary) => Aten.cdist.Call(x1, x2, p, (long)compute_mode);
    public static Tensor searchsorted(Tensor sorted_sequence, Tensor values, bool out_int32 = false, bool right = false, Tensor? sorter = null) =>
        Aten.searchsorted_Tensor.Call(sorted_sequence, values, out_int32, right, Native.Arg.None, sorter);
    public static Tensor tril_indices(long row, long col, long offset = 0, ScalarType dtype = ScalarType.Int64, Device? device = null) => Aten.tril_indices.Call(row, col, offset, dtype, Native.Arg.None, Place(device));
    public static Tensor triu_indices(long row, long col, long offset = 0, ScalarType dtype = ScalarType.Int64, Device? device = null) => Aten.triu_indices.Call(row, col, offset, dtype, Native.Arg.None, Place(device));

    private static Tensor[] All(IEnumerable<Tensor> tensors)
    {
        Tensor[] all = tensors as Tensor[] ?? [.. tensors];
        for (int i = 0; i < all.Length; i++)
            if (all[i] is null) throw new ArgumentException($"tensor {i} of the list is null", nameof(tensors));
        return all;
    }
}
