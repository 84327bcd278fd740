namespace Microsoft.ML;

/// <summary>Names a class that is found by contract name when a model is loaded.</summary>
[AttributeUsage(AttributeTargets.Class)]
public abstract class ExtensionBaseAttribute : Attribute
{
    private protected ExtensionBaseAttribute(string contractName) => ContractName = contractName;

    /// <summary>The contract name.</summary>
    public string ContractName { get; }
}
