namespace Microsoft.ML.Transforms;

/// <summary>Gives a <see cref="CustomMappingFactory{TSrc, TDst}"/> the contract name under which models find it.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class CustomMappingFactoryAttributeAttribute : ExtensionBaseAttribute
{
    /// <param name="contractName">The contract name, unique in the application.</param>
    public CustomMappingFactoryAttributeAttribute(string contractName) : base(contractName)
    {
    }
}
