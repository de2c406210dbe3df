using RaftDb.Storage.Binlog.Format;
using RaftDb.Storage.Binlog.Recovery;

namespace RaftDb.Tests.Storage.Binlog;

/// <summary>What stands at the end of the last segment.</summary>
internal sealed class TailSurveyTests
{
    private const uint End = 53_248;

    [Test]
    public void A_far_mark_of_earlier_that_the_log_has_grown_up_to_says_neither_where_the_log_begins_nor_that_it_was_closed()
    {
        TailSurvey survey = Grown();
        survey.Batch(new(8, End), new BatchHeader(446, new(8, 52_904), 5, 0, Closed: true), intact: true);
        uint end = survey.FindEnd(8, End);
        Assert.That((end, survey.FirstSegmentAt(end), survey.MarkAt(end)), Is.EqualTo((End, (uint?)8, (BatchHeader?)null)));
    }

    [Test]
    public void The_mark_behind_the_last_batch_counts()
    {
        TailSurvey survey = Grown();
        BatchHeader mark = new(449, new(8, End), 8, 0, Closed: true);
        survey.Batch(new(8, End), mark, intact: true);
        Assert.That((survey.FirstSegmentAt(End), survey.MarkAt(End)), Is.EqualTo(((uint?)8, (BatchHeader?)mark)));
    }

    /// <summary>Three batches, while the segments before the eighth were given up; the last one ends at the border of a block.</summary>
    private static TailSurvey Grown()
    {
        TailSurvey survey = new();
        survey.Batch(new(8, 52_904), new BatchHeader(446, new(8, 52_904), 7, 72, Closed: false), intact: true);
        survey.Batch(new(8, 53_024), new BatchHeader(447, new(8, 53_024), 8, 80, Closed: false), intact: true);
        survey.Batch(new(8, 53_152), new BatchHeader(448, new(8, 53_152), 8, 48, Closed: false), intact: true);
        return survey;
    }
}
