namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public bool requires_grad
        {
            get => Read().RequiresGrad != 0;
            set
            {
                Shim.Check(Shim.ct_set_requires_grad(Handle, value ? 1 : 0));
                GC.KeepAlive(this);
            }
        }

        public Tensor requires_grad_(bool requires_grad = true)
        {
            this.requires_grad = requires_grad;
            return this;
        }

        public Tensor with_requires_grad(bool requires_grad = true) => requires_grad_(requires_grad);

        public bool is_leaf => Read().IsLeaf != 0;

        public unsafe Tensor? grad
        {
            get
            {
                IntPtr found;
                Shim.Check(Shim.ct_grad(Handle, &found));
                GC.KeepAlive(this);
                return found == IntPtr.Zero ? null : Own(found);
            }
            set
            {
                Shim.Check(Shim.ct_set_grad(Handle, value?.Handle ?? IntPtr.Zero));
                GC.KeepAlive(value);
                GC.KeepAlive(this);
            }
        }

        public void retain_grad()
        {
            Shim.Check(Shim.ct_retain_grad(Handle));
            GC.KeepAlive(this);
        }

        public void backward() => autograd.Backward([this], null, null, retain: false, create: false);

        public void backward(IList<Tensor>? grad_tensors = null, bool create_graph = false, bool retain_graph = false, IList<Tensor>? inputs = null) =>
            autograd.Backward([this], grad_tensors, inputs, retain_graph, create_graph);

        /// <summary>Another tensor object over the same libtorch tensor.</summary>
        internal Tensor Share()
        {
            IntPtr shared = Shim.ct_share(Handle);
            GC.KeepAlive(this);
            return Own(shared);
        }
    }

    public static partial class autograd
    {
        public static void backward(IList<Tensor> tensors, IList<Tensor>? grad_tensors = null, bool? retain_graph = null, bool create_graph = false, IList<Tensor>? inputs = null) =>
            Backward(tensors, grad_tensors, inputs, retain_graph ?? create_graph, create_graph);

        public static void backward(Tensor tensor, IList<Tensor>? grad_tensors = null, bool? retain_graph = null, bool create_graph = false, IList<Tensor>? inputs = null) =>
            Backward([tensor], grad_tensors, inputs, retain_graph ?? create_graph, create_graph);

        public static void backward(Tensor tensor, Tensor grad_tensor, bool? retain_graph = null, bool create_graph = false, IList<Tensor>? inputs = null) =>
            Backward([tensor], [grad_tensor], inputs, retain_graph ?? create_graph, create_graph);

        /// <summary>The gradients of the outputs' sum with respect to the inputs. Nothing is added to any <c>grad</c>.</summary>
        public static unsafe IList<Tensor> grad(IList<Tensor> outputs, IList<Tensor> inputs, IList<Tensor>? grad_outputs = null, bool retain_graph = false, bool create_graph = false, bool allow_unused = false)
        {
            IntPtr[] from = Handles(outputs), to = Handles(inputs), found = new IntPtr[inputs.Count];
            IntPtr[]? seeds = Seeds(grad_outputs, outputs.Count);
            fixed (IntPtr* f = from, t = to, s = seeds, r = found)
                Shim.Check(Shim.ct_gradients(f, s, from.Length, t, to.Length, retain_graph ? 1 : 0, create_graph ? 1 : 0, allow_unused ? 1 : 0, r));
            GC.KeepAlive(outputs);
            GC.KeepAlive(inputs);
            GC.KeepAlive(grad_outputs);
            return Array.ConvertAll(found, handle => handle == IntPtr.Zero ? null! : Tensor.Own(handle));
        }

        internal static unsafe void Backward(IList<Tensor> tensors, IList<Tensor>? gradients, IList<Tensor>? inputs, bool retain, bool create)
        {
            IntPtr[] from = Handles(tensors), to = inputs is null ? [] : Handles(inputs);
            IntPtr[]? seeds = Seeds(gradients, tensors.Count);
            fixed (IntPtr* f = from, t = to, s = seeds)
                Shim.Check(Shim.ct_backward(f, s, from.Length, t, to.Length, retain ? 1 : 0, create ? 1 : 0));
            GC.KeepAlive(tensors);
            GC.KeepAlive(gradients);
            GC.KeepAlive(inputs);
        }

        private static IntPtr[] Handles(IList<Tensor> tensors)
        {
            var handles = new IntPtr[tensors.Count];
            for (int i = 0; i < handles.Length; i++) handles[i] = tensors[i]?.Handle ?? IntPtr.Zero;
            return handles;
        }

        private static IntPtr[]? Seeds(IList<Tensor>? gradients, int count) => gradients is null or { Count: 0 } ? null
            : gradients.Count == count ? Handles(gradients)
            : throw new ArgumentException($"{gradients.Count} gradients for {count} tensors");
    }
}
