using RaftDb.Cli.Drills;

namespace RaftDb.Tests.Cli;

/// <summary>A drill is worth what its verifier finds: each of these plants what must be found.</summary>
internal sealed class VerifierTests
{
    private AckLedger _ledger = new(0);
    private Dictionary<ulong, IReadOnlyDictionary<string, string>> _replicas = [];

    [SetUp]
    public void Three_replicas_have_what_was_acknowledged()
    {
        _ledger = new(2);
        _replicas = [];
        for (int writer = 0; writer < 2; writer++)
        {
            for (int sequence = 0; sequence < 10; sequence++)
            {
                _ledger[writer].Record(WriteOutcome.Acknowledged, 1);
            }
        }

        for (ulong node = 1; node <= 3; node++)
        {
            Dictionary<string, string> data = [];
            for (int writer = 0; writer < 2; writer++)
            {
                for (int sequence = 0; sequence < 10; sequence++)
                {
                    data[DrillKeys.Key(writer, sequence)] = DrillKeys.Value(writer, sequence);
                }
            }

            _replicas[node] = data;
        }
    }

    [Test]
    public void Equal_and_complete_replicas_pass()
    {
        Verdict verdict = Verifier.Check(_ledger, _replicas);

        Assert.That(verdict.Failures, Is.Empty);
        Assert.That(verdict.Checked, Is.EqualTo(20));
    }

    [Test]
    public void A_write_lost_on_one_replica_is_found()
    {
        Data(2).Remove(DrillKeys.Key(1, 4));

        Verdict verdict = Verifier.Check(_ledger, _replicas);

        Assert.That(verdict.Lost, Is.EqualTo(1));
        Assert.That(verdict.Failures.Single(), Does.StartWith("LOST: w001-00000004").And.Contain("node 2"));
    }

    [Test]
    public void A_write_lost_everywhere_is_found()
    {
        foreach (ulong node in _replicas.Keys)
        {
            Data(node).Remove(DrillKeys.Key(0, 9));
        }

        Assert.That(Verifier.Check(_ledger, _replicas).Lost, Is.EqualTo(1));
    }

    [Test]
    public void A_replica_that_lost_everything_is_found()
    {
        _replicas[3] = new Dictionary<string, string>();

        Verdict verdict = Verifier.Check(_ledger, _replicas);

        Assert.That(verdict.Lost, Is.EqualTo(20));
        Assert.That(verdict.Failures, Has.Count.EqualTo(6), "five by name, then the sum");
    }

    [Test]
    public void Another_writes_value_under_a_key_is_found()
    {
        Data(1)[DrillKeys.Key(0, 3)] = DrillKeys.Value(0, 2);

        Verdict verdict = Verifier.Check(_ledger, _replicas);

        Assert.That(verdict.Lost, Is.EqualTo(1), "what was acknowledged is no longer there");
        Assert.That(verdict.Failures, Has.Some.Contains("nobody wrote"));
    }

    [Test]
    public void A_refused_write_that_is_there_is_found()
    {
        _ledger[0].Record(WriteOutcome.Refused, 1);
        Data(1)[DrillKeys.Key(0, 10)] = DrillKeys.Value(0, 10);

        Assert.That(Verifier.Check(_ledger, _replicas).Failures, Has.Some.Contains("was refused and is there"));
    }

    [Test]
    public void An_unknown_outcome_may_be_there_or_not_but_alike_on_all_replicas()
    {
        _ledger[0].Record(WriteOutcome.Unknown, 1);
        _ledger[1].Record(WriteOutcome.Unknown, 1);
        foreach (ulong node in _replicas.Keys)
        {
            Data(node)[DrillKeys.Key(0, 10)] = DrillKeys.Value(0, 10);
        }

        Verdict alike = Verifier.Check(_ledger, _replicas);
        Data(2).Remove(DrillKeys.Key(0, 10));
        Verdict differing = Verifier.Check(_ledger, _replicas);

        Assert.That(alike.Passed, Is.True);
        Assert.That((alike.UnknownPresent, alike.UnknownAbsent), Is.EqualTo((1L, 1L)));
        Assert.That(differing.Failures.Single(), Does.Contain("node 1, 3 only"));
    }

    [TestCase("w000-00000010")]
    [TestCase("w007-00000000")]
    [TestCase("w0")]
    public void A_key_that_was_never_written_is_found(string key)
    {
        Data(1)[key] = "?";

        Assert.That(Verifier.Check(_ledger, _replicas).Failures, Has.Some.Contains("was never written"));
    }

    [Test]
    public void Registers_are_not_mistaken_for_writes()
    {
        Data(1)[DrillKeys.Register(1, 5)] = "7";

        Assert.That(Verifier.Check(_ledger, _replicas).Passed, Is.True);
    }

    private Dictionary<string, string> Data(ulong node) => (Dictionary<string, string>)_replicas[node];
}
