using RaftDb.Server.Transport.Wire;

namespace RaftDb.Server.Transport.Connections;

/// <summary>The open links to one peer: usually one; two for a moment when both sides dialled. Changed under the peer's lock only; <see cref="Current"/> may be read
/// at any time.</summary>
/// <param name="decides">Whether this side decides which of two links is kept: the one with the greater node id does. It ends the link that it dialled itself with
/// a last word, after which everything on it has arrived, so nothing is lost. Only this side can tell a race (it has both links) from a link that it has lost
/// (it would not have dialled otherwise). The other side meanwhile sends on the newest link, which is certainly alive.</param>
internal sealed class LinkSet(bool decides)
{
    private readonly List<PeerLink> _links = [];
    private PeerLink? _current;

    /// <summary>The link that is sent on.</summary>
    public PeerLink? Current => Volatile.Read(ref _current);

    /// <summary>All links, those included that are ending.</summary>
    public PeerLink[] All => [.. _links];

    /// <summary>Whether the link is still one of these.</summary>
    public bool Contains(PeerLink link) => _links.Contains(link);

    /// <summary>Takes a new link; false when one that is here is kept instead. What it takes the place of is added to <paramref name="discarded"/>, with the
    /// reason.</summary>
    public bool Admit(PeerLink link, List<(PeerLink Link, string Why)> discarded)
    {
        if (decides && link.DialledByUs && _links.Exists(old => !old.DialledByUs && IsSameProcess(old, link)))
        {
            return false;
        }

        foreach (var old in All)
        {
            if (!IsSameProcess(old, link))
            {
                Discard(old, "another process of this node id took its place", discarded);
            }
            else if (old.DialledByUs == link.DialledByUs)
            {
                // Its dialler had none when it dialled again, so the old one is dead, whatever this side can see.
                Discard(old, "the other side dialled again", discarded);
            }
            else if (decides)
            {
                old.Retire(FrameKind.Superseded);
            }
        }

        _links.Add(link);
        Volatile.Write(ref _current, link);
        return true;
    }

    /// <summary>The other side gave up a link for another: what is sent from now on goes there. False when that one is still to come.</summary>
    public bool GiveWay(PeerLink link)
    {
        if (_current == link)
        {
            Volatile.Write(ref _current, _links.FindLast(other => other != link && !other.IsRetired));
        }

        link.Retire(FrameKind.Superseded);
        return _current is not null;
    }

    /// <summary>A link is closed. False when it was not one of these any more.</summary>
    public bool Remove(PeerLink link)
    {
        if (!_links.Remove(link))
        {
            return false;
        }

        if (_current == link)
        {
            Volatile.Write(ref _current, _links.FindLast(other => !other.IsRetired));
        }

        return true;
    }

    private void Discard(PeerLink link, string why, List<(PeerLink Link, string Why)> discarded)
    {
        Remove(link);
        discarded.Add((link, why));
    }

    private static bool IsSameProcess(PeerLink a, PeerLink b) => a.Remote.Incarnation == b.Remote.Incarnation;
}
