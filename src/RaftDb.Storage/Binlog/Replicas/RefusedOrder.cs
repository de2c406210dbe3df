namespace RaftDb.Storage.Binlog.Replicas;

/// <summary>Which writes of a replica were refused for lack of room and have to come again, in their order, before any other. The writer thread's.</summary>
internal sealed class RefusedOrder
{
    /// <summary>The first refused write that has not come again; 0 = none.</summary>
    private long _first;

    /// <summary>The last one that was refused.</summary>
    private long _last;

    /// <summary>Whether an earlier one has to come first. Writes that are not counted (0) are never out of turn.</summary>
    public bool IsOutOfTurn(long order) => _first != 0 && order > _first;

    public void Refused(long order)
    {
        if (order != 0)
        {
            _first = _first == 0 ? order : Math.Min(_first, order);
            _last = Math.Max(_last, order);
        }
    }

    /// <summary>It came in its turn and found room.</summary>
    public void Taken(long order)
    {
        if (order != 0 && order == _first)
        {
            _first = order < _last ? order + 1 : 0;
        }
    }
}
