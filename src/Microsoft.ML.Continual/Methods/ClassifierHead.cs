using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods;

/// <summary>
/// A linear classifier that gains rows with each task's new classes. Rows that were there keep their bits. float32.
/// </summary>
internal sealed class ClassifierHead : IDisposable
{
    private const double NewRowDeviation = 0.02;   // timm's initialisation; biases start at 0

    private readonly int _width;
    private readonly Device _device;
    private Tensor? _mask;

    public ClassifierHead(int width, Device device)
    {
        (_width, _device) = (width, device);
        using DisposeScope scope = NewDisposeScope();
        Weight = TrainableTensor.Create(zeros(new long[] { 0, width }), device);
        Bias = TrainableTensor.Create(zeros(new long[] { 0 }), device);
    }

    /// <summary>[C, D].</summary>
    public Parameter Weight { get; private set; }

    /// <summary>[C].</summary>
    public Parameter Bias { get; private set; }

    /// <summary>The number C of rows.</summary>
    public int ClassCount => (int)Weight.shape[0];

    public IEnumerable<TrainableParameter> Parameters => [new("head.weight", Weight), new("head.bias", Bias)];

    /// <summary>Adds rows for new classes and prepares the task's mask.</summary>
    public void BeginTask(MethodTask task, ClassMask mask)
    {
        int old = ClassCount;
        if (task.ClassCount < old) throw new ArgumentException($"The task has {task.ClassCount} classes in all; the classifier has {old} already.", nameof(task));
        if (task.Classes.Count == 0 || task.Classes.Any(c => c < 0 || c >= task.ClassCount))
            throw new ArgumentException($"The task's classes must be some of 0 … {task.ClassCount - 1}; found {string.Join(", ", task.Classes)}.", nameof(task));
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        if (task.ClassCount > old)
        {
            int added = task.ClassCount - old;
            Tensor rows = task.Random.TruncatedNormalTensor(NewRowDeviation, added, _width).to(_device);
            Replace(cat([Weight, rows], 0), cat([Bias, zeros(new long[] { added }, ScalarType.Float32, _device)], 0));
        }
        _mask?.Dispose();
        _mask = null;
        if (mask == ClassMask.CurrentTask && task.Classes.Distinct().Count() < task.ClassCount)
        {
            float[] values = new float[task.ClassCount];
            Array.Fill(values, float.NegativeInfinity);
            foreach (int c in task.Classes) values[c] = 0;
            _mask = tensor((IList<float>)values, new long[] { values.Length }).to(_device).DetachFromDisposeScope();
        }
    }

    /// <summary>[B, D] -> [B, C], before the mask.</summary>
    public Tensor Logits(Tensor features) => nn.functional.linear(features, Weight, Bias);

    /// <summary>[B, C] with −∞ at the classes that do not compete in this task. Their gradients are exactly 0.</summary>
    public Tensor Mask(Tensor logits) => _mask is null ? logits : logits + _mask;

    /// <summary>Cross-entropy of a batch among the classes that compete, less what a method rewards beside it.</summary>
    /// <param name="features">[B, D].</param>
    /// <param name="labels">[B] int64 class indices.</param>
    /// <param name="reward">A scalar that is subtracted, such as the pull term with its weight; null for none.</param>
    /// <returns>In the caller's dispose scope.</returns>
    public LossTerms Loss(Tensor features, Tensor labels, Tensor? reward = null)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor logits = Mask(Logits(features));
        Tensor crossEntropy = nn.functional.cross_entropy(logits, labels), total = reward is null ? crossEntropy : crossEntropy - reward;
        return new LossTerms(total.MoveToOuterDisposeScope(), crossEntropy.detach().MoveToOuterDisposeScope(), logits.detach().MoveToOuterDisposeScope());
    }

    public void SaveState(StateDictionary state)
    {
        state.Add("head.weight", Weight);
        state.Add("head.bias", Bias);
    }

    /// <summary>Checks what <see cref="LoadState"/> will take.</summary>
    public void CheckState(StateDictionary state) => state.Get("head.bias", state.Get("head.weight", -1, _width).shape[0]);

    public void LoadState(StateDictionary state)
    {
        using DisposeScope scope = NewDisposeScope();
        Replace(state.Get("head.weight", null), state.Get("head.bias", null));
        _mask?.Dispose();
        _mask = null;
    }

    public void Dispose()
    {
        Weight.Dispose();
        Bias.Dispose();
        _mask?.Dispose();
    }

    private void Replace(Tensor weight, Tensor bias)
    {
        Parameter newWeight = TrainableTensor.Create(weight, _device), newBias = TrainableTensor.Create(bias, _device);
        Weight.Dispose();
        Bias.Dispose();
        (Weight, Bias) = (newWeight, newBias);
    }
}
