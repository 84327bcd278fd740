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
    public static Tensor hstack(IEnumerable<Tensor> tensors) => Aten.hstack.Call(All(tensors));
    public static Tensor dstack(IList<Tensor> tensors) => Aten.dstack.Call(All(tensors));
    public static Tensor dstack(IEnumerable<Tensor> tensors) => Aten.dstack.Call(All(tensors));
    public static Tensor dstack(params Tensor[] tensors) => Aten.dstack.Call(All(tensors));
    public static Tensor column_stack(IList<Tensor> tensors) => Aten.column_stack.Call(All(tensors));
    public static Tensor column_stack(params Tensor[] tensors) => Aten.column_stack.Call(All(tensors));
    public static Tensor row_stack(IList<Tensor> tensors) => Aten.row_stack.Call(All(tensors));
    public static Tensor row_stack(params Tensor[] tensors) => Aten.row_stack.Call(All(tensors));
    public static Tensor cartesian_prod(IList<Tensor> tensors) => Aten.cartesian_prod.Call(All(tensors));
    public static Tensor cartesian_prod(params Tensor[] tensors) => Aten.cartesian_prod.Call(All(tensors));
    public static Tensor chain_matmul(params Tensor[] matrices) => Aten.chain_matmul.Call(All(matrices));
    public static Tensor combinations(Tensor input, int r = 2, bool with_replacement = false) => Aten.combinations.Call(input, r, with_replacement);
    public static (Tensor, Tensor) slogdet(Tensor A) => Aten.slogdet.Call2(A);

    // Forms whose arguments differ from the method's.
    public static Tensor softmax(Tensor input, int dim, ScalarType? dtype = null) => input.softmax(dim, dtype);
    public static Tensor norm(Tensor input) => input.norm();
    public static Tensor cholesky(Tensor input) => input.cholesky();
    public static Tensor gather(Tensor input, long dim, Tensor index, bool sparse_grad = false) => Aten.gather.Call(input, dim, index, sparse_grad);
    public static Tensor movedim(Tensor input, long source, long destination) => Aten.movedim_int.Call(input, source, destination);
    public static Tensor moveaxis(Tensor input, (long, long) source, (long, long) destination) => input.movedim([source.Item1, source.Item2], [destination.Item1, destination.Item2]);
    public static Tensor moveaxis(Tensor input, (long, long, long) source, (long, long, long) destination) =>
        input.movedim([source.Item1, source.Item2, source.Item3], [destination.Item1, destination.Item2, destination.Item3]);
    public static Tensor moveaxis(Tensor input, (long, long, long, long) source, (long, long, long, long) destination) =>
        input.movedim([source.Item1, source.Item2, source.Item3, source.Item4], [destination.Item1, destination.Item2, destination.Item3, destination.Item4]);
    public static Tensor moveaxis(Tensor input, long source, long destination) => Aten.movedim_int.Call(input, source, destination);
    public static Tensor[] unbind(Tensor tensor, int dim = 0) => tensor.unbind(dim);
    public static Tensor divide_(Tensor left, Scalar right) => left.div_(right);
    public static Tensor multiply_(Tensor left, Tensor right) => left.mul_(right);
    public static Tensor multiply_(Tensor left, Scalar right) => left.mul_(right);
    public static Tensor searchsorted(Tensor sorted_sequence, Scalar values, bool out_int32, bool right, Tensor sorter) =>
        Aten.searchsorted_Scalar.Call(sorted_sequence, values, out_int32, right, Arg.None, sorter);
    public static Tensor block_diag(params Tensor[] tensors) => Aten.block_diag.Call(All(tensors));
    public static Tensor einsum(string equation, params Tensor[] tensors) => Aten.einsum.Call(equation, All(tensors));
    public static Tensor[] meshgrid(IEnumerable<Tensor> tensors, string indexing = "ij") => Aten.meshgrid_indexing.CallList(All(tensors), indexing);
    public static IList<Tensor> broadcast_tensors(params Tensor[] tensors) => Aten.broadcast_tensors.CallList(All(tensors));
    public static Tensor where(Tensor condition, Tensor x, Tensor y) => Aten.where_self.Call(condition, x, y);
    public static Tensor[] where(Tensor condition) => Aten.where.CallList(condition);
    public static Tensor cdist(Tensor x1, Tensor x2, double p = 2, compute_mode compute_mode = compute_mode.use_mm_for_euclid_dist_if_necessary) => Aten.cdist.Call(x1, x2, p, (long)compute_mode);
    public static Tensor searchsorted(Tensor sorted_sequence, Tensor values, bool out_int32 = false, bool right = false, Tensor? sorter = null) =>
        Aten.searchsorted_Tensor.Call(sorted_sequence, values, out_int32, right, Arg.None, sorter);
    public static Tensor tril_indices(long row, long col, long offset = 0, ScalarType dtype = ScalarType.Int64, Device? device = null) => Aten.tril_indices.Call(row, col, offset, dtype, Arg.None, Place(device));
    public static Tensor triu_indices(long row, long col, long offset = 0, ScalarType dtype = ScalarType.Int64, Device? device = null) => Aten.triu_indices.Call(row, col, offset, dtype, Arg.None, Place(device));

    private static Tensor[] All(IEnumerable<Tensor> tensors)
    {
        Tensor[] all = tensors as Tensor[] ?? [.. tensors];
        for (int i = 0; i < all.Length; i++)
            if (all[i] is null) throw new ArgumentException($"tensor {i} of the list is null", nameof(tensors));
        return all;
    }
}
