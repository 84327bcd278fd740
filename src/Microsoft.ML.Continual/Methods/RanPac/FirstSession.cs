namespace Microsoft.ML.Continual.Methods.RanPac;

/// <summary>How the frozen network is adapted to the first task's classes, before anything else; then it stays as it is for ever.</summary>
public enum FirstSession
{
    /// <summary>It is not.</summary>
    None,

    /// <summary>A bottleneck beside the MLP of each block (AdaptFormer), trained with a cosine classifier that is dropped at the end of the task.</summary>
    Adapter,
}
