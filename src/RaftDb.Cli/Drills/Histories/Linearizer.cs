using System.Runtime.InteropServices;

namespace RaftDb.Cli.Drills.Histories;

/// <summary>
/// Looks for an order of one key's operations that fits all answers and times: Wing and Gong's search ("Testing and Verifying Concurrent
/// Objects", 1993) with Lowe's memory of situations seen ("Testing for Linearizability", 2017), without recursion. What was answered must
/// be in the order, within its time; open writes may be, any time after they were sent. Three rules keep it small, and none of them can
/// lose an order: what changes nothing is put in as soon as it fits; of open writes that do the same only the earliest is tried; a value
/// does not go while somebody has yet to read it.
/// </summary>
/// <param name="plan">The key's history.</param>
/// <param name="limits">When to give up.</param>
/// <param name="looksAhead">
/// Whether the search turns back where it sees that something later can't fit. Without, it goes on as far as it can: slower, but what it
/// stops at is what people should look at.
/// </param>
internal sealed class Linearizer(KeyPlan plan, SearchLimits limits, bool looksAhead = true)
{
    private readonly PendingOperations _pending = new(plan);
    private readonly SeenStates _seen = new(limits.MaxBytes);
    private readonly List<Frame> _frames = [];
    private readonly List<Step> _steps = [];
    private long _taken;
    private int _lastReachable;

    /// <summary>When no order was found: the longest that fits, as <see cref="PendingOperations.Order"/> tells it.</summary>
    public IReadOnlyList<int> Longest { get; private set; } = [];

    private readonly record struct Step(int Operation, RegisterState Next);

    /// <summary>A situation with choices: which of its steps come next, and how long the order was.</summary>
    private record struct Frame(int Next, int End, int Length);

    public HistoryVerdict Run()
    {
        int longest = -1;
        if (Enter(RegisterState.Absent))
        {
            return HistoryVerdict.Linearizable;
        }

        while (_frames.Count > 0)
        {
            // 1. The latest situation that has a choice left. One that has none is given up.
            Frame frame = _frames[^1];
            if (frame.Next == frame.End)
            {
                int answered = plan.Answered.Count - _pending.Left;
                if (answered > longest)
                {
                    longest = answered;
                    Longest = [.. _pending.Order];
                }

                Leave();
                continue;
            }

            if (_taken > limits.MaxSteps || _seen.IsFull)
            {
                return HistoryVerdict.Undecided;
            }

            // 2. Its next step, unless that leads to where the search has been.
            _frames[^1] = frame with { Next = frame.Next + 1 };
            bool choice = frame.End - StartOf(_frames.Count - 1) > 1;
            Step step = _steps[frame.Next];
            _pending.BackTo(frame.Length);
            _pending.Take(step.Operation);
            _taken++;
            if (choice && !_seen.Add(_pending.Situation(step.Next, _lastReachable)))
            {
                _pending.BackTo(frame.Length);
                continue;
            }

            // 3. On from there.
            if (Enter(step.Next))
            {
                return HistoryVerdict.Linearizable;
            }
        }

        return HistoryVerdict.NotLinearizable;
    }

    private int StartOf(int frame) => frame == 0 ? 0 : _frames[frame - 1].End;

    private void Leave()
    {
        _frames.RemoveAt(_frames.Count - 1);
        _steps.RemoveRange(StartOf(_frames.Count), _steps.Count - StartOf(_frames.Count));
        _pending.BackTo(_frames.Count == 0 ? 0 : _frames[^1].Length);
    }

    /// <summary>Puts in what changes nothing, and collects the steps that lead on. True when everything answered is in.</summary>
    private bool Enter(RegisterState state)
    {
        long limit = Settle(state, out bool dead);
        if (_pending.Left == 0)
        {
            return true;
        }

        int start = _steps.Count;
        if (!looksAhead || (!dead && _pending.MayGo(state)))
        {
            Collect(state, limit);
        }

        _frames.Add(new(start, _steps.Count, _pending.Order.Count));
        return false;
    }

    /// <summary>Puts in what changes nothing, as long as something fits.</summary>
    /// <returns>The time until which something must take effect next.</returns>
    private long Settle(RegisterState state, out bool dead)
    {
        while (true)
        {
            long limit = long.MaxValue;
            bool settled = false;
            dead = false;
            for (int i = _pending.First; i != _pending.End && plan.Answered[i].Earliest <= limit; i = _pending.After(i))
            {
                AnsweredOperation one = plan.Answered[i];
                limit = Math.Min(limit, one.Latest);
                _lastReachable = Math.Max(_lastReachable, i);
                if (one.IsWithoutEffect && _pending.IsReady(one) && RegisterModel.Fits(one.Operation, one.Argument, one.Value, state, out _))
                {
                    _pending.Take(i);
                    _taken++;
                    settled = true;
                }
                else
                {
                    dead |= IsPast(one, state);
                }
            }

            if (!settled || (dead && looksAhead))
            {
                return limit;
            }
        }
    }

    /// <summary>Whether the operation can't fit any more, whatever comes.</summary>
    private bool IsPast(AnsweredOperation one, RegisterState state)
    {
        bool changes = !one.IsWithoutEffect;
        if (plan.VersionsOnlyGrow && one.Operation.Version is { } version && (changes ? version <= state.Version : version < state.Version))
        {
            return true;
        }

        return plan.SumsOnlyGrow && (one.Operation.Kind == OperationKind.Read || one.Value is not null)
            && (changes ? one.Value <= state.Value : (one.Value ?? 0) < state.Value);
    }

    private void Collect(RegisterState state, long limit)
    {
        // Open writes last: mostly the answered ones lead on by themselves. The last step collected is tried last.
        int start = _steps.Count;
        ulong first = ulong.MaxValue;
        for (int i = _pending.First; i != _pending.End && plan.Answered[i].Earliest <= limit; i = _pending.After(i))
        {
            AnsweredOperation one = plan.Answered[i];
            if (one.IsWithoutEffect)
            {
                continue;
            }

            first = Math.Min(first, one.Operation.Place ?? ulong.MaxValue);
            if (RegisterModel.Fits(one.Operation, one.Argument, one.Value, state, out RegisterState next))
            {
                _steps.Add(new(i, Plain(next)));
            }
        }

        for (int ofClass = 0; ofClass < plan.Open.Classes; ofClass++)
        {
            if (_pending.NextOpen(ofClass) is { } write && plan.Open[write].Invoked <= limit)
            {
                Operation operation = plan.Open[write];
                RegisterState next = Plain(RegisterModel.Effect(operation.Kind, plan.Open.Arguments[write], operation.Expected, state));
                if (next != state)
                {
                    _steps.Add(new(~write, next));
                }
            }
        }

        if (first != ulong.MaxValue)
        {
            InLikelyOrder(start, first);
        }
    }

    /// <summary>What comes first by its place is tried first. When that is not among the steps, something has to come before it of which nobody knows the place.</summary>
    private void InLikelyOrder(int start, ulong first)
    {
        Span<Step> steps = CollectionsMarshal.AsSpan(_steps)[start..];
        for (int i = 1; i < steps.Length; i++)
        {
            Step step = steps[i];
            (int, ulong) key = Likely(step, first);
            int hole = i;
            while (hole > 0 && key.CompareTo(Likely(steps[hole - 1], first)) < 0)
            {
                steps[hole] = steps[hole - 1];
                hole--;
            }

            steps[hole] = step;
        }
    }

    private (int Class, ulong Place) Likely(Step step, ulong first) =>
        (step.Operation >= 0 ? plan.Answered[step.Operation].Operation.Place : plan.Open[~step.Operation].Place) is { } place ? (place <= first ? 0 : 2, place) : (1, 0);

    private RegisterState Plain(RegisterState state) => plan.VersionsMatter || state.Version <= 1 ? state : state with { Version = 1 };
}
