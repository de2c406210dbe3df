using RaftDb.Storage.StateMachines.Sessions;

namespace RaftDb.Simulation.States;

/// <summary>The sessions' part of a version's bytes.</summary>
internal static class SessionStream
{
    public static void Write(BinaryWriter writer, SimSessions sessions)
    {
        if (Raft.Mutants.SessionTableMissingFromSnapshot)
        {
            sessions = SimSessions.None;
        }

        writer.Write(sessions.Rows.Count);
        foreach ((UInt128 id, SessionRow row) in sessions.Rows)
        {
            Write(writer, id);
            writer.Write((byte)row.State);
            writer.Write(row.Time);
            writer.Write(row.Mark);
        }

        writer.Write(sessions.Results.Count);
        foreach (((UInt128 session, ulong sequence, uint part), KeptResult kept) in sessions.Results)
        {
            Write(writer, session);
            writer.Write(sequence);
            writer.Write(part);
            writer.Write(kept.Hash.Length);
            writer.Write(kept.Hash);
            writer.Write(kept.Result.Length);
            writer.Write(kept.Result);
        }
    }

    public static SimSessions Read(BinaryReader reader)
    {
        SimSessions sessions = SimSessions.None;
        for (int count = reader.ReadInt32(); count > 0; count--)
        {
            sessions = sessions.With(ReadId(reader), new SessionRow((SessionState)reader.ReadByte(), reader.ReadInt64(), reader.ReadUInt64()));
        }

        for (int count = reader.ReadInt32(); count > 0; count--)
        {
            (UInt128, ulong, uint) place = (ReadId(reader), reader.ReadUInt64(), reader.ReadUInt32());
            sessions = sessions.With(place, new KeptResult(reader.ReadBytes(reader.ReadInt32()), reader.ReadBytes(reader.ReadInt32())));
        }

        return sessions;
    }

    private static void Write(BinaryWriter writer, UInt128 id)
    {
        writer.Write((ulong)(id >> 64));
        writer.Write((ulong)id);
    }

    private static UInt128 ReadId(BinaryReader reader) => new(reader.ReadUInt64(), reader.ReadUInt64());
}
