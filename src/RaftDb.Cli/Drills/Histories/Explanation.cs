using System.Globalization;
using System.Text;

namespace RaftDb.Cli.Drills.Histories;

/// <summary>Says why a key's history has no good order: the longest that fits, and what would have to come next and does not fit.</summary>
internal static class Explanation
{
    private const int Last = 8;
    private const int AtMost = 16;

    /// <summary>Enough to go far; a longer order might still be found, which only makes the explanation better.</summary>
    private static readonly SearchLimits Limits = new() { MaxSteps = 100_000, MaxBytes = 64 << 20 };

    public static string Of(string key, ReadPromise broken, KeyPlan plan)
    {
        Linearizer search = new(plan, Limits, looksAhead: false);
        search.Run();
        IReadOnlyList<int> longest = search.Longest;
        StringBuilder text = new();
        int answered = longest.Count(one => one >= 0);
        text.Append(CultureInfo.InvariantCulture, $"{key}: {Promise(broken)}. The longest order that fits has {answered} of {plan.Answered.Count} answered operations");
        text.AppendLine(longest.Count > Last ? $"; its last {Last}:" : ":");

        // 1. How far it goes.
        List<(Operation Operation, RegisterState State)> told = Replay(plan, longest);
        foreach ((Operation operation, RegisterState state) in told.TakeLast(Last))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  {Times(operation)} {operation}; then the key is {State(state, plan)}");
        }

        // 2. What must take effect before anything that began later, and can't.
        HashSet<int> done = [.. longest];
        long limit = plan.Answered.Where((_, i) => !done.Contains(i)).Min(one => one.Latest);
        RegisterState last = told.Count == 0 ? RegisterState.Absent : told[^1].State;
        text.AppendLine(CultureInfo.InvariantCulture, $"Now the key is {State(last, plan)}, and none of these can be next (or all that can lead nowhere):");
        List<Operation> next = [.. plan.Answered.Where((one, i) => !done.Contains(i) && one.Earliest <= limit).Select(one => one.Operation)];
        foreach (Operation operation in next.Take(AtMost))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  {Times(operation)} {operation}");
        }

        // 3. What might have come between.
        List<Operation> open = [.. Enumerable.Range(0, plan.Open.Count).Where(write => !done.Contains(~write) && plan.Open[write].Invoked <= limit).Select(write => plan.Open[write])];
        foreach (Operation operation in open.Take(AtMost))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  {Times(operation)} {operation}");
        }

        int more = Math.Max(0, next.Count - AtMost) + Math.Max(0, open.Count - AtMost);
        if (more > 0)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  and {more} more");
        }

        return text.ToString();
    }

    public static string Times(Operation operation) =>
        operation.Responded == Operation.Open
            ? string.Create(CultureInfo.InvariantCulture, $"[{operation.Invoked}, open]")
            : string.Create(CultureInfo.InvariantCulture, $"[{operation.Invoked}, {operation.Responded}]");

    private static string Promise(ReadPromise broken) => broken switch
    {
        ReadPromise.Linearizable => "not linearizable",
        ReadPromise.Bounded => "a bounded read was staler than it may be",
        ReadPromise.Session => "a session read went back behind what its client was told",
        _ => "an eventual read returned a state that there never was",
    };

    private static List<(Operation Operation, RegisterState State)> Replay(KeyPlan plan, IReadOnlyList<int> order)
    {
        RegisterState state = RegisterState.Absent;
        List<(Operation, RegisterState)> told = [];
        foreach (int one in order)
        {
            Operation operation = one >= 0 ? plan.Answered[one].Operation : plan.Open[~one];
            state = RegisterModel.Effect(operation.Kind, operation.Argument, operation.Expected, state);
            told.Add((operation, state));
        }

        return told;
    }

    private static string State(RegisterState state, KeyPlan plan)
    {
        if (!state.Exists)
        {
            return "absent";
        }

        // Where nobody told versions, they would only confuse.
        string value = state.Value.ToString(CultureInfo.InvariantCulture);
        return plan.VersionsMatter ? string.Create(CultureInfo.InvariantCulture, $"{value} (version {state.Version})") : value;
    }
}
