namespace Microsoft.ML.Continual.Methods.Alignment;

/// <summary>Options of a method whose classifier can be aligned after each task but the first.</summary>
public interface IClassifierAlignment
{
    /// <summary>How the classifier is aligned; null not at all.</summary>
    ClassifierAlignmentOptions? Alignment { get; set; }
}
