using System.Text;
using System.Text.Json.Nodes;

namespace Microsoft.ML.Continual.Samples.Sweeps;

/// <summary>Writes a sweep for schedulers: each index runs the command that the sweep runs locally.</summary>
internal static class SweepScripts
{
    /// <summary>An array script for <c>sbatch</c>.</summary>
    /// <param name="sweep">The sweep.</param>
    /// <param name="file">The sweep's file, as it was named.</param>
    public static string Slurm(Sweep sweep, string file)
    {
        var script = new StringBuilder("#!/usr/bin/env bash\n");
        script.Append($"#SBATCH --job-name={sweep.Name}\n#SBATCH --array=0-{sweep.Cells.Count - 1}\n#SBATCH --requeue\n");
        foreach ((string option, string value) in sweep.Slurm) script.Append(value.Length == 0 ? $"#SBATCH {option}\n" : $"#SBATCH {option}={value}\n");
        script.Append($"# Made by eng/sweep.sh from {file}: make it again instead of editing it. One index is one run with a folder of its own.\n");
        script.Append($"# Build once before (eng/sweep.sh {file} --build) and submit from the repository's root. Submitted again, runs that are done end at once.\n");
        return script.Append("set -euo pipefail\nexport CONTINUAL_NO_BUILD=1\n").Append(Case(sweep, "SLURM_ARRAY_TASK_ID")).ToString();
    }

    /// <summary>An indexed job for <c>kubectl apply</c>.</summary>
    /// <param name="sweep">The sweep.</param>
    /// <param name="file">The sweep's file, as it was named.</param>
    /// <exception cref="InvalidDataException">The sweep does not say what the job runs in.</exception>
    public static string Kubernetes(Sweep sweep, string file)
    {
        JsonObject settings = sweep.Kubernetes ?? throw new InvalidDataException($"'{file}' has no entry 'kubernetes': expected {{ \"image\": \"…\" }} at least, an image with this repository built.");
        string image, directory, volume;
        try
        {
            Sweep.Known(settings, "kubernetes", "image", "workingDirectory", "parallelism", "retries", "cpu", "memory", "gpu", "volumeClaim", "mountPath");
            image = Sweep.Word(settings, "image");
            directory = settings["workingDirectory"]?.ToString() ?? "/repository";
            volume = settings["volumeClaim"] is null ? "" : Sweep.Word(settings, "volumeClaim");
        }
        catch (FormatException e)
        {
            throw new InvalidDataException($"'{file}': {e.Message}.", e);
        }
        var limits = new List<string>();
        if (settings["cpu"] is { } cpu) limits.Add($"cpu: {Quote(cpu)}");
        if (settings["memory"] is { } memory) limits.Add($"memory: {Quote(memory)}");
        if (settings["gpu"] is { } gpu) limits.Add($"nvidia.com/gpu: {Quote(gpu)}");

        var yaml = new StringBuilder();
        yaml.Append($"# Made by eng/sweep.sh from {file}: make it again instead of editing it. One index is one run with a folder of its own; deleted and applied again, runs that are done end at once.\n");
        yaml.Append("apiVersion: batch/v1\nkind: Job\nmetadata:\n");
        yaml.Append($"  name: {sweep.Name}\nspec:\n  completionMode: Indexed\n  completions: {sweep.Cells.Count}\n");
        yaml.Append($"  parallelism: {settings["parallelism"]?.ToString() ?? "1"}\n  backoffLimitPerIndex: {settings["retries"]?.ToString() ?? "3"}\n");
        yaml.Append("  template:\n    spec:\n      restartPolicy: Never\n      containers:\n        - name: run\n");
        yaml.Append($"          image: {Quote(image)}\n          workingDir: {Quote(directory)}\n");
        yaml.Append("          env:\n            - name: CONTINUAL_NO_BUILD\n              value: \"1\"\n");
        if (limits.Count > 0) yaml.Append("          resources:\n            limits:\n").Append(string.Concat(limits.Select(limit => $"              {limit}\n")));
        if (volume.Length > 0) yaml.Append($"          volumeMounts:\n            - name: shared\n              mountPath: {Quote(settings["mountPath"]?.ToString() ?? directory + "/" + sweep.Out)}\n");
        yaml.Append("          command: [\"bash\", \"-euc\"]\n          args:\n            - |\n");
        foreach (string line in Case(sweep, "JOB_COMPLETION_INDEX").TrimEnd('\n').Split('\n')) yaml.Append($"              {line}\n");
        if (volume.Length > 0) yaml.Append($"      volumes:\n        - name: shared\n          persistentVolumeClaim:\n            claimName: {Quote(volume)}\n");
        return yaml.ToString();
    }

    private static string Case(Sweep sweep, string variable)
    {
        var script = new StringBuilder($"case ${{{variable}:?}} in\n");
        foreach (SweepCell cell in sweep.Cells) script.Append($"  {cell.Index}) exec {cell.Command} ;;\n");
        return script.Append($"  *) echo \"{sweep.Name} has the runs 0 to {sweep.Cells.Count - 1}, not ${variable}\" >&2; exit 2 ;;\nesac\n").ToString();
    }

    private static string Quote(JsonNode value) => JsonValue.Create(value.ToString())!.ToJsonString();

    private static string Quote(string value) => JsonValue.Create(value)!.ToJsonString();
}
