using System.Runtime.InteropServices;
using RaftDb.Raft;
using RaftDb.Server.Ranges;
using RaftDb.Storage;

namespace RaftDb.Server.Api.Resp.Execution;

/// <summary>What a connection has seen: a log index per range. Kept apart from the token that is made of it, for it changes with each answer and is hardly ever asked for.</summary>
internal sealed class SeenIndexes
{
    private readonly Dictionary<RangeId, LogIndex> _news = [];
    private SessionToken _token = SessionToken.Empty;

    /// <summary>As a token.</summary>
    public SessionToken Token
    {
        get
        {
            foreach ((RangeId range, LogIndex index) in _news)
            {
                _token = _token.With(range, index);
            }

            _news.Clear();
            return _token;
        }
    }

    /// <summary>An answer showed an index.</summary>
    public void Saw(RangeId range, LogIndex index)
    {
        ref LogIndex known = ref CollectionsMarshal.GetValueRefOrAddDefault(_news, range, out _);
        known = LogIndex.Max(known, index);
    }

    /// <summary>Somebody whom the client follows has seen this.</summary>
    public void Saw(SessionToken token) => _token = Token.With(token);
}
