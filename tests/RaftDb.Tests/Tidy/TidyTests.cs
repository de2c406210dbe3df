namespace RaftDb.Tests.Tidy;

/// <summary>Keeps the repository as docs/architecture.md says it is. Each failure names file and line and says what to do.</summary>
public sealed class TidyTests
{
    [Test]
    public void The_consensus_core_is_pure() => Holds(Repository.Texts.SelectMany(PureCoreRule.Check));

    [Test]
    public void Projects_refer_to_each_other_as_designed()
    {
        Assert.That(ProjectArrowsRule.Projects, Is.SubsetOf(Repository.Paths));
        Holds(Repository.Texts.SelectMany(ProjectArrowsRule.Check));
    }

    [Test]
    public void Folders_of_the_server_call_down_only() => Holds(ServerLayersRule.Check(Repository.Texts));

    [Test]
    public void What_documents_name_exists()
    {
        SourceFile[] documents = [.. Repository.Texts.Where(DocumentPathsRule.IsDocument)];
        Assert.That(documents, Is.Not.Empty);
        Holds(documents.SelectMany(document => DocumentPathsRule.Check(document, Repository.Exists, Repository.Paths)));
    }

    [Test]
    public void Tests_that_documents_name_exist()
    {
        SourceFile[] tests = [.. Repository.Texts.Where(file => file.IsBelow("tests") && file.HasExtension(".cs"))];
        Holds(Repository.Texts.Where(DocumentPathsRule.IsDocument).SelectMany(document => DocumentTestNamesRule.Check(document, tests)));
    }

    [Test]
    public void No_file_is_too_long() => Holds(Repository.Texts.SelectMany(FileLengthRule.Check));

    [Test]
    public void Nothing_half_done_is_left() => Holds(Repository.Texts.SelectMany(LeftoversRule.Check));

    [Test]
    public void Nothing_tells_of_the_machine_it_was_written_on() => Holds(Repository.Texts.SelectMany(MachineTracesRule.Check));

    [Test]
    public void Files_are_named_like_a_type_in_them() => Holds(Repository.Texts.SelectMany(FileNameRule.Check));

    [Test]
    public void What_files_use_stands_in_order() => Holds(Repository.Texts.SelectMany(UsingOrderRule.Check));

    private static void Holds(IEnumerable<Finding> findings)
    {
        List<Finding> all = [.. findings.Distinct()];
        Assert.That(all.Count == 0, string.Join(Environment.NewLine, all));
    }
}
