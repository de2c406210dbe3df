using RaftDb.Server.Transport;
using RaftDb.Storage;
using RaftDb.Storage.Binlog;

namespace RaftDb.Server.Replicas;

/// <summary>What all replicas of one loop want written and sent in one pass, so that many ranges share a sync and a frame. Owned by the loop.</summary>
internal sealed class PassOutput
{
    private readonly List<BinlogWrite> _writes = [];
    private readonly SortedDictionary<NodeId, List<RangeMessage>> _messages = [];

    public void Write(BinlogWrite write) => _writes.Add(write);

    public void Send(NodeId to, RangeMessage message)
    {
        if (!_messages.TryGetValue(to, out List<RangeMessage>? list))
        {
            _messages.Add(to, list = []);
        }

        list.Add(message);
    }

    /// <summary>Hands everything over: the writes first, so that the disk works while the messages are encoded.</summary>
    public void Flush(NodeBinlog binlog, ITransport transport)
    {
        if (_writes.Count > 0)
        {
            binlog.Append(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_writes));
            _writes.Clear();
        }

        foreach ((NodeId to, List<RangeMessage> messages) in _messages)
        {
            if (messages.Count > 0)
            {
                transport.Send(to, messages);
            }
        }

        // The transport keeps the lists.
        _messages.Clear();
    }
}
