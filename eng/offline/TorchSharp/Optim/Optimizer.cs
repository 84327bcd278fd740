using TorchSharp.Modules;

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class optim
        {
            /// <summary>Anything whose learning rate a schedule may set.</summary>
            public interface ILearningRateController
            {
                double LearningRate { get; set; }
                double InitialLearningRate { get; set; }
            }

            public interface IMomentum
            {
                double Momentum { get; set; }
            }

            public interface IBetas
            {
                (double, double) Betas { get; set; }
            }

            /// <summary>Changes parameters by their gradients.</summary>
            public abstract class Optimizer : IDisposable
            {
                internal readonly List<ParamGroup> Groups = [];

                internal Optimizer() { }

                ~Optimizer() => Dispose(false);

                public virtual IEnumerable<ILearningRateController> ParamGroups => Groups;

                public virtual IEnumerable<Parameter> parameters() => Groups.SelectMany(group => group.Parameters);

                /// <summary>Sets every gradient that is there to zero, in place.</summary>
                public virtual void zero_grad()
                {
                    foreach (Parameter parameter in parameters())
                    {
                        using Tensor? gradient = parameter.grad;
                        gradient?.zero_();
                    }
                }

                /// <summary>One update of every parameter that has a gradient. The result is the closure's, or null without one. Optimisers override it; this class throws as TorchSharp's does.</summary>
                public virtual Tensor step(Func<Tensor>? closure = null) => throw new NotImplementedException(nameof(step));

                /// <summary>Optimisers override it; this class throws as TorchSharp's does.</summary>
                public virtual void add_param_group(ParamGroup param_group) => throw new NotImplementedException(nameof(add_param_group));

                public void Dispose()
                {
                    Dispose(true);
                    GC.SuppressFinalize(this);
                }

                protected virtual void Dispose(bool disposing) { }

                /// <summary>What an optimiser remembers: its groups' options, and a state for each parameter.</summary>
                public class StateDictionary
                {
                    internal StateDictionary() { }

                    public List<OptimizerOptions> Options { get; } = [];

                    public List<OptimizerState> State { get; } = [];
                }
            }
        }
    }
}

namespace TorchSharp.Modules
{
    public class OptimizerOptions
    {
        public double? LearningRate { get; set; }

        public double InitialLearningRate { get; set; }
    }

    /// <summary>What an optimiser remembers of one parameter.</summary>
    public abstract class OptimizerState
    {
        protected OptimizerState(Parameter parameter) => Parameter = parameter;

        internal Parameter Parameter { get; }

        public virtual void to(torch.Device device) { }

        internal virtual void Free() { }

        /// <summary>Moves a remembered tensor, which belongs to no scope.</summary>
        private protected static torch.Tensor? Moved(torch.Tensor? tensor, torch.Device device)
        {
            if (tensor is null) return null;
            using (tensor) return tensor.to(device, copy: true).DetachFromDisposeScope();
        }
    }

    /// <summary>Parameters that share options.</summary>
    public class ParamGroup : torch.optim.ILearningRateController
    {
        public ParamGroup() { }

        public IEnumerable<Parameter> Parameters { get; set; } = [];

        public OptimizerOptions Options { get; set; } = null!;

        public double LearningRate
        {
            get => Options.LearningRate!.Value;
            set => Options.LearningRate = value;
        }

        public double InitialLearningRate
        {
            get => Options.InitialLearningRate;
            set => Options.InitialLearningRate = value;
        }
    }

    public class ParamGroup<TOptions> : ParamGroup where TOptions : OptimizerOptions
    {
        public ParamGroup() { }

        public ParamGroup(IEnumerable<Parameter> parameters, TOptions? options = null)
        {
            Parameters = parameters;
            base.Options = options!;
        }

        public new TOptions Options
        {
            get => (TOptions)base.Options;
            set => base.Options = value;
        }
    }

    /// <summary>What the optimisers of this library share: groups, states, the frame of a step.</summary>
    public abstract class OptimizerHelper : torch.optim.Optimizer
    {
        private readonly Dictionary<IntPtr, OptimizerState> states = [];

        public OptimizerHelper() { }

        public override IEnumerable<Parameter> parameters() => base.parameters();

        public override void zero_grad() => base.zero_grad();

        public override void add_param_group(ParamGroup param_group)
        {
            Groups.Add(param_group);
            foreach (Parameter parameter in param_group.Parameters) states[parameter.Handle] = NewState(parameter);
        }

        public virtual StateDictionary state_dict()
        {
            var all = new StateDictionary();
            foreach (ParamGroup group in Groups)
            {
                all.Options.Add(group.Options);
                all.State.AddRange(group.Parameters.Select(parameter => states[parameter.Handle]));
            }
            return all;
        }

        public void to(torch.Device device)
        {
            foreach (OptimizerState state in states.Values) state.to(device);
        }

        private protected abstract OptimizerState NewState(Parameter parameter);

        /// <summary>Runs the closure with gradients recorded, and the update of each parameter that has a gradient without, in a scope of its own.</summary>
        private protected torch.Tensor Step<TOptions, TState>(Func<torch.Tensor>? closure, Action<TOptions, TState, Parameter, torch.Tensor> update)
            where TOptions : OptimizerOptions where TState : OptimizerState
        {
            torch.Tensor? loss = null;
            if (closure is not null)
                using (torch.enable_grad()) loss = closure();
            using var mode = torch.no_grad();
            using var scope = torch.NewDisposeScope();
            foreach (ParamGroup group in Groups)
                foreach (Parameter parameter in group.Parameters)
                    if (parameter.grad is { } gradient)
                        update((TOptions)group.Options, (TState)states[parameter.Handle], parameter, gradient);
            return loss!;
        }

        /// <summary>Frees what is remembered; the finaliser leaves it to the tensors' own.</summary>
        private protected void FreeStates(bool disposing)
        {
            if (!disposing) return;
            foreach (OptimizerState state in states.Values) state.Free();
            states.Clear();
        }
    }
}
