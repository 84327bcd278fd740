namespace Microsoft.ML.Continual.Evaluation.Report;

/// <summary>The report's style sheet and colours; light and dark by the reader's setting.</summary>
internal static class ReportStyle
{
    /// <summary>One colour a run, in order; told apart also by people who see red and green alike.</summary>
    public static readonly string[] RunColors = ["#6b7280", "#d97706", "#2563eb", "#059669", "#b91c8c", "#7c3aed", "#0891b2", "#a16207"];

    private static readonly string[] s_dashes = ["", " stroke-dasharray=\"7 4\"", " stroke-dasharray=\"2 3\""];

    public static string RunColor(int run) => RunColors[run % RunColors.Length];

    /// <summary>The attribute of a line's dashes: where colours come again, the lines still differ.</summary>
    public static string RunDash(int run) => s_dashes[run / RunColors.Length % s_dashes.Length];

    /// <summary>The fill of a heat-map cell: one hue, the more the darker.</summary>
    public static string Heat(double fraction)
    {
        double f = Math.Clamp(fraction, 0, 1);
        return $"hsl(215 70% {ReportText.Coordinate(96 - 62 * f)}%)";
    }

    /// <summary>The text colour that can be read on <see cref="Heat"/>.</summary>
    public static string HeatInk(double fraction) => fraction > 0.62 ? "#ffffff" : "#111827";

    public const string Sheet = """
        :root { color-scheme: light dark; --ink: #111827; --soft: #4b5563; --line: #d1d5db; --paper: #ffffff; --card: #f9fafb; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e5e7eb; --soft: #9ca3af; --line: #374151; --paper: #111827; --card: #1f2937; } }
        body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
        h1 { font-size: 1.7rem; margin-bottom: 0; } h2 { font-size: 1.2rem; margin-top: 2.2rem; } h3 { font-size: 1rem; margin: .6rem 0; }
        p.lead, figcaption, .note { color: var(--soft); } figure { margin: 0; overflow-x: auto; }
        .grid { display: flex; flex-wrap: wrap; gap: 1.2rem; } .card { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .8rem 1rem; }
        table { border-collapse: collapse; font-variant-numeric: tabular-nums; } th, td { padding: .3rem .7rem; text-align: right; border-bottom: 1px solid var(--line); }
        th:first-child, td:first-child { text-align: left; } td.best { font-weight: 700; } th.text, td.text { text-align: left; }
        td:first-child { max-width: 22rem; min-width: 10rem; } td { overflow-wrap: break-word; } td small { color: var(--soft); font-weight: 400; } table + figure { margin-top: 1.2rem; } td:not(.text):not(:first-child) { white-space: nowrap; } .dense th, .dense td { padding: .2rem .45rem; font-size: .85rem; } .grid h3 { overflow-wrap: anywhere; }
        details table { font-size: .9rem; }
        svg { max-width: 100%; height: auto; } svg text { fill: var(--ink); font: 12px system-ui, sans-serif; } svg .axis { stroke: var(--line); stroke-width: 1; } svg .soft { fill: var(--soft); }
        .key { display: inline-block; width: .8em; height: .8em; border-radius: 50%; margin-right: .4em; }
        details { margin: .5rem 0; } summary { cursor: pointer; }
        """;
}
