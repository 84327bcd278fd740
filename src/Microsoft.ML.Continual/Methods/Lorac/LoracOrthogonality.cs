namespace Microsoft.ML.Continual.Methods.Lorac;

/// <summary>What is pulled towards orthonormal columns, with C = [A₀ … A_t], earlier ones constant: λ · Σ over matrices of ‖CᵀC − I‖ (Frobenius, not squared).</summary>
public enum LoracOrthogonality
{
    /// <summary>The down-projections as they are, as in the released code.</summary>
    Direct,

    /// <summary>
    /// As in the paper: in place of A_t the Q of its QR decomposition (R with a positive diagonal), in the update as in the penalty. The columns of one task are then orthonormal by construction, and
    /// the penalty is between tasks only. After the task A_t is Q.
    /// </summary>
    Qr,
}
