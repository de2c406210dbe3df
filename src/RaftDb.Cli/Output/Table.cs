using System.Text;
using Spectre.Console;

namespace RaftDb.Cli.Output;

/// <summary>A table: with borders on a terminal, aligned columns of plain text when piped.</summary>
internal sealed class Table(params string[] headers)
{
    private readonly List<string[]> _rows = [];

    public int Count => _rows.Count;

    public void Add(params string[] cells) => _rows.Add(cells);

    public void Print()
    {
        if (Console.IsOutputRedirected)
        {
            Console.Out.Write(ToPlainText());
            return;
        }

        Spectre.Console.Table table = new() { Border = TableBorder.Rounded };
        foreach (string header in headers)
        {
            table.AddColumn(new TableColumn($"[bold]{Markup.Escape(header)}[/]"));
        }

        foreach (string[] row in _rows)
        {
            table.AddRow([.. row.Select(cell => new Markup(Markup.Escape(cell)))]);
        }

        AnsiConsole.Write(table);
    }

    public string ToPlainText()
    {
        StringBuilder text = new();
        int[] widths = [.. headers.Select((header, column) =>
            Math.Max(header.Length, _rows.Select(row => row[column].Length).DefaultIfEmpty().Max()))];
        foreach (string[] row in _rows.Prepend(headers))
        {
            string line = string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column])));
            text.Append(line.TrimEnd()).Append('\n');
        }

        return text.ToString();
    }
}
