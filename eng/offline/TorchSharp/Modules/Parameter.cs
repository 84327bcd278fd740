namespace TorchSharp.Modules
{
    /// <summary>
    /// A tensor that is trained. It takes over the handle of the tensor it is made from, which is empty afterwards, and
    /// belongs to the current dispose scope like any new tensor.
    /// </summary>
    public class Parameter : torch.Tensor
    {
        public Parameter(torch.Tensor data, bool requires_grad = true) : base(data.with_requires_grad(requires_grad).MoveHandle()) { }
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static Modules.Parameter Parameter(Tensor data, bool requires_grad = true) => new(data, requires_grad);
        }
    }
}
