using RaftDb.Storage.StateMachines.Memory;

namespace RaftDb.Tests.Storage.StateMachines.Memory;

/// <summary>With rests that would outlast the test: where one is taken, only a hurry ends it.</summary>
[CancelAfter(60_000)]
public class WriterPaceTests
{
    private static WriterPace Pace => new(restAhead: 1e12, longest: TimeSpan.FromHours(1));

    [Test]
    public async Task A_hurry_ends_the_rest_that_is_under_way(CancellationToken cancel)
    {
        WriterPace pace = Pace;
        pace.Begin();
        Task resting = Task.Run(() => pace.Rest(0.5, 0.1), cancel);
        while (!resting.IsCompleted)
        {
            cancel.ThrowIfCancellationRequested();
            pace.Hurry(() => { });
        }

        await resting;
    }

    [Test]
    public async Task Nobody_rests_while_somebody_waits(CancellationToken cancel)
    {
        WriterPace pace = Pace;
        pace.Begin();
        await Task.Run(() => pace.Hurry(() => pace.Rest(0.5, 0.1)), cancel).WaitAsync(cancel);
    }

    [Test]
    public async Task Nobody_rests_once_a_layer_is_more_than_half_full(CancellationToken cancel)
    {
        WriterPace pace = Pace;
        pace.Begin();
        await Task.Run(() => pace.Rest(0.9, 0.6), cancel).WaitAsync(cancel);
    }
}
