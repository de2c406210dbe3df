using System.Text;

namespace RaftDb.Tests.Tidy;

/// <summary>Tells code from comments and strings, line by line as it stands: a comment becomes blanks, the content of a string becomes underscores, and what is
/// interpolated into a string stays, because it is code.</summary>
public sealed class CSharpText
{
    private readonly string _text;
    private readonly StringBuilder _code;
    private int _at;

    private CSharpText(string text)
    {
        _text = text;
        _code = new StringBuilder(text.Length);
    }

    public static string CodeOf(string text)
    {
        CSharpText scan = new(text);
        scan.Code(closing: '\0', braces: 0);
        return scan._code.ToString();
    }

    /// <summary>Copies code, until the end or, in an interpolation, until as many closing braces as opened it.</summary>
    private void Code(char closing, int braces)
    {
        int depth = 0;
        while (_at < _text.Length)
        {
            char c = _text[_at];
            if (Starts("//"))
            {
                BlankTo(IndexOrEnd("\n", _at));
            }
            else if (Starts("/*"))
            {
                int end = _text.IndexOf("*/", _at + 2, StringComparison.Ordinal);
                BlankTo(end < 0 ? _text.Length : end + 2);
            }
            else if (c == '\'')
            {
                CharacterLiteral();
            }
            else if (c is '"' or '$' or '@' && IsString(out int dollars, out bool verbatim, out int quotes))
            {
                Keep(_at + dollars + (verbatim ? 1 : 0) + quotes);
                StringContent(dollars, verbatim, quotes);
            }
            else if (depth == 0 && closing != '\0' && c == closing)
            {
                Keep(_at + braces);
                return;
            }
            else
            {
                depth += c switch { '{' => 1, '}' => -1, _ => 0 };
                Keep(_at + 1);
            }
        }
    }

    private void StringContent(int dollars, bool verbatim, int quotes)
    {
        string end = new('"', quotes);
        string hole = new('{', Math.Max(dollars, 1));
        bool raw = quotes >= 3;
        while (_at < _text.Length)
        {
            if (!raw && verbatim && Starts("\"\""))
            {
                Hide(2);
            }
            else if (!raw && !verbatim && _text[_at] == '\\')
            {
                Hide(2);
            }
            else if (Starts(end))
            {
                Keep(_at + quotes);
                return;
            }
            else if (dollars > 0 && !raw && Starts("{{"))
            {
                Hide(2);
            }
            else if (dollars > 0 && Starts(hole))
            {
                Keep(_at + hole.Length);
                Code('}', hole.Length);
            }
            else
            {
                Hide(1);
            }
        }
    }

    private void CharacterLiteral()
    {
        int length = _at + 1 < _text.Length && _text[_at + 1] == '\\' ? 3 : 2;
        int end = _text.IndexOf('\'', Math.Min(_at + length, _text.Length));
        Keep(_at + 1);
        if (end > 0 && end - _at < 12)
        {
            Hide(end - _at);
            Keep(_at + 1);
        }
    }

    private bool IsString(out int dollars, out bool verbatim, out int quotes)
    {
        int at = _at;
        (dollars, verbatim, quotes) = (0, false, 0);
        for (; at < _text.Length && _text[at] is '$' or '@'; at++)
        {
            dollars += _text[at] == '$' ? 1 : 0;
            verbatim |= _text[at] == '@';
        }

        int first = at;
        while (at < _text.Length && _text[at] == '"')
        {
            at++;
        }

        // Two quotes are an empty string, three or more begin a raw one.
        quotes = at - first;
        if (quotes == 2 || (verbatim && quotes > 1))
        {
            quotes = 1;
        }

        return quotes > 0;
    }

    private bool Starts(string what) => string.CompareOrdinal(_text, _at, what, 0, what.Length) == 0;

    private int IndexOrEnd(string what, int from)
    {
        int index = _text.IndexOf(what, from, StringComparison.Ordinal);
        return index < 0 ? _text.Length : index;
    }

    private void Keep(int to)
    {
        to = Math.Min(to, _text.Length);
        _code.Append(_text, _at, to - _at);
        _at = to;
    }

    private void BlankTo(int to) => Replace(to, ' ');

    private void Hide(int count) => Replace(_at + count, '_');

    private void Replace(int to, char by)
    {
        for (to = Math.Min(to, _text.Length); _at < to; _at++)
        {
            _code.Append(_text[_at] == '\n' ? '\n' : by);
        }
    }
}
