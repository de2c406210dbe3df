using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Commands;
using RaftDb.Storage.StateMachines.Sessions;

namespace RaftDb.Tests.Storage.StateMachines.Sessions;

/// <summary>Clients that write in sessions, repeat requests out of order and long after, use sequences for other requests by mistake, and leave their sessions to expire. Between them come
/// commands without a session. The same seed gives the same commands.</summary>
internal sealed class RandomSessions(int seed)
{
    private readonly RandomCommands _plain = new(seed);
    private readonly Random _random = new(seed);
    private readonly Client[] _clients = [.. Enumerable.Range(0, 4).Select(i => new Client(new SessionId((UInt128)(ulong)i << 8)))];
    private long _time = SessionFixture.Start;
    private ulong _minted;

    public int Below(int bound) => _random.Next(bound);

    public Command Next()
    {
        _time += _random.Next(100) == 0 ? _random.Next(120_000) : _random.Next(800);
        HybridTimestamp time = HybridTimestamp.Of(_time, 0);
        switch (_random.Next(12))
        {
            case 0:
                return new ExpireSessionsCommand(time, 1, 60_000, 1 + _random.Next(3));
            case 1 or 2:
                return _plain.Next() switch
                {
                    TransactionCommand plain => plain with { Time = time },
                    ExpireCommand expire => expire with { Time = time },
                    Command other => other,
                };
        }

        Client client = _clients[_random.Next(_clients.Length)];
        if (_random.Next(60) == 0)
        {
            client.Begin(SessionId.Mint(time, ++_minted << 2));
        }

        return client.Next(_random, _plain) with { Time = time };
    }

    private sealed class Client(SessionId session)
    {
        private readonly List<TransactionCommand> _sent = [];
        private SessionId _session = session;
        private ulong _sequence;
        private ulong _acknowledged = 1;

        public void Begin(SessionId session)
        {
            // Now and then the old one is repeated in still.
            _session = session;
            _sequence = 0;
            _acknowledged = 1;
        }

        public TransactionCommand Next(Random random, RandomCommands plain)
        {
            if (_sent.Count > 0 && random.Next(3) == 0)
            {
                return _sent[random.Next(Math.Max(0, _sent.Count - 100), _sent.Count)];
            }

            TransactionCommand? request = null;
            while (request is null)
            {
                request = plain.Next() as TransactionCommand;
            }

            if (random.Next(30) == 0 && _sequence > 0)
            {
                return request with { Session = new(_session, (ulong)random.NextInt64(1, (long)_sequence + 1), 0) };
            }

            _sequence += (ulong)random.Next(1, 3);
            _acknowledged = Math.Min(_sequence, _acknowledged + (ulong)random.Next(4));
            request = request with { Session = new(_session, _sequence, _acknowledged, (uint)random.Next(2)) };
            _sent.Add(request);
            return request;
        }
    }
}
