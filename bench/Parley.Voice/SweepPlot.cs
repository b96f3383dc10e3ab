using System.Globalization;
using System.Text;

namespace Parley.Voice;

/// <summary>Draws a sweep: intelligibility and delay over what the network loses, a line for each codec and network.</summary>
internal static class SweepPlot
{
    private const int Width = 980, Height = 430, Top = 40, Bottom = 330, PanelWidth = 390;
    private const double WorstScore = 0.8, LongestDelay = 400;
    private static readonly string[] Colours = ["#0b6e4f", "#c2410c", "#1d4ed8", "#7c3aed", "#b91c1c", "#4b5563", "#0891b2", "#a16207"];
    private static readonly string[] Dashes = ["none", "7 3", "2 3", "9 3 2 3", "1 5"];

    /// <summary>The picture, as SVG.</summary>
    /// <param name="rows">Of one sweep; the losses are the same for each codec and network.</param>
    public static string Draw(IReadOnlyList<SweepRow> rows)
    {
        double[] losses = [.. rows.Select(row => row.Loss).Distinct().Order()];
        string[] codecs = [.. rows.Select(row => row.Codec).Distinct()], networks = [.. rows.Select(row => row.Around).Distinct()];
        var svg = new StringBuilder();
        Add(svg, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" font-family=\"sans-serif\" font-size=\"12\">");
        Add(svg, $"<rect width=\"{Width}\" height=\"{Height}\" fill=\"white\"/>");
        Panel(svg, 60, "intelligibility (STOI's measure)", losses, [.. Enumerable.Range(0, 5).Select(i => WorstScore + (i * 0.05))], WorstScore, 1, "0.00");
        Panel(svg, 540, "mouth to ear, ms", losses, [0, 100, 200, 300, 400], 0, LongestDelay, "0");
        foreach (string codec in codecs)
        {
            foreach (string network in networks)
            {
                SweepRow[] line = [.. rows.Where(row => row.Codec == codec && row.Around == network).OrderBy(row => row.Loss)];
                string style = $"fill=\"none\" stroke=\"{ColourOf(codec)}\" stroke-width=\"2\" stroke-dasharray=\"{DashOf(network)}\"";
                Line(svg, 60, line.Select(row => (X(row.Loss), Y(row.Score, WorstScore, 1))), style);
                Line(svg, 540, line.Select(row => (X(row.Loss), Y(row.DelayMilliseconds, 0, LongestDelay))), style);
            }
        }

        for (int i = 0; i < codecs.Length; i++) Legend(svg, 60 + (i * 115), 385, codecs[i], ColourOf(codecs[i]), "none");
        for (int i = 0; i < networks.Length; i++) Legend(svg, 60 + (i * 180), 410, networks[i].Length == 0 ? "lost by chance" : networks[i], "#111827", DashOf(networks[i]));
        svg.AppendLine("</svg>");
        return svg.ToString();

        double X(double loss) => PanelWidth * Array.IndexOf(losses, loss) / Math.Max(1.0, losses.Length - 1);
        string ColourOf(string codec) => Colours[Array.IndexOf(codecs, codec) % Colours.Length];
        string DashOf(string network) => Dashes[Array.IndexOf(networks, network) % Dashes.Length];
    }

    private static double Y(double value, double least, double most) => Bottom - ((Bottom - Top) * (Math.Clamp(value, least, most) - least) / (most - least));

    private static void Panel(StringBuilder svg, int left, string title, double[] losses, double[] marks, double least, double most, string format)
    {
        Add(svg, $"<text x=\"{left}\" y=\"24\" font-weight=\"bold\">{title}</text>");
        foreach (double mark in marks)
        {
            double y = Y(mark, least, most);
            Add(svg, $"<line x1=\"{left}\" y1=\"{y:0.#}\" x2=\"{left + PanelWidth}\" y2=\"{y:0.#}\" stroke=\"#e5e7eb\"/>");
            Add(svg, $"<text x=\"{left - 6}\" y=\"{y + 4:0.#}\" text-anchor=\"end\">{mark.ToString(format, CultureInfo.InvariantCulture)}</text>");
        }

        for (int i = 0; i < losses.Length; i++)
            Add(svg, $"<text x=\"{left + (PanelWidth * i / Math.Max(1, losses.Length - 1))}\" y=\"{Bottom + 18}\" text-anchor=\"middle\">{losses[i]:0.#} %</text>");
        Add(svg, $"<text x=\"{left + PanelWidth}\" y=\"{Bottom + 34}\" text-anchor=\"end\">packets lost</text>");
    }

    private static void Line(StringBuilder svg, int left, IEnumerable<(double X, double Y)> points, string style) =>
        Add(svg, $"<polyline points=\"{string.Join(' ', points.Select(p => FormattableString.Invariant($"{left + p.X:0.#},{p.Y:0.#}")))}\" {style}/>");

    private static void Legend(StringBuilder svg, int x, int y, string text, string colour, string dash)
    {
        Add(svg, $"<line x1=\"{x}\" y1=\"{y - 4}\" x2=\"{x + 26}\" y2=\"{y - 4}\" stroke=\"{colour}\" stroke-width=\"2\" stroke-dasharray=\"{dash}\"/>");
        Add(svg, $"<text x=\"{x + 32}\" y=\"{y}\">{text}</text>");
    }

    private static void Add(StringBuilder svg, FormattableString line) => svg.AppendLine(line.ToString(CultureInfo.InvariantCulture));
}
