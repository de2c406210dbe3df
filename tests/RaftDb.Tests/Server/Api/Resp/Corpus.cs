using System.Text;
using RaftDb.Tests.DataDriven;

namespace RaftDb.Tests.Server.Api.Resp;

/// <summary>Streams of bytes for the fuzz tests: files below testdata/resp/corpus, one stream a line, with \r, \n, \\ and \xHH.</summary>
internal static class Corpus
{
    public static IReadOnlyList<byte[]> All { get; } =
    [
        .. Directory.GetFiles(Testdata.Copy("resp/corpus"), "*.txt").Order().SelectMany(File.ReadAllLines)
            .Where(line => line.Length > 0 && line[0] != '#').Select(Unescape),
    ];

    public static byte[] Unescape(string text)
    {
        MemoryStream bytes = new();
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\')
            {
                bytes.Write(Encoding.UTF8.GetBytes(text[i].ToString()));
                continue;
            }

            switch (text[++i])
            {
                case 'r':
                    bytes.WriteByte((byte)'\r');
                    break;
                case 'n':
                    bytes.WriteByte((byte)'\n');
                    break;
                case 'x':
                    bytes.WriteByte(Convert.ToByte(text.Substring(i + 1, 2), 16));
                    i += 2;
                    break;
                default:
                    bytes.WriteByte((byte)text[i]);
                    break;
            }
        }

        return bytes.ToArray();
    }
}
