using System.Globalization;
using System.Net;
using System.Text;

namespace Parley.Endpoint.Tracing;

/// <summary>Draws a ladder as a picture that stands alone: in a browser each arrow shows its whole message when pointed at.</summary>
public static class LadderSvg
{
    private const int Left = 90;
    private const int ColumnWidth = 330;
    private const int Top = 78;
    private const int RowHeight = 34;
    private const int BoxWidth = 190;
    private const int CharactersPerColumn = 44;

    /// <summary>The picture as an SVG document.</summary>
    public static string Draw(LadderDiagram ladder, string title)
    {
        ArgumentNullException.ThrowIfNull(ladder);
        ArgumentNullException.ThrowIfNull(title);
        int columns = Math.Max(1, ladder.Participants.Count);
        int width = Left + (columns * ColumnWidth), height = Top + ((ladder.Steps.Count + 1) * RowHeight) + 10;
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" ");
        svg.Append("font-family=\"system-ui, 'DejaVu Sans', sans-serif\" font-size=\"13\">\n");
        svg.Append(CultureInfo.InvariantCulture, $"<title>{Escape(title)}</title>\n");
        svg.Append("""
            <style>
              .paper { fill: #fff } .name { fill: #1a2733; font-weight: 600 } .small { fill: #6b7a88; font-size: 11px }
              .box { fill: #eef3f7; stroke: #c3d0da } .life { stroke: #c3d0da; stroke-width: 1.5 } .label { fill: #1a2733; stroke: #fff; stroke-width: 4px; stroke-linejoin: round; paint-order: stroke }
              .request { stroke: #1f6feb; fill: #1f6feb } .provisional { stroke: #8796a5; fill: #8796a5 } .success { stroke: #1a7f37; fill: #1a7f37 }
              .again { stroke: #b7791f; fill: #b7791f } .refusal { stroke: #cf222e; fill: #cf222e } .media { stroke: #8250df; fill: #8250df }
              .repeated { stroke-dasharray: 5 4 }
            </style>

            """);
        svg.Append(CultureInfo.InvariantCulture, $"<rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>\n");
        for (int i = 0; i < ladder.Participants.Count; i++) DrawParticipant(svg, ladder.Participants[i], Centre(i), height);
        for (int i = 0; i < ladder.Steps.Count; i++) DrawStep(svg, ladder.Steps[i], Top + ((i + 1) * RowHeight));
        return svg.Append("</svg>\n").ToString();
    }

    private static void DrawParticipant(StringBuilder svg, LadderParticipant participant, int x, int height)
    {
        svg.Append(CultureInfo.InvariantCulture, $"<line class=\"life\" x1=\"{x}\" y1=\"60\" x2=\"{x}\" y2=\"{height - 8}\"/>\n");
        svg.Append(CultureInfo.InvariantCulture, $"<rect class=\"box\" x=\"{x - (BoxWidth / 2)}\" y=\"14\" width=\"{BoxWidth}\" height=\"46\" rx=\"6\"/>\n");
        string address = participant.Address.ToString();
        bool hasBoth = address != participant.Name;
        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"name\" x=\"{x}\" y=\"{(hasBoth ? 34 : 42)}\" text-anchor=\"middle\">{Escape(participant.Name)}</text>\n");
        if (hasBoth) svg.Append(CultureInfo.InvariantCulture, $"<text class=\"small\" x=\"{x}\" y=\"51\" text-anchor=\"middle\">{Escape(address)}</text>\n");
    }

    private static void DrawStep(StringBuilder svg, LadderStep step, int y)
    {
        string kind = step.Kind.ToString().ToLowerInvariant();
        int from = Centre(step.From), to = Centre(step.To), direction = Math.Sign(to - from);
        int columns = Math.Max(1, Math.Abs(step.To - step.From));
        string label = step.IsRepeated ? step.Label + " (again)" : step.Label;
        if (label.Length > CharactersPerColumn * columns) label = string.Concat(label.AsSpan(0, (CharactersPerColumn * columns) - 1), "…");
        svg.Append(CultureInfo.InvariantCulture, $"<g><title>{Escape(step.Detail)}</title>\n");
        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"small\" x=\"{Left - 14}\" y=\"{y + 4}\" text-anchor=\"end\">{step.At.TotalMilliseconds:0.0} ms</text>\n");
        string dash = step.IsRepeated ? " repeated" : "";
        if (step.Kind == LadderStepKind.Media)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"{kind}\" x1=\"{from}\" y1=\"{y - 2}\" x2=\"{to - (direction * 8)}\" y2=\"{y - 2}\" stroke-width=\"1.5\"/>\n");
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"{kind}\" x1=\"{from}\" y1=\"{y + 2}\" x2=\"{to - (direction * 8)}\" y2=\"{y + 2}\" stroke-width=\"1.5\"/>\n");
        }
        else
        {
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"{kind}{dash}\" x1=\"{from}\" y1=\"{y}\" x2=\"{to - (direction * 8)}\" y2=\"{y}\" stroke-width=\"1.7\"/>\n");
        }

        svg.Append(CultureInfo.InvariantCulture, $"<path class=\"{kind}\" d=\"M{to} {y} L{to - (direction * 9)} {y - 4.5} L{to - (direction * 9)} {y + 4.5} Z\"/>\n");
        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"label\" x=\"{(from + to) / 2}\" y=\"{y - 6}\" text-anchor=\"middle\">{Escape(label)}</text>\n</g>\n");
    }

    private static int Centre(int participant) => Left + (participant * ColumnWidth) + (ColumnWidth / 2);

    // XML has no way to write most control characters.
    private static string Escape(string text) => WebUtility.HtmlEncode(string.Concat(text.Where(c => !char.IsControl(c) || c is '\r' or '\n' or '\t')));
}
