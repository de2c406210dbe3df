namespace RaftDb.Tests.DataDriven;

public sealed class DataDrivenFileTests
{
    private static readonly string[] Lines =
    [
        "# What this is for.",
        "",
        "committed cfg=(1, 2) cfgj=zero idx=(_,5)",
        "----",
        "a",
        "b",
        "",
        "",
        "simple",
        "v1 l2",
        "----",
    ];

    [Test]
    public void A_directive_has_a_command_arguments_input_and_expected_output()
    {
        var directives = DataDrivenFile.Parse("file.txt", Lines);

        Assert.That(directives, Has.Count.EqualTo(2));
        Assert.That(directives[0].Command, Is.EqualTo("committed"));
        Assert.That(directives[0].Line, Is.EqualTo(3));
        Assert.That(directives[0].Prelude, Is.EqualTo(Lines[..2]));
        Assert.That(directives[0].Values("cfg"), Is.EqualTo(new[] { "1", "2" }));
        Assert.That(directives[0].Value("cfgj"), Is.EqualTo("zero"));
        Assert.That(directives[0].Values("idx"), Is.EqualTo(new[] { "_", "5" }));
        Assert.That(directives[0].Has("votes"), Is.False);
        Assert.That(directives[0].Expected, Is.EqualTo(new[] { "a", "b" }));
        Assert.That(directives[1].Input, Is.EqualTo(new[] { "v1 l2" }));
        Assert.That(directives[1].Expected, Is.Empty);
    }

    [Test]
    public void A_directive_without_a_separator_is_refused() =>
        Assert.That(() => DataDrivenFile.Parse("file.txt", ["simple"]), Throws.InstanceOf<FormatException>());

    [Test]
    public void Unbalanced_parentheses_are_refused() =>
        Assert.That(() => DataDrivenFile.Parse("file.txt", ["vote cfg=(1", "----"]), Throws.InstanceOf<FormatException>());
}
