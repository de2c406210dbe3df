namespace RaftDb.Server.Transport.Connections;

/// <summary>What is to be reported of a peer.</summary>
internal enum LossReport : byte
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The connection was lost; the process may live.</summary>
    ConnectionLost,

    /// <summary>The process that we were connected to is gone.</summary>
    ProcessGone,
}

/// <summary>Decides when a peer's process counts as gone: never by a lost connection alone, but by what the redial shows. Each loss is
/// reported as lost at most once and as gone at most once, and lost never after gone. Not thread-safe.</summary>
internal sealed class LossDetector
{
    private enum Standing
    {
        NeverSeen,
        Connected,
        Undetermined,
        Lost,
        Gone,
    }

    private Standing _standing;
    private ulong _incarnation;

    /// <summary>A connection was lost and nothing yet tells why: redial quickly.</summary>
    public bool IsUndetermined => _standing == Standing.Undetermined;

    /// <summary>There is no connection, and the process may live.</summary>
    public bool IsLost => _standing is Standing.Undetermined or Standing.Lost;

    /// <summary>A connection to a process is open. <paramref name="replaced"/>: it takes the place of one that the other side had lost.</summary>
    public LossReport Connected(ulong incarnation, bool replaced = false)
    {
        var before = _standing;
        var other = incarnation != _incarnation;
        (_standing, _incarnation) = (Standing.Connected, incarnation);
        return before switch
        {
            Standing.NeverSeen or Standing.Gone => LossReport.None,
            _ when other => LossReport.ProcessGone,
            Standing.Undetermined => LossReport.ConnectionLost,
            Standing.Connected when replaced => LossReport.ConnectionLost,
            _ => LossReport.None,
        };
    }

    /// <summary>The last connection was lost.</summary>
    public void Disconnected()
    {
        if (_standing == Standing.Connected)
        {
            _standing = Standing.Undetermined;
        }
    }

    /// <summary>A connection was lost while another is open: what was under way on it is lost, and the process lives.</summary>
    public LossReport OneOfTwoDisconnected() => _standing == Standing.Connected ? LossReport.ConnectionLost : LossReport.None;

    /// <summary>The last connection was given up for another that is about to come: nothing is lost, but a redial tells of the process as ever.</summary>
    public void Superseded()
    {
        if (_standing == Standing.Connected)
        {
            _standing = Standing.Lost;
        }
    }

    /// <summary>A redial was refused by the machine, another incarnation was seen, or the process said goodbye.</summary>
    public LossReport ProcessIsGone()
    {
        if (_standing is Standing.NeverSeen or Standing.Gone)
        {
            return LossReport.None;
        }

        _standing = Standing.Gone;
        return LossReport.ProcessGone;
    }

    /// <summary>A process answered there, though without a connection for us.</summary>
    public LossReport Seen(ulong incarnation) =>
        incarnation != _incarnation && _standing is Standing.Undetermined or Standing.Lost ? ProcessIsGone() : LossReport.None;

    /// <summary>The redial tells nothing within the time that it is given.</summary>
    public LossReport VerdictTimedOut()
    {
        if (_standing != Standing.Undetermined)
        {
            return LossReport.None;
        }

        _standing = Standing.Lost;
        return LossReport.ConnectionLost;
    }
}
