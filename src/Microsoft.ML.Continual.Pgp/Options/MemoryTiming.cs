namespace Microsoft.ML.Continual.Pgp;

/// <summary>When a task's images are taken into the memory.</summary>
public enum MemoryTiming
{
    /// <summary>After the task was trained, as in the paper: P are the prompts the task leaves behind.</summary>
    AfterTask,

    /// <summary>Before the task is trained, as in the released code of L2P-PGP: P are the prompts of the task before, and there are none in the first.</summary>
    BeforeTask,
}
