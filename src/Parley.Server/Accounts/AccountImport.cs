namespace Parley.Server.Accounts;

/// <summary>What came of a list of accounts: stored as a whole, or its errors.</summary>
public sealed class AccountImport
{
    /// <summary>How many errors are kept to be shown.</summary>
    public const int MaxErrors = 10;

    private readonly List<AccountImportError> _errors = [];
    private readonly List<(AccountName Name, string Password)> _entries = [];

    private AccountImport()
    {
    }

    /// <summary>How many accounts were stored; 0 when there were errors.</summary>
    public int Count => ErrorCount > 0 ? 0 : _entries.Count;

    /// <summary>How many lines are wrong; when one is, nothing was stored.</summary>
    public int ErrorCount { get; private set; }

    /// <summary>The first <see cref="MaxErrors"/> of them, in the order of the lines.</summary>
    public IReadOnlyList<AccountImportError> Errors => _errors;

    internal IReadOnlyList<(AccountName Name, string Password)> Entries => _entries;

    internal static AccountImport Read(TextReader lines, string domain)
    {
        var import = new AccountImport();
        var lineOf = new Dictionary<AccountName, int>();
        int number = 0;
        while (lines.ReadLine() is { } line)
        {
            number++;
            if (line.Length == 0 || line[0] == '#') continue;
            int comma = line.IndexOf(',');
            // What a reader puts in place of bytes that are no UTF-8: nobody could log in with such a password.
            if (line.Contains('\uFFFD', StringComparison.Ordinal)) import.Refuse(number, "is not UTF-8");
            else if (comma < 0) import.Refuse(number, "has no comma: write name,password");
            else if (!AccountName.TryCreate(line[..comma], domain, out AccountName name, out string reason)) import.Refuse(number, reason);
            else if (comma + 1 == line.Length) import.Refuse(number, "has no password after the comma");
            else if (!lineOf.TryAdd(name, number)) import.Refuse(number, $"names \"{name.User}\" again, as line {lineOf[name]} did");
            else import._entries.Add((name, line[(comma + 1)..]));
        }

        return import;
    }

    private void Refuse(int line, string reason)
    {
        ErrorCount++;
        if (_errors.Count < MaxErrors) _errors.Add(new AccountImportError(line, reason));
    }
}

/// <summary>A line of a list of accounts that is wrong.</summary>
/// <param name="Line">Its number, from 1.</param>
/// <param name="Reason">What is wrong with it; never the password.</param>
public readonly record struct AccountImportError(int Line, string Reason);
