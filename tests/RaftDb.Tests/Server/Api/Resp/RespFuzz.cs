namespace RaftDb.Tests.Server.Api.Resp;

/// <summary>Random streams: some of the corpus, one after the other, with bytes changed, left out, doubled or put in.</summary>
internal static class RespFuzz
{
    private static readonly byte[] Telling = [.. "*$+-:%~_,#!=(\r\n\"'\\ 0129x"u8, 0, 0xff];

    public static byte[] Stream(Random random)
    {
        List<byte> stream = [];
        for (int parts = random.Next(1, 4); parts > 0; parts--)
        {
            stream.AddRange(Corpus.All[random.Next(Corpus.All.Count)]);
        }

        for (int changes = random.Next(0, 4); changes > 0; changes--)
        {
            int at = random.Next(stream.Count);
            switch (random.Next(5))
            {
                case 0:
                    stream[at] = Telling[random.Next(Telling.Length)];
                    break;
                case 1:
                    stream.Insert(at, Telling[random.Next(Telling.Length)]);
                    break;
                case 2 when stream.Count > 1:
                    stream.RemoveAt(at);
                    break;
                case 3:
                    stream.RemoveRange(at, stream.Count - at);
                    stream.Add((byte)random.Next(256));
                    break;
                default:
                    stream[at] = (byte)random.Next(256);
                    break;
            }
        }

        return [.. stream];
    }
}
