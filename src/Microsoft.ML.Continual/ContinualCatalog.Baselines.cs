using Microsoft.ML.Continual.Methods.CodaPrompt;
using Microsoft.ML.Continual.Methods.LinearProbe;
using Microsoft.ML.Continual.Methods.NearestClassMean;
using Microsoft.ML.Continual.Methods.RanPac;
using Microsoft.ML.Continual.Tasks;
using Microsoft.ML.Continual.Training;

namespace Microsoft.ML.Continual;

public sealed partial class ContinualCatalog
{
    /// <summary>A linear classifier on frozen features: the baseline that says what prompts buy.</summary>
    /// <returns>A trainer that has learned nothing yet.</returns>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    public ContinualTrainer LinearProbe(LinearProbeOptions options) => Trainer(options);

    /// <summary>The nearest class mean of frozen features (SimpleCIL): the baseline that trains nothing.</summary>
    /// <returns>A trainer that has learned nothing yet.</returns>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    public ContinualTrainer NearestClassMean(NearestClassMeanOptions options) => Trainer(options);

    /// <summary>RanPAC (NeurIPS 2023): a ridge regression on random features of the frozen network, in closed form, after an adaptation to the first task where the options ask for it.</summary>
    /// <returns>A trainer that has learned nothing yet.</returns>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    public ContinualTrainer RanPac(RanPacOptions options) => Trainer(options);

    /// <summary>CODA-Prompt (CVPR 2023): prompts that are weighted sums of components, to which each task adds its own.</summary>
    /// <returns>A trainer that has learned nothing yet.</returns>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    public ContinualTrainer PromptTuning(CodaPromptOptions options) => Trainer(options);

    /// <summary>
    /// All rows of several tasks as one task: what any trainer reaches on it is the upper bound of what it can reach on the tasks one after another (joint training). Evaluate the model on the single tasks.
    /// <see cref="RunJoint"/> does so after each task.
    /// </summary>
    /// <example><code>
    /// using ContinualTransformer bound = trainer.Fit(continual.JointTask(tasks));
    /// double accuracy = tasks.Average(task => continual.Evaluate(bound, task).Accuracy);
    /// </code></example>
    /// <remarks>
    /// The joint task has the columns that all tasks have. Keys are joined by their values, so that tasks may number them differently. The tasks' views are read anew in each pass and nothing is copied; tasks of a
    /// stream, whose rows come once, cannot be joined. There is a test view where every task has one.
    /// </remarks>
    /// <param name="tasks">The tasks, known beforehand.</param>
    /// <param name="name">The joint task's name.</param>
    /// <exception cref="ArgumentException">There is no task, the name is blank, or columns of one name are of different types; the message names the tasks.</exception>
    public ContinualTask JointTask(IEnumerable<ContinualTask> tasks, string name = "Joint") => TaskJoin.Join(tasks, name);
}
