using System.Buffers.Binary;

namespace RaftDb.Storage.StateMachines.Memory;

/// <summary>Sorts the nodes of a table by key. Eight bytes of the keys at a time are compared as numbers, which stand beside each other: to compare whole keys costs two far places in memory each time, and keys often
/// begin alike.</summary>
internal static class KeySort
{
    /// <summary>Fewer nodes are not worth another number for each.</summary>
    private const int Few = 16;

    /// <summary>Bytes after which keys that were the same so far are compared as they are, however many there are.</summary>
    private const int MostAlike = 64;

    /// <summary>Puts nodes in the order of their keys.</summary>
    public static void Sort(MemTable table, Span<int> nodes) => Sort(table, nodes, new ulong[nodes.Length], 0);

    private static void Sort(MemTable table, Span<int> nodes, Span<ulong> words, int offset)
    {
        for (int i = 0; i < nodes.Length; i++)
        {
            words[i] = Word(table.Key(nodes[i])[offset..]);
        }

        words.Sort(nodes);
        for (int first = 0; first < nodes.Length;)
        {
            int end = first + 1;
            while (end < nodes.Length && words[end] == words[first])
            {
                end++;
            }

            if (end - first > 1)
            {
                SortAlike(table, nodes[first..end], words[first..end], offset + sizeof(ulong));
            }

            first = end;
        }
    }

    /// <summary>Sorts nodes whose keys are the same up to an offset, or are filled up to it with zeros.</summary>
    private static void SortAlike(MemTable table, Span<int> nodes, Span<ulong> words, int offset)
    {
        if (nodes.Length >= Few && offset < MostAlike && AreLonger(table, nodes, offset))
        {
            Sort(table, nodes, words, offset);
        }
        else
        {
            nodes.Sort((x, y) => table.Key(x).SequenceCompareTo(table.Key(y)));
        }
    }

    private static bool AreLonger(MemTable table, ReadOnlySpan<int> nodes, int length)
    {
        foreach (int node in nodes)
        {
            if (table.Key(node).Length <= length)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The first eight bytes, in an order that is that of keys.</summary>
    private static ulong Word(ReadOnlySpan<byte> key)
    {
        if (key.Length >= sizeof(ulong))
        {
            return BinaryPrimitives.ReadUInt64BigEndian(key);
        }

        Span<byte> padded = stackalloc byte[sizeof(ulong)];
        padded.Clear();
        key.CopyTo(padded);
        return BinaryPrimitives.ReadUInt64BigEndian(padded);
    }
}
