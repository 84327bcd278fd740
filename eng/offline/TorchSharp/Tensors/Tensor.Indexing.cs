using System.Runtime.CompilerServices;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        [IndexerName("TensorItems")]
        public Tensor this[params TensorIndex[] indices]
        {
            get => index(indices);
            set => index_put_(value, indices);
        }

        [IndexerName("TensorItems")]
        public Tensor this[params Tensor[] indices]
        {
            get => index(indices);
            set => index_put_(value, indices);
        }

        [IndexerName("TensorItems")]
        public Tensor this[params long[] indices]
        {
            get => Element(indices);
            set => SetElement(value, indices);
        }

        [IndexerName("TensorItems")]
        public Tensor this[long i1] { get => Element(i1); set => SetElement(value, i1); }

        [IndexerName("TensorItems")]
        public Tensor this[long i1, long i2] { get => Element(i1, i2); set => SetElement(value, i1, i2); }

        [IndexerName("TensorItems")]
        public Tensor this[long i1, long i2, long i3] { get => Element(i1, i2, i3); set => SetElement(value, i1, i2, i3); }

        [IndexerName("TensorItems")]
        public Tensor this[long i1, long i2, long i3, long i4] { get => Element(i1, i2, i3, i4); set => SetElement(value, i1, i2, i3, i4); }

        [IndexerName("TensorItems")]
        public Tensor this[long i1, long i2, long i3, long i4, long i5] { get => Element(i1, i2, i3, i4, i5); set => SetElement(value, i1, i2, i3, i4, i5); }

        [IndexerName("TensorItems")]
        public Tensor this[long i1, long i2, long i3, long i4, long i5, long i6] { get => Element(i1, i2, i3, i4, i5, i6); set => SetElement(value, i1, i2, i3, i4, i5, i6); }

        private Tensor Element(params ReadOnlySpan<long> indices)
        {
            Tensor at = this;
            for (int i = 0; i < indices.Length; i++)
            {
                Tensor next = Aten.select_int.Call(at, 0L, indices[i]);
                if (i > 0) at.Dispose();
                at = next;
            }
            return at;
        }

        private void SetElement(Tensor value, params ReadOnlySpan<long> indices)
        {
            using Tensor target = Element(indices);
            target.copy_(value);
        }

        public Tensor index(params Tensor[] indices) => Aten.index_Tensor.Call(this, indices);

        public Tensor index(params TensorIndex[] indices)
        {
            using var scope = NewDisposeScope();
            var (view, tensors) = Basic(indices);
            Tensor result = tensors is null ? (ReferenceEquals(view, this) ? view.alias() : view) : Aten.index_Tensor.Call(view, tensors);
            return result.MoveToOuterDisposeScope();
        }

        public Tensor index_put_(Tensor value, params Tensor[] indices) => Aten.index_put_.CallInPlace(this, indices, value);

        public Tensor index_put_(Scalar value, params Tensor[] indices)
        {
            using Tensor filled = full([], value, dtype, device);
            return index_put_(filled, indices);
        }

        public Tensor index_put_(Tensor value, params TensorIndex[] indices)
        {
            using var scope = NewDisposeScope();
            var (view, tensors) = Basic(indices);
            if (tensors is null) view.copy_(value.device_type == device_type ? value : value.to(device));
            else Aten.index_put_.CallInPlace(view, tensors, value.to(dtype));
            return this;
        }

        public Tensor index_put_(Scalar value, params TensorIndex[] indices)
        {
            using Tensor filled = full([], value, dtype, device);
            return index_put_(filled, indices);
        }

        /// <summary>
        /// Applies the numbers, slices and new axes, which make views, and collects the tensors, which need the index operator.
        /// The list of tensors has one place for each dimension of the view up to the last tensor; null stands for "all of it".
        /// </summary>
        private (Tensor view, Tensor[]? tensors) Basic(TensorIndex[] indices)
        {
            Tensor view = this;
            long rank = ndim, dimension = 0; // the view's dimension that comes next
            int slot = 0;                    // its place in the list: a mask of several dimensions takes one place
            long consumed = indices.Sum(i => i.Kind switch
            {
                TensorIndex.IndexKind.Single or TensorIndex.IndexKind.Slice => 1L,
                TensorIndex.IndexKind.Tensor => i.Value!.dtype == ScalarType.Bool ? i.Value.ndim : 1L,
                _ => 0L,
            });
            if (consumed > rank) throw new ArgumentException($"{consumed} indices for a tensor of {rank} dimensions");
            List<Tensor?> tensors = [];
            void Place(Tensor tensor)
            {
                while (tensors.Count < slot) tensors.Add(null);
                tensors.Add(tensor);
                slot++;
            }
            foreach (TensorIndex index in indices)
            {
                switch (index.Kind)
                {
                    case TensorIndex.IndexKind.Single:
                        view = Aten.select_int.Call(view, dimension, index.Start!.Value);
                        break;
                    case TensorIndex.IndexKind.Slice:
                        if (index.Start is not null || index.Stop is not null || index.Step is not null)
                            view = Aten.slice_Tensor.Call(view, dimension, index.Start, index.Stop, index.Step ?? 1);
                        dimension++;
                        slot++;
                        break;
                    case TensorIndex.IndexKind.None:
                        view = Aten.unsqueeze.Call(view, dimension++);
                        slot++;
                        break;
                    case TensorIndex.IndexKind.Ellipsis:
                        dimension += rank - consumed;
                        slot += (int)(rank - consumed);
                        break;
                    case TensorIndex.IndexKind.Bool:
                        view = Aten.unsqueeze.Call(view, dimension);
                        Place(index.Start == 1 ? zeros([1], ScalarType.Int64, device) : empty([0], ScalarType.Int64, device));
                        dimension++;
                        break;
                    default:
                        Place(index.Value!);
                        dimension += index.Value!.dtype == ScalarType.Bool ? index.Value.ndim : 1;
                        break;
                }
            }
            return (view, tensors.Count == 0 ? null : [.. tensors!]);
        }

        public Tensor index_select(long dim, Tensor index) => Aten.index_select.Call(this, dim, index);
        public Tensor index_add(long dim, Tensor index, Tensor source, Scalar alpha) => Aten.index_add.Call(this, dim, index, source, alpha);
        public Tensor index_add_(long dim, Tensor index, Tensor source, Scalar alpha) => Aten.index_add_.CallInPlace(this, dim, index, source, alpha);
        public Tensor index_copy(long dim, Tensor index, Tensor source) => Aten.index_copy.Call(this, dim, index, source);
        public Tensor index_copy_(long dim, Tensor index, Tensor source) => Aten.index_copy_.CallInPlace(this, dim, index, source);
        public Tensor index_fill(long dim, Tensor index, Scalar value) => Aten.index_fill_int_Scalar.Call(this, dim, index, value);
        public Tensor index_fill_(long dim, Tensor index, Scalar value) => Aten.index_fill__int_Scalar.CallInPlace(this, dim, index, value);
        public Tensor gather(long dim, Tensor index) => Aten.gather.Call(this, dim, index);
        public Tensor scatter(long dim, Tensor index, Tensor src) => Aten.scatter_src.Call(this, dim, index, src);
        public Tensor scatter_(long dim, Tensor index, Tensor src) => Aten.scatter__src.CallInPlace(this, dim, index, src);
        public Tensor scatter_add(long dim, Tensor index, Tensor src) => Aten.scatter_add.Call(this, dim, index, src);
        public Tensor scatter_add_(long dim, Tensor index, Tensor src) => Aten.scatter_add_.CallInPlace(this, dim, index, src);
        public Tensor masked_fill(Tensor mask, Scalar value) => Aten.masked_fill_Scalar.Call(this, mask, value);
        public Tensor masked_fill_(Tensor mask, Scalar value) => Aten.masked_fill__Scalar.CallInPlace(this, mask, value);
        public Tensor masked_scatter(Tensor mask, Tensor value) => Aten.masked_scatter.Call(this, mask, value);
        public Tensor masked_scatter_(Tensor mask, Tensor value) => Aten.masked_scatter_.CallInPlace(this, mask, value);
        public Tensor masked_select(Tensor mask) => Aten.masked_select.Call(this, mask);
        public Tensor take(Tensor index) => Aten.take.Call(this, index);
        public Tensor take_along_dim(Tensor indices) => Aten.take_along_dim.Call(this, indices, Arg.None);
        public Tensor take_along_dim(Tensor indices, long dim) => Aten.take_along_dim.Call(this, indices, dim);
        public Tensor take_along_dim(IEnumerable<long> indices)
        {
            using Tensor index = torch.tensor(indices.ToArray(), device: device);
            return take_along_dim(index);
        }
        public Tensor take_along_dim(IEnumerable<long> indices, long dim)
        {
            using Tensor index = torch.tensor(indices.ToArray(), device: device);
            return take_along_dim(index, dim);
        }
        public Tensor where(Tensor condition, Tensor y) => Aten.where_self.Call(condition, this, y);
        public Tensor nonzero() => Aten.nonzero.Call(this);
        public Tensor argwhere() => Aten.argwhere.Call(this);
        public Tensor select(long dim, long index) => Aten.select_int.Call(this, dim, index);
        public Tensor narrow(long dim, long start, long length) => Aten.narrow.Call(this, dim, start, length);
        public Tensor slice(long dim, long start, long finish, long step) => Aten.slice_Tensor.Call(this, dim, start, finish, step);
        public Tensor diagonal(long offset = 0, long dim1 = 0, long dim2 = 0) => Aten.diagonal.Call(this, offset, dim1, dim2);
        public Tensor select_scatter(Tensor src, long dim, long index) => Aten.select_scatter.Call(this, src, dim, index);
        public Tensor slice_scatter(Tensor src, long dim = 0, long? start = null, long? end = null, long step = 1) => Aten.slice_scatter.Call(this, src, dim, start, end, step);
        public Tensor bucketize(Tensor boundaries, bool outInt32 = false, bool right = false) => Aten.bucketize_Tensor.Call(this, boundaries, outInt32, right);
        public Tensor isin(Tensor test_elements, bool assumeUnique = false, bool invert = false) => Aten.isin_Tensor_Tensor.Call(this, test_elements, assumeUnique, invert);
    }
}
