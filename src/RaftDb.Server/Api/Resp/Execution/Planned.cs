using RaftDb.Server.Api.Resp.Commands;

namespace RaftDb.Server.Api.Resp.Execution;

/// <summary>Where one item or key of a command is found: in which group, and the how manieth there.</summary>
internal readonly record struct Slot(int Group, int Place);

/// <summary>A command of a run: its slots, or why it is not done.</summary>
internal readonly record struct Planned(DataCommand Command, int FirstSlot, int Slots, string? Refusal);
