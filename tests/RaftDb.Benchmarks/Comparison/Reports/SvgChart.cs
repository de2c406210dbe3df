using System.Globalization;
using System.Security;
using System.Text;

namespace RaftDb.Benchmarks.Comparison.Reports;

/// <summary>A bar for each system at each number of clients.</summary>
internal static class SvgChart
{
    private const int Left = 90;
    private const int Top = 50;
    private const int PlotWidth = 620;
    private const int PlotHeight = 300;

    private static readonly string[] Colours = ["#2f6fde", "#e08a1e", "#4a9d5f", "#b3413c", "#7a5ea8"];

    public static string Of(string title, string unit, IReadOnlyList<Measured> measured, Func<LoadFigures, double> figure)
    {
        string[] systems = [.. measured.Select(one => one.System).Distinct()];
        int[] clients = [.. measured.Select(one => one.Load.Clients).Distinct().Order()];
        double most = Math.Max(measured.Max(one => one.Median(figure)), double.Epsilon);
        double group = (double)PlotWidth / clients.Length;
        double bar = group * 0.8 / systems.Length;
        StringBuilder svg = new();
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Left + PlotWidth + 20} {Top + PlotHeight + 80}\" font-family=\"sans-serif\" font-size=\"12\">\n");
        svg.Append("<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n");
        Label(svg, Left, 24, "start", $"{title} ({unit})", 16);
        for (int line = 0; line <= 4; line++)
        {
            double y = Top + PlotHeight - (PlotHeight * line / 4.0);
            svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{Left}\" x2=\"{Left + PlotWidth}\" y1=\"{y:0.#}\" y2=\"{y:0.#}\" stroke=\"#ddd\"/>\n");
            Label(svg, Left - 8, y + 4, "end", (most * line / 4).ToString(most < 100 ? "0.0" : "N0", CultureInfo.InvariantCulture), 12);
        }

        for (int at = 0; at < clients.Length; at++)
        {
            double x = Left + (group * at) + (group * 0.1);
            foreach (Measured one in measured.Where(one => one.Load.Clients == clients[at]))
            {
                int number = Array.IndexOf(systems, one.System);
                double height = PlotHeight * one.Median(figure) / most;
                svg.Append(
                    CultureInfo.InvariantCulture,
                    $"<rect x=\"{x + (bar * number):0.#}\" y=\"{Top + PlotHeight - height:0.#}\" width=\"{bar * 0.92:0.#}\" height=\"{height:0.#}\" fill=\"{Colours[number % Colours.Length]}\"/>\n");
            }

            Label(svg, Left + (group * (at + 0.5)), Top + PlotHeight + 20, "middle", $"{clients[at]:N0} {(clients[at] == 1 ? "client" : "clients")}", 12);
        }

        for (int number = 0; number < systems.Length; number++)
        {
            int x = Left + (number * 150);
            svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{x}\" y=\"{Top + PlotHeight + 42}\" width=\"12\" height=\"12\" fill=\"{Colours[number % Colours.Length]}\"/>\n");
            Label(svg, x + 18, Top + PlotHeight + 53, "start", systems[number], 12);
        }

        return svg.Append("</svg>\n").ToString();
    }

    private static void Label(StringBuilder svg, double x, double y, string anchor, string text, int size) => svg.Append(
        CultureInfo.InvariantCulture, $"<text x=\"{x:0.#}\" y=\"{y:0.#}\" text-anchor=\"{anchor}\" font-size=\"{size}\">{SecurityElement.Escape(text)}</text>\n");
}
