namespace Microsoft.ML.Continual.Training;

/// <summary>The options of an update constraint: what <c>trainer.WithConstraint(options)</c> takes.</summary>
public abstract class ConstraintOptions
{
    /// <summary>A copy, so that a trainer is not changed through the options it was made from. Options that hold collections copy these too.</summary>
    public virtual ConstraintOptions Clone() => (ConstraintOptions)MemberwiseClone();

    /// <summary>Makes the constraint, not yet attached to a method.</summary>
    public abstract UpdateConstraint CreateConstraint();

    /// <summary>Checks every option.</summary>
    /// <exception cref="ArgumentException">An option is out of range; the message names it, what was expected and what was found.</exception>
    public abstract void Validate();
}
