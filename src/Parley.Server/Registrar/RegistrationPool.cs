namespace Parley.Server.Registrar;

/// <summary>A lane's registrations that are used again and again.</summary>
internal sealed class RegistrationPool
{
    private const int Kept = 1024;

    private readonly Stack<Registration> _free = new();

    /// <summary>Writes the answers.</summary>
    public RegisterReplyWriter Replies { get; } = new();

    /// <summary>Registrations that are being worked on.</summary>
    public int Outstanding { get; private set; }

    /// <summary>Takes one.</summary>
    public Registration Rent()
    {
        Outstanding++;
        return _free.TryPop(out Registration? registration) ? registration : new Registration(this);
    }

    /// <summary>Gives one back.</summary>
    public void Return(Registration registration)
    {
        Outstanding--;
        if (_free.Count < Kept) _free.Push(registration);
    }
}
